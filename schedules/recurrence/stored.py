"""A rule as JSON and back, with a version (pure). The commune's holidays are not stored with it."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from base.errors import Refused
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.lunar import BRANCHES
from schedules.recurrence.patterns import (
    BranchDays,
    EveryDays,
    LeapMonths,
    LunarDay,
    LunarDays,
    Pattern,
    ShortMonths,
)
from schedules.recurrence.rule import OnHolidays, Rule
from schedules.recurrence.times import Pick

VERSION = 1


def to_map(rule: Rule) -> dict[str, Any]:
    """Only strings, numbers, lists and maps; what says nothing is left out."""
    said: dict[str, Any] = {
        "version": VERSION,
        "rrule": rule.rrule,
        "pattern": _pattern_map(rule.pattern),
        "first_day": rule.first_day.isoformat(),
        "last_day": rule.last_day.isoformat() if rule.last_day else None,
        "times": list(rule.times),
        "zone": rule.zone.key,
        "added": list(map(str, rule.added)),
        "removed": list(map(str, rule.removed)),
        "on_holidays": "" if rule.on_holidays is OnHolidays.ANY else rule.on_holidays.value,
    }
    return {name: value for name, value in said.items() if value}


def from_map(said: Mapping[str, Any], holidays: Holidays = NATIONAL) -> Rule:
    """What `to_map` gave, in a commune with these holidays. Raises Refused, also for what anybody else made up."""
    if said.get("version") != VERSION:
        raise Refused("schedules.rule_unreadable", part=f"version {said.get('version')}"[:80])
    try:
        return _rule(said, holidays)
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise Refused("schedules.rule_unreadable", part=f"{type(error).__name__}: {error}"[:80]) from error


def _rule(said: Mapping[str, Any], holidays: Holidays) -> Rule:
    last = said.get("last_day")
    times = said["times"]
    if not isinstance(times, list):
        raise TypeError("times")
    return Rule(
        rrule=said.get("rrule", ""),
        first_day=date.fromisoformat(said["first_day"]),
        last_day=date.fromisoformat(last) if last else None,
        times=tuple(times),
        zone=ZoneInfo(said["zone"]),
        pattern=_pattern(said["pattern"]) if "pattern" in said else None,
        added=tuple(map(Pick.parse, said.get("added", ()))),
        removed=tuple(map(Pick.parse, said.get("removed", ()))),
        on_holidays=OnHolidays(said.get("on_holidays", OnHolidays.ANY)),
        holidays=holidays,
        takes_hours=True,
    )


def _pattern_map(pattern: Pattern | None) -> dict[str, Any] | None:
    match pattern:
        case LunarDays(wanted, leap, short):
            return {"kind": "lunar", "days": list(map(str, wanted)), "leap": leap.value, "short": short.value}
        case EveryDays(every, anchor):
            return {"kind": "every", "every": every, "anchor": anchor.isoformat()}
        case BranchDays(branches):
            return {"kind": "branches", "branches": [BRANCHES[branch] for branch in branches]}
    return None


def _pattern(said: Mapping[str, Any]) -> Pattern:
    match said["kind"]:
        case "lunar":
            days = tuple(map(LunarDay.parse, said["days"]))
            return LunarDays(days, LeapMonths(said["leap"]), ShortMonths(said["short"]))
        case "every":
            return EveryDays(int(said["every"]), date.fromisoformat(said["anchor"]))
        case "branches":
            return BranchDays(tuple(map(BRANCHES.index, said["branches"])))
    raise ValueError(said["kind"])
