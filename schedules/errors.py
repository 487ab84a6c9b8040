"""What can be wrong with a programme or an emergency: every code of this room with its English sentence."""

MESSAGES: dict[str, str] = {
    "schedules.already_countersigned": "This emergency was already countersigned. Nothing was changed.",
    "schedules.announcement_issued": (
        "{airings} coming airings of this announcement are already with the speakers. Nothing was changed. "
        "End its schedules or cancel those airings first, or write a new announcement."
    ),
    "schedules.announcement_scheduled": (
        "This announcement still has {schedules} running schedules. Nothing was changed. End them first."
    ),
    "schedules.announcement_unknown": "There is no announcement with the id {id}. It may have been removed.",
    "schedules.asset_unknown": "The sound {asset_id} does not exist here. Upload it, or choose another.",
    "schedules.audience_too_long": (
        "The audience names too many clusters one by one to fit into one order. Choose villages or groups instead."
    ),
    "schedules.audience_unknown": "“{name}” is no village, group or cluster here. Nothing was sent. Choose again.",
    "schedules.class_not_allowed": (
        "An announcement is background, normal or priority. Emergencies are started on their own page."
    ),
    "schedules.comment_missing": "Write what is to be changed, so that the author knows.",
    "schedules.content_mixed": (
        "“{title}” has either sounds of its own or a session's composition, and stays of its kind. "
        "Nothing was changed. Write a new one."
    ),
    "schedules.countersign_self": (
        "The person who started an emergency cannot countersign it. Ask somebody else who may start emergencies."
    ),
    "schedules.days_reversed": "The last day ({last_day}) is before the first day ({first_day}).",
    "schedules.emergency_over": "This emergency is already over ({state}). Nothing was sent.",
    "schedules.emergency_unknown": "There is no emergency with the id {id}.",
    "schedules.is_emergency": "This airing belongs to an emergency. Stop it, or give the all clear, on its own page.",
    "schedules.language_wrong": "“{language}” is not a language code such as vi, tay or hmn.",
    "schedules.level_wrong": "The level of origin is 1 (commune), 2 (province) or 3 (country).",
    "schedules.no_versions": "An announcement needs its sound in at least one language.",
    "schedules.nobody_meant": "There is no cluster in this audience, so nobody would hear it. Choose again.",
    "schedules.not_approved": "“{title}” is not approved. It was not sent. Ask the approver first.",
    "schedules.occurrence_over": "This airing is already past. Nothing was changed.",
    "schedules.occurrence_unknown": "There is no airing with the id {id}.",
    "schedules.outside_hours": (
        "{time} is outside the permitted hours {rule} ({source}): the whole airing must lie inside them. "
        "Nothing was planned. The nearest permitted time is {nearest}."
    ),
    "schedules.in_the_past": "{time} is already past. Nothing was planned. Choose a later time.",
    "schedules.place_unknown": "There is no place called “{place_id}”.",
    "schedules.relay_address_private": (
        "“{host}” lies in a private network. Nothing was saved. Give the station's public address, or ask who runs the "
        "server to allow private networks."
    ),
    "schedules.relay_address_secret": (
        "The address holds a user name or a password, which every speaker and everybody with its order could read. "
        "Nothing was saved. Ask the station for an address without one."
    ),
    "schedules.relay_address_wrong": (
        "That is no address of a stream: it begins with http:// or https://, holds no spaces or accents, and has at "
        "most {limit} characters. Nothing was saved."
    ),
    "schedules.relay_changed": (
        "Somebody changed “{name}” since you opened it. Nothing of yours was saved. Look again, then change it."
    ),
    "schedules.relay_issued": (
        "{airings} coming airings that relay this station are already with the speakers. Nothing was changed. Cancel "
        "them first; or add another station with the new address, compose a session of it, and schedule that instead."
    ),
    "schedules.relay_length_wrong": (
        "A relay lasts from {least_s} seconds to {limit_min} minutes. Nothing was saved. Give another length."
    ),
    "schedules.relay_name_wrong": "A station needs a name of 1 to {limit} characters. Nothing was saved.",
    "schedules.relay_no_fallback": (
        "“{name}” has no announcement that sounds when its stream is dead, so people would hear nothing. It was not "
        "approved. Give the station one first."
    ),
    "schedules.relay_quiet_wrong": (
        "A station may be silent for {least_s} to {limit_s} seconds before something else sounds. Nothing was saved."
    ),
    "schedules.relay_retired": "“{name}” is retired. Nothing was changed. Choose another station.",
    "schedules.relay_scheduled": (
        "{schedules} running schedules relay this station. Nothing was changed. End them, or give them another session."
    ),
    "schedules.relay_too_many": "There are {limit} stations already. Nothing was saved. Retire one first.",
    "schedules.relay_unknown": "There is no station with the id {id} here. Nothing was changed. Choose another.",
    "schedules.session_dead_air": (
        "“{title}” begins {at} after the session begins, but what comes before is over at {earliest} where people hear "
        "the languages {languages}: {silent_s} seconds of silence, of {limit_s} at most. Nothing was saved. Put "
        "background music before it, or begin it earlier."
    ),
    "schedules.session_fixed_late": (
        "“{title}” is to begin {at} after the session begins, but where people hear the languages {languages}, what "
        "comes before lasts until {earliest}. Nothing was saved. Begin it then or later, or shorten what comes before."
    ),
    "schedules.session_music_endless": (
        "Nothing says how long the music “{title}” goes on. Nothing was saved. Give it an end, or give what follows a "
        "time to begin."
    ),
    "schedules.session_music_over": (
        "The music “{title}” ends at {at}, but what comes before it lasts until {earliest}, so nobody would hear it. "
        "Nothing was saved. Let it end later, or take it out."
    ),
    "schedules.session_time_wrong": (
        "A time inside a session lies between 1 second and {limit_min} minutes after it begins. Nothing was saved."
    ),
    "schedules.rule_invalid": "The rule “{rule}” cannot be read as a repetition of days ({part}).",
    "schedules.rule_never": "The rule “{rule}” never falls on any day, so nothing would ever be heard. Change it.",
    "schedules.schedule_unknown": "There is no schedule with the id {id}.",
    "schedules.session_gap_wrong": "A pause within a session lasts 0 to {limit_s} seconds. Nothing was saved.",
    "schedules.session_identification_twice": (
        "The announcement that says who is speaking is already at the beginning of the session. Nothing was saved. "
        "Take it out of the list."
    ),
    "schedules.session_item_archived": (
        "“{title}” was put away and cannot stand in a session. Nothing was saved. Choose another announcement."
    ),
    "schedules.session_item_unknown": (
        "The announcement {id} does not exist here. Nothing was saved. Choose one of this place."
    ),
    "schedules.session_items_count": "A session consists of 1 to {limit} announcements. Nothing was saved.",
    "schedules.session_items_not_approved": (
        "In the session “{title}” these are not approved: {items}. Nothing was changed or sent. Have them approved "
        "first, or take them out."
    ),
    "schedules.session_nested": (
        "“{title}” is a session itself and cannot stand in another one. Nothing was saved. Choose its announcements."
    ),
    "schedules.session_tone_wrong": (
        "“{tone}” cannot open or close a session. Nothing was saved. Choose one of: {tones}."
    ),
    "schedules.session_too_large": (
        "This session has too many announcements and languages to fit into one order. Nothing was changed. "
        "Make two sessions of it."
    ),
    "schedules.stale_revision": (
        "Somebody changed this in the meantime (you saw version {seen}, now it is {current}). "
        "Your change was not saved. Look at the new version first."
    ),
    "schedules.moved_too_far": (
        "One airing can be moved by at most {limit} days. Nothing was changed. Choose a nearer day."
    ),
    "schedules.pause_too_far": (
        "A pause ends within {limit} days from now. Nothing was changed. Make it when the time is nearer."
    ),
    "schedules.stale_wrong": (
        "What had to give way may be taken up again within {least} to {most} minutes of its beginning. "
        "Nothing was changed. Choose a number of minutes in between, or none."
    ),
    "schedules.status_wrong": "An emergency is either real or a drill.",
    "schedules.step_not_possible": (
        "An announcement that is {state} cannot take the step “{action}”. Nothing was changed."
    ),
    "schedules.template_changed": "The words of “{title}” were changed while they were being spoken. Try again.",
    "schedules.template_not_alarm": "“{title}” ends an emergency; it cannot start one. Choose an alarm.",
    "schedules.template_unknown": "There is no emergency template with the id {id}.",
    "schedules.time_wrong": "“{time}” is not a time of day such as 05:00.",
    "schedules.times_count": "Give 1 to {limit} times of day.",
    "schedules.title_wrong": "A title needs 1 to {limit} characters.",
    "schedules.too_long_for_hours": (
        "This lasts {minutes} minutes; no span of the permitted hours {rule} ({source}) is that long. "
        "Nothing was planned. Shorten it."
    ),
    "schedules.volume_wrong": "The volume is a number from 0 to 100.",
    "schedules.branches_wrong": "Choose at least one of the twelve days Tý, Sửu, Dần … Hợi.",
    "schedules.day_wrong": "“{day}” is not a day such as 2026-09-02, or a time of it such as 2026-09-02T05:00.",
    "schedules.days_count": "Too many single days, or none at all. The limit is {limit}. Nothing was changed.",
    "schedules.every_wrong": "A market is held every 1 to {limit} days.",
    "schedules.holiday_name": "Say in 1 to {limit} characters what is celebrated, or why the day is no holiday here.",
    "schedules.holidays_wrong": "A day can be corrected only once, and at most {limit} days. Nothing was changed.",
    "schedules.lunar_wrong": "“{date}” is not a lunar day such as 15, or a lunar date such as 15/8 (day/month).",
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
    "schedules.calendar_mostly_wrong": (
        "More than {limit} events of this file cannot be taken, so it was put aside. Nothing was changed. "
        "Look at how it was made."
    ),
    "schedules.calendar_too_large": "The file is larger than {limit_kib} KiB. Nothing was taken. Export fewer events.",
    "schedules.calendar_too_many": "The file has more than {limit} events. Nothing was taken. Export fewer.",
    "schedules.calendar_unreadable": "This is not an iCalendar file, or it is damaged ({part}). Nothing was taken.",
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
    "schedules.hours_full": (
        "{time} is outside the permitted hours {rule} ({source}), and inside them no time of this day or those beside "
        "it is free. Nothing was planned. Shorten it, or take something else out."
    ),
    "schedules.no_time_permitted": (
        "This makes {figure}; {rule} ({source}) permits {limit}, and no time of this day or those beside it is free. "
        "Nothing was planned. Shorten it, or take something else out."
    ),
    "schedules.airing_gone": (
        "There is no airing of this schedule at {time} any more. Nothing was changed. Look at the programme again."
    ),
    "schedules.bulk_count": "Choose 1 to {limit} schedules. Nothing was changed.",
    "schedules.bulk_refused": (
        "{refused} of {count} schedules cannot be changed like this, first {id}. Nothing was changed. "
        "Look at each, or leave it out."
    ),
    "schedules.copy_wrong": (
        "Copy at most {days} days and {limit} airings to other days, and at least one airing. Nothing was copied."
    ),
    "schedules.clash_gone": (
        "These two do not meet any more, or one of them has begun. Nothing was changed. Look at the clashes again."
    ),
    "schedules.option_gone": (
        "This can no longer be done about the two that meet. Nothing was changed. Look at what can be done now."
    ),
    "schedules.option_once": (
        "It would be moved to another day, which can only be done for one day at a time. Nothing was changed."
    ),
    "schedules.decision_wrong": (
        "A decision names who took it, and which of the two gives way; “{plan}” is neither. Nothing was changed."
    ),
    "schedules.area_wrong": "An area has 3 to {limit} different corners. Nothing was changed. Draw it again.",
    "schedules.point_wrong": "“{point}” is no place on earth such as 22.561, 104.242. Nothing was changed.",
    "schedules.bulk_days": "Call off between 1 and {limit} days, the last not before the first. Nothing was changed.",
    "schedules.bulk_midnight": (
        "{time} would move past midnight, to another day. Nothing was changed. Move it by less, or write its rule anew."
    ),
    "schedules.bulk_shift": "Move by at most {limit} minutes. Nothing was changed.",
    "schedules.bulk_wrong": (
        "Say one thing: another time, volume, audience or announcement, or call off, or end. Nothing was changed."
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
    "schedules.draft_outside_week": (
        "{day} lies outside the week of this draft. Nothing was changed. Choose a day of the week."
    ),
    "schedules.draft_silent": "“{title}” has no sound. Add one first, or take it out.",
    "schedules.draft_unknown": "There is no draft with the id {id}.",
    "schedules.draft_week": (
        "Draft this week or one of the next {days} days; what is past cannot be drafted. Nothing was made."
    ),
    "schedules.drafts_count": "{limit} drafts are open here. Nothing was made. Publish or discard one of them first.",
    "schedules.draft_not_ready": (
        "{count} things keep this draft from being published, first: {first}. Nothing was changed. Look at each."
    ),
    "schedules.draft_wrong": ("A draft changes each schedule once, and at most {limit} of them. Nothing was changed."),
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
    "schedules.undo_aired": (
        "Something the last change touched has been heard since, so it cannot be undone. Change what is still to come."
    ),
    "schedules.undo_changed": (
        "The last change was changed again since, or is undone already. Nothing was changed. Look at it as it is now."
    ),
    "schedules.announcement_untitled": "There is no announcement here that is called “{title}”. Nothing was made.",
    "schedules.copy_empty": (
        "Nothing of these days would be heard again: it is there already, past, or put away. Nothing was changed."
    ),
    "schedules.pause_over": "This pause is over. Nothing was changed.",
    "schedules.pause_unknown": "There is no pause with the id {id}.",
    "schedules.paused": (
        "Everyone “{title}” is for is to be left in peace at that time. Nothing was ordered. Choose another time, or "
        "end the pause first."
    ),
    "schedules.undo_nothing": "There is no change of the programme here that could be undone.",
    "schedules.pause_reversed": "The pause would end ({end}) before it begins ({start}). Nothing was changed.",
    "schedules.pause_too_long": (
        "A pause lasts at most {limit} days. Nothing was changed. For longer, take the village out of the schedules."
    ),
    "schedules.pause_wrong": (
        "Say in at most {limit} characters why it is to be silent. Emergencies cannot be paused. Nothing was changed."
    ),
    "schedules.plan_unreadable": "The kept schedule cannot be read ({part}). Nothing was planned. Write it again.",
    "schedules.policy_unreadable": "The kept policy cannot be read ({part}). Nothing was changed. Write it again.",
    "schedules.policy_wrong": (
        "“{part}” cannot be part of the policy: it is missing, too long, or out of range. Nothing was changed."
    ),
    "schedules.too_loud": (
        "{figure} % is too loud at {time}: {rule} ({source}) permits {limit} %. Nothing was planned. Turn it down."
    ),
    "schedules.too_many_minutes": (
        "With this at {time} it would be {figure} minutes; {rule} ({source}) permits {limit}. Nothing was planned. "
        "Here it may last {longest} minutes; as long as it is, the nearest permitted time is {nearest}."
    ),
    "schedules.too_many_blocks": (
        "With this at {time} there would be {figure} programme blocks; {rule} ({source}) permits {limit} a day. "
        "Nothing was planned. The nearest permitted time is {nearest}."
    ),
    "schedules.log_cursor_wrong": "This page of the log begins nowhere. Nothing is lost. Begin at the first page.",
    "schedules.report_too_large": (
        "A report has at most {airings} airings and {rows} lines. Nothing was written. Choose a day instead of a "
        "month, or one commune of the province."
    ),
    "schedules.report_when_wrong": (
        "“{given}” is not a day such as 2026-03-10 or a month such as 2026-03. Nothing was written."
    ),
    "schedules.approve_by_administrator": (
        "“{title}” may be approved only by an administrator of this place, by the rule for its class. Nothing was "
        "changed. Ask one of them."
    ),
    "schedules.approve_by_approver": (
        "“{title}” may be approved only by an approver of this place, by the rule for its class. Nothing was changed. "
        "Ask one of them."
    ),
    "schedules.approve_own": (
        "Whoever wrote or changed “{title}” cannot approve it, by the rule for its class. Nothing was changed. "
        "Ask somebody else who may approve."
    ),
    "schedules.approve_unsigned": (
        "“{title}” is approved with a signed PDF, by the rule for its class, and there is none of what it says now. "
        "Nothing was changed. Download the PDF, sign it, and hand it in first."
    ),
    "schedules.approver_rule_wrong": (
        "A rule of approval names a class (background, normal, priority) and approvers, administrators or both. "
        "Nothing was changed."
    ),
    "schedules.announcement_fallback": (
        "This announcement sounds instead of “{name}” when that station is silent. Nothing was changed. "
        "Choose another one there first."
    ),
    "schedules.certificate_known": "The certificate of “{name}” is already there. Nothing was changed.",
    "schedules.certificate_large": "A certificate has at most {limit_kib} KiB. Nothing was changed.",
    "schedules.certificate_name": "A name has at most {limit} characters. Nothing was changed.",
    "schedules.certificate_unknown": "There is no certificate with the id {id}.",
    "schedules.certificate_unreadable": (
        "This is not one certificate in PEM or DER form. Nothing was changed. Export it again without its key."
    ),
    "schedules.certificate_weak": (
        "The key of this certificate is too weak: RSA of at least {bits} bits, an elliptic curve, or Ed25519. "
        "Nothing was changed."
    ),
    "schedules.certificates_count": "At most {limit} certificates count in one place. Retire some first.",
    "schedules.signature_unknown": "There is no signed PDF with the id {id}.",
    "schedules.signed_changed": (
        "This PDF is not what was signed, or holds more than our text and signatures: something was changed before or "
        "after. It was not kept. Download the PDF again and sign that."
    ),
    "schedules.signed_encrypted": "This PDF is encrypted. It was not kept. Sign it without a password.",
    "schedules.signed_expired": (
        "The certificate of {signer} was not valid when it signed. The PDF was not kept. Sign with a valid one."
    ),
    "schedules.signed_large": "A signed PDF has at most {limit_mb} MB. It was not kept.",
    "schedules.signed_not_submitted": "“{title}” does not wait for approval. The PDF was not kept.",
    "schedules.signed_nothing": "This PDF bears no signature. It was not kept. Sign it with your signing tool first.",
    "schedules.signed_other": (
        "This is not the PDF of what the announcement says now, or the tool wrote it anew instead of adding to it. "
        "It was not kept. Download the PDF again and sign that."
    ),
    "schedules.signed_revoked": "The certificate of {signer} was revoked. The PDF was not kept.",
    "schedules.signed_stranger": (
        "The signature of {signer} leads to no certificate that counts here. The PDF was not kept. An administrator "
        "can add the certificate under the rules of approval."
    ),
    "schedules.signed_time": (
        "The signature says it was made at {time}: before this version was written, or ahead of now. The PDF was not "
        "kept. Set the clock of that machine and sign again."
    ),
    "schedules.signed_unreadable": (
        "This is no PDF, or it is damaged ({part}). It was not kept. Sign and hand in again."
    ),
    "schedules.signed_weak": "The signature was made by a method that is no longer safe. The PDF was not kept.",
    "schedules.signing_no_certificates": (
        "No certificate counts here yet, so no signature can be checked. An administrator adds them under the rules of "
        "approval."
    ),
    "schedules.stale_policy": (
        "Somebody changed these rules in the meantime. Your change was not saved. "
        "Look at the rules as they are now first."
    ),
    "schedules.zone_unknown": "“{zone}” is not a time zone such as Asia/Ho_Chi_Minh.",
}
"""Code → English sentence in the user's words: what happened, what is safe, what to do."""

REASONS: dict[str, str] = {
    "by_hand": "Called off by hand.",
    "cleared": "Ended by the all clear.",
    "expired": "Its time ran out.",
    "items_not_approved": "An announcement in its session was not approved in time.",
    "no_longer_planned": "The rule of its schedule no longer falls on this time.",
    "nobody_meant": "No cluster belonged to its audience any more.",
    "not_approved": "Its announcement was not approved in time.",
    "outside_hours": "It would not lie within the permitted hours.",
    "paused": "Everyone it was for was to be left in peace.",
    "replaced": "It was changed: another airing takes its place.",
    "schedule_ended": "Its schedule was ended.",
    "stopped": "Stopped by hand.",
    "too_many_blocks": "The day had as many programme blocks as are permitted.",
    "too_many_minutes": "It would have been longer than is permitted.",
    "too_late": "The server was not running when its order was due.",
}
"""Why an occurrence was called off or did not air, as `Occurrence.reason` keeps it.

It may also be a person's own words, or the code of the error that kept its order from being written.
"""
