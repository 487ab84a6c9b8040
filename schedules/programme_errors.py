"""What can be wrong with rules, schedules, their changes, policy and reports: codes with their English sentences."""

PROGRAMME: dict[str, str] = {
    "schedules.airing_gone": (
        "There is no airing of this schedule at {time} any more. Nothing was changed. Look at the programme again."
    ),
    "schedules.announcement_untitled": "There is no announcement here that is called “{title}”. Nothing was made.",
    "schedules.area_wrong": "An area has 3 to {limit} different corners. Nothing was changed. Draw it again.",
    "schedules.branches_wrong": "Choose at least one of the twelve days Tý, Sửu, Dần … Hợi.",
    "schedules.bulk_count": "Choose 1 to {limit} schedules. Nothing was changed.",
    "schedules.bulk_days": "Call off between 1 and {limit} days, the last not before the first. Nothing was changed.",
    "schedules.bulk_midnight": (
        "{time} would move past midnight, to another day. Nothing was changed. Move it by less, or write its rule anew."
    ),
    "schedules.bulk_refused": (
        "{refused} of {count} schedules cannot be changed like this, first {id}. Nothing was changed. "
        "Look at each, or leave it out."
    ),
    "schedules.bulk_shift": "Move by at most {limit} minutes. Nothing was changed.",
    "schedules.bulk_wrong": (
        "Say one thing: another time, volume, audience or announcement, or call off, or end. Nothing was changed."
    ),
    "schedules.calendar_mostly_wrong": (
        "More than {limit} events of this file cannot be taken, so it was put aside. Nothing was changed. "
        "Look at how it was made."
    ),
    "schedules.calendar_too_large": "The file is larger than {limit_kib} KiB. Nothing was taken. Export fewer events.",
    "schedules.calendar_too_many": "The file has more than {limit} events. Nothing was taken. Export fewer.",
    "schedules.calendar_unreadable": "This is not an iCalendar file, or it is damaged ({part}). Nothing was taken.",
    "schedules.clash_gone": (
        "These two do not meet any more, or one of them has begun. Nothing was changed. Look at the clashes again."
    ),
    "schedules.copy_empty": (
        "Nothing of these days would be heard again: it is there already, past, or put away. Nothing was changed."
    ),
    "schedules.copy_wrong": (
        "Copy at most {days} days and {limit} airings to other days, and at least one airing. Nothing was copied."
    ),
    "schedules.day_wrong": "“{day}” is not a day such as 2026-09-02, or a time of it such as 2026-09-02T05:00.",
    "schedules.days_count": "Too many single days, or none at all. The limit is {limit}. Nothing was changed.",
    "schedules.days_reversed": "The last day ({last_day}) is before the first day ({first_day}).",
    "schedules.decision_wrong": (
        "A decision names who took it, and which of the two gives way; “{plan}” is neither. Nothing was changed."
    ),
    "schedules.draft_archived": "“{title}” was put away and cannot be heard. Choose another announcement.",
    "schedules.draft_clash": (
        "“{title}” at {time} meets “{other}” at {other_time}, and both are priority. Move one of them."
    ),
    "schedules.draft_closed": "This draft is {state} and cannot be changed any more. Nothing was changed.",
    "schedules.draft_days": "Choose at least one day of the week. Nothing was changed.",
    "schedules.draft_empty": "This draft changes nothing, so there is nothing to publish. Nothing was changed.",
    "schedules.draft_name": "A draft is called something of 1 to {limit} characters. Nothing was made.",
    "schedules.draft_not_approved": "“{title}” is not approved. Have it approved first, or take it out.",
    "schedules.draft_not_ready": (
        "{count} things keep this draft from being published, first: {first}. Nothing was changed. Look at each."
    ),
    "schedules.draft_outside_week": (
        "{day} lies outside the week of this draft. Nothing was changed. Choose a day of the week."
    ),
    "schedules.draft_silent": "“{title}” has no sound. Add one first, or take it out.",
    "schedules.draft_unknown": "There is no draft with the id {id}.",
    "schedules.draft_week": (
        "Draft this week or one of the next {days} days; what is past cannot be drafted. Nothing was made."
    ),
    "schedules.draft_wrong": ("A draft changes each schedule once, and at most {limit} of them. Nothing was changed."),
    "schedules.drafts_count": "{limit} drafts are open here. Nothing was made. Publish or discard one of them first.",
    "schedules.edit_meets_itself": (
        "The same announcement is already heard at {time}. Nothing was changed. Choose another time."
    ),
    "schedules.edit_not_of_rule": (
        "{time} is no time of day this schedule names, so it cannot be moved for several airings. Nothing was changed. "
        "Change this airing alone, or write the rule anew."
    ),
    "schedules.edit_wrong": (
        "Change a day for one airing, a rule for several, or call off, one at a time. Nothing was changed."
    ),
    "schedules.event_seconds": "It begins at {time}. Loa plans in whole minutes. The event was not taken.",
    "schedules.event_start_apart": (
        "Its start ({start}) is not one of the times of its own rule, so what it means is undefined. "
        "The event was not taken. Move its start onto the rule."
    ),
    "schedules.event_unreadable": (
        "Its part {part} is damaged, or of a kind Loa does not take. The event was not taken."
    ),
    "schedules.event_without_time": (
        "It lasts all day and has no time at which to play. The event was not taken. Give it a time."
    ),
    "schedules.every_wrong": "A market is held every 1 to {limit} days.",
    "schedules.holiday_name": "Say in 1 to {limit} characters what is celebrated, or why the day is no holiday here.",
    "schedules.holidays_wrong": "A day can be corrected only once, and at most {limit} days. Nothing was changed.",
    "schedules.hours_full": (
        "{time} is outside the permitted hours {rule} ({source}), and inside them no time of this day or those beside "
        "it is free. Nothing was planned. Shorten it, or take something else out."
    ),
    "schedules.in_the_past": "{time} is already past. Nothing was planned. Choose a later time.",
    "schedules.log_cursor_wrong": "This page of the log begins nowhere. Nothing is lost. Begin at the first page.",
    "schedules.lunar_wrong": "“{date}” is not a lunar day such as 15, or a lunar date such as 15/8 (day/month).",
    "schedules.moved_too_far": (
        "One airing can be moved by at most {limit} days. Nothing was changed. Choose a nearer day."
    ),
    "schedules.no_time_permitted": (
        "This makes {figure}; {rule} ({source}) permits {limit}, and no time of this day or those beside it is free. "
        "Nothing was planned. Shorten it, or take something else out."
    ),
    "schedules.option_gone": (
        "This can no longer be done about the two that meet. Nothing was changed. Look at what can be done now."
    ),
    "schedules.option_once": (
        "It would be moved to another day, which can only be done for one day at a time. Nothing was changed."
    ),
    "schedules.outside_hours": (
        "{time} is outside the permitted hours {rule} ({source}): the whole airing must lie inside them. "
        "Nothing was planned. The nearest permitted time is {nearest}."
    ),
    "schedules.pause_over": "This pause is over. Nothing was changed.",
    "schedules.pause_reversed": "The pause would end ({end}) before it begins ({start}). Nothing was changed.",
    "schedules.pause_too_far": (
        "A pause ends within {limit} days from now. Nothing was changed. Make it when the time is nearer."
    ),
    "schedules.pause_too_long": (
        "A pause lasts at most {limit} days. Nothing was changed. For longer, take the village out of the schedules."
    ),
    "schedules.pause_unknown": "There is no pause with the id {id}.",
    "schedules.pause_wrong": (
        "Say in at most {limit} characters why it is to be silent. Emergencies cannot be paused. Nothing was changed."
    ),
    "schedules.paused": (
        "Everyone “{title}” is for is to be left in peace at that time. Nothing was ordered. Choose another time, or "
        "end the pause first."
    ),
    "schedules.plan_unreadable": "The kept schedule cannot be read ({part}). Nothing was planned. Write it again.",
    "schedules.point_wrong": "“{point}” is no place on earth such as 22.561, 104.242. Nothing was changed.",
    "schedules.policy_unreadable": "The kept policy cannot be read ({part}). Nothing was changed. Write it again.",
    "schedules.policy_wrong": (
        "“{part}” cannot be part of the policy: it is missing, too long, or out of range. Nothing was changed."
    ),
    "schedules.report_too_large": (
        "A report has at most {airings} airings and {rows} lines. Nothing was written. Choose a day instead of a "
        "month, or one commune of the province."
    ),
    "schedules.report_when_wrong": (
        "“{given}” is not a day such as 2026-03-10 or a month such as 2026-03. Nothing was written."
    ),
    "schedules.rule_invalid": "The rule “{rule}” cannot be read as a repetition of days ({part}).",
    "schedules.rule_never": "The rule “{rule}” never falls on any day, so nothing would ever be heard. Change it.",
    "schedules.rule_never_day": (
        "Month {month} never has a day {day}, so nothing would ever be heard. Nothing was planned. Choose another day."
    ),
    "schedules.rule_never_in_span": (
        "None of its days lies between {first_day} and {last_day}, so nothing would ever be heard. "
        "Nothing was planned. Choose a later last day."
    ),
    "schedules.rule_never_left": (
        "The exceptions and the rule for public holidays leave none of its days, so nothing would ever be heard. "
        "Nothing was planned. Change one of them."
    ),
    "schedules.rule_never_lunar": (
        "The lunar date {days} as asked for does not occur from {first_day} to {last_day}, as far as the calendar "
        "is known. Nothing was planned. Look at its leap months and at day 30."
    ),
    "schedules.rule_unreadable": "The kept rule cannot be read ({part}). Nothing was planned. Write it again.",
    "schedules.schedule_unknown": "There is no schedule with the id {id}.",
    "schedules.stale_policy": (
        "Somebody changed these rules in the meantime. Your change was not saved. "
        "Look at the rules as they are now first."
    ),
    "schedules.stale_wrong": (
        "What had to give way may be taken up again within {least} to {most} minutes of its beginning. "
        "Nothing was changed. Choose a number of minutes in between, or none."
    ),
    "schedules.time_wrong": "“{time}” is not a time of day such as 05:00.",
    "schedules.times_count": "Give 1 to {limit} times of day.",
    "schedules.too_long_for_hours": (
        "This lasts {minutes} minutes; no span of the permitted hours {rule} ({source}) is that long. "
        "Nothing was planned. Shorten it."
    ),
    "schedules.too_loud": (
        "{figure} % is too loud at {time}: {rule} ({source}) permits {limit} %. Nothing was planned. Turn it down."
    ),
    "schedules.too_many_blocks": (
        "With this at {time} there would be {figure} programme blocks; {rule} ({source}) permits {limit} a day. "
        "Nothing was planned. The nearest permitted time is {nearest}."
    ),
    "schedules.too_many_minutes": (
        "With this at {time} it would be {figure} minutes; {rule} ({source}) permits {limit}. Nothing was planned. "
        "Here it may last {longest} minutes; as long as it is, the nearest permitted time is {nearest}."
    ),
    "schedules.undo_aired": (
        "Something the last change touched has been heard since, so it cannot be undone. Change what is still to come."
    ),
    "schedules.undo_changed": (
        "The last change was changed again since, or is undone already. Nothing was changed. Look at it as it is now."
    ),
    "schedules.undo_nothing": "There is no change of the programme here that could be undone.",
    "schedules.volume_wrong": "The volume is a number from 0 to 100.",
    "schedules.zone_unknown": "“{zone}” is not a time zone such as Asia/Ho_Chi_Minh.",
}
