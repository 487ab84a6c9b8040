"""From a rule and times of day to moments: what the rest of Loa may use of it (pure)."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schedules.recurrence.describing import describe
from schedules.recurrence.happening import check_ever, check_happens
from schedules.recurrence.patterns import BranchDays, EveryDays, LeapMonths, LunarDay, LunarDays, ShortMonths
from schedules.recurrence.rule import MAX_PICKS, SEARCH_DAYS, OnHolidays, Rule
from schedules.recurrence.stored import from_map, to_map
from schedules.recurrence.times import MAX_TIMES, Pick, check_times, parse_time

__all__ = [
    "MAX_PICKS",
    "MAX_TIMES",
    "SEARCH_DAYS",
    "BranchDays",
    "EveryDays",
    "LeapMonths",
    "LunarDay",
    "LunarDays",
    "OnHolidays",
    "Pick",
    "Rule",
    "ShortMonths",
    "check_ever",
    "check_happens",
    "check_times",
    "describe",
    "expand",
    "from_map",
    "parse_time",
    "to_map",
]


def expand(
    rrule: str,
    first_day: date,
    last_day: date | None,
    times: Sequence[str],
    zone: ZoneInfo,
    *,
    start: datetime,
    end: datetime,
) -> list[datetime]:
    """`Rule.expand` for plain values."""
    return Rule(rrule, first_day, last_day, tuple(times), zone).expand(start, end)
