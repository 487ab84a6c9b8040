"""Whether a rule ever happens, found out when it is written, with the reason when it does not (pure)."""

from dataclasses import replace

from base.errors import Refused
from schedules import lunar
from schedules.recurrence import rfc5545
from schedules.recurrence.patterns import LunarDays
from schedules.recurrence.rule import OnHolidays, Rule, most_a_day
from schedules.recurrence.times import MAX_TIMES

_A_LOOK = 100
"""How many of its first moments show how many a rule makes a day, at four full days of the most allowed."""


def check_happens(rule: Rule) -> None:
    """Raise Refused for a rule that never happens (`check_ever`), or one that names too many hours of a day."""
    check_ever(rule)
    if rule.names_hours and most_a_day(rule.upcoming(rule.begins(), _A_LOOK), rule.zone) > MAX_TIMES:
        raise Refused("schedules.times_count", limit=MAX_TIMES)


def check_ever(rule: Rule) -> None:
    """Raise Refused for a rule that never happens, saying why.

    Codes: rule_never_day (31 February), rule_never_lunar, rule_never_in_span, rule_never_left, rule_never.
    """
    if not rule.ever():
        _refuse(rule)


def _refuse(rule: Rule) -> None:
    bare = replace(rule, on_holidays=OnHolidays.ANY, removed=())
    if bare != rule and bare.ever():
        raise Refused("schedules.rule_never_left")
    if bare.last_day is not None and replace(bare, last_day=None).ever():
        raise Refused("schedules.rule_never_in_span", first_day=str(rule.first_day), last_day=str(rule.last_day))
    if isinstance(rule.pattern, LunarDays):
        days = ", ".join(map(str, rule.pattern.wanted))
        first = max(rule.first_day, lunar.FIRST_DAY)
        raise Refused("schedules.rule_never_lunar", days=days, first_day=str(first), last_day=str(lunar.LAST_DAY))
    impossible = rfc5545.impossible_day(rule.parts, rule.first_day) if rule.parts else None
    if impossible is not None:
        days, months = impossible[0], ",".join(map(str, impossible[1]))
        raise Refused("schedules.rule_never_day", day=days, month=months)
    raise Refused("schedules.rule_never", rule=rule.rrule)
