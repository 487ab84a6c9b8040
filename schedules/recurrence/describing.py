"""A rule in words, in Vietnamese and English, for pages and reports (pure)."""

from collections.abc import Sequence

from schedules.recurrence import rfc5545
from schedules.recurrence.patterns import BranchDays, EveryDays, LunarDays, Pattern
from schedules.recurrence.rfc5545 import SUB_DAILY, WEEKDAYS, Parts
from schedules.recurrence.rule import Rule
from schedules.recurrence.times import Pick
from schedules.recurrence.words import Words
from schedules.recurrence.words_en import English
from schedules.recurrence.words_vi import Vietnamese

WORDS: dict[str, Words] = {"vi": Vietnamese(), "en": English()}
MOST_LISTED = 4
"""More single days than these are counted, not named."""


def describe(rule: Rule, language: str) -> str:
    """One line such as “Hằng ngày lúc 05:30” or “Every day at 05:30”. `language`: vi; anything else is English."""
    words = WORDS.get(language, WORDS["en"])
    days = _days(rule, words)
    head = days if rule.names_hours else f"{days} {words.at(rule.times)}"
    said = ", ".join(filter(None, [head, *_limits(rule, words)]))
    return said[:1].upper() + said[1:]


def _days(rule: Rule, words: Words) -> str:
    if rule.pattern is not None:
        return _pattern(rule.pattern, words)
    if not rule.rrule:
        return words.once(rule.first_day)
    parts = rule.parts
    steps = int(parts.get("INTERVAL", 1))
    if parts["FREQ"] == "DAILY" or parts["FREQ"] in SUB_DAILY:
        return words.every(parts["FREQ"], steps)
    months = rfc5545.numbers(parts, "BYMONTH")
    if parts["FREQ"] == "YEARLY" and not _selections(parts, words):
        months = months or [rule.first_day.month]
    return words.within(_chosen(rule, words), parts["FREQ"], steps, months)


def _pattern(pattern: Pattern, words: Words) -> str:
    match pattern:
        case LunarDays():
            monthly = [wanted for wanted in pattern.wanted if not wanted.month]
            yearly = [wanted for wanted in pattern.wanted if wanted.month]
            return words.lunar(monthly, yearly)
        case EveryDays():
            return f"{words.every('DAILY', pattern.every)}, {words.since(words.day(pattern.anchor))},"
        case BranchDays():
            return words.branches(pattern.branches)


def _chosen(rule: Rule, words: Words) -> str:
    """Which days of the week, month or year; what the rule leaves open is taken from its first day."""
    parts, frequency = rule.parts, rule.parts["FREQ"]
    weekday = words.weekdays([(0, rule.first_day.weekday())], "WEEKLY")
    chosen = _selections(parts, words)
    if not chosen:
        return weekday if frequency == "WEEKLY" else words.month_days([rule.first_day.day])
    if {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys() == {"BYWEEKNO"}:
        chosen.append(weekday)
    return words.also.join(chosen)


def _selections(parts: Parts, words: Words) -> list[str]:
    weekdays = [(which, WEEKDAYS.index(letters)) for which, letters in rfc5545.weekdays(parts)]
    # Within a month of the year, "first Monday" is that of the month.
    frequency = "MONTHLY" if parts["FREQ"] == "YEARLY" and "BYMONTH" in parts else parts["FREQ"]
    said = {"BYDAY": words.weekdays(weekdays, frequency)} if weekdays else {}
    counted = {"BYMONTHDAY": words.month_days, "BYYEARDAY": words.year_days, "BYWEEKNO": words.weeks}
    said |= {name: say(rfc5545.numbers(parts, name)) for name, say in counted.items() if name in parts}
    return list(said.values())


def _limits(rule: Rule, words: Words) -> list[str]:
    parts = rule.parts
    return [
        *_from_parts(rule, words),
        *_lunar_policies(rule.pattern, words),
        words.since(_start(rule, words)) if int(parts.get("INTERVAL", 1)) > 1 else "",
        words.count(int(parts["COUNT"]), times=rule.names_hours) if "COUNT" in parts else "",
        words.until(rule.last_day) if rule.last_day and (rule.rrule or rule.pattern) else "",
        words.holidays[rule.on_holidays],
        words.added(_picks(rule.added, words)) if rule.added else "",
        words.removed(_picks(rule.removed, words)) if rule.removed else "",
    ]


def _start(rule: Rule, words: Words) -> str:
    day = words.day(rule.first_day)
    return f"{day} {rule.times[0]}" if rule.parts["FREQ"] in SUB_DAILY else day


def _from_parts(rule: Rule, words: Words) -> list[str]:
    """What the head of the sentence has not said of the rule's parts."""
    parts = rule.parts
    frequency = parts.get("FREQ", "")
    chosen = _selections(parts, words) if frequency == "DAILY" or frequency in SUB_DAILY else []
    said = [words.only_on(words.also.join(chosen))] if chosen else []
    if "BYMONTH" in parts and frequency != "YEARLY":
        said.append(words.in_months(rfc5545.numbers(parts, "BYMONTH")))
    if rule.names_hours:
        said += _hours(rule, words)
    if "BYSETPOS" in parts:
        said.append(words.positions(rfc5545.numbers(parts, "BYSETPOS")))
    return said


def _hours(rule: Rule, words: Words) -> list[str]:
    """The hours and minutes a rule names, or takes from its start."""
    parts, begins = rule.parts, rule.times[0]
    hours, minutes = rfc5545.numbers(parts, "BYHOUR"), rfc5545.numbers(parts, "BYMINUTE")
    if parts["FREQ"] != "MINUTELY":
        minutes = minutes or [int(begins[3:])]
    if parts["FREQ"] not in SUB_DAILY:
        hours = hours or [int(begins[:2])]
    return [words.in_hours(hours)] * bool(hours) + [words.in_minutes(minutes)] * bool(minutes)


def _lunar_policies(pattern: Pattern | None, words: Words) -> list[str]:
    if not isinstance(pattern, LunarDays):
        return []
    thirtieth = any(wanted.day == 30 for wanted in pattern.wanted)
    return [words.leap[pattern.leap], words.short[pattern.short] if thirtieth else ""]


def _picks(picks: Sequence[Pick], words: Words) -> str:
    if len(picks) > MOST_LISTED:
        return words.count(len(picks), times=any(pick.time for pick in picks))
    return words.joined([f"{words.day(pick.day)} {pick.time}".strip() for pick in sorted(picks)])
