"""What `loa schedule preview` shows: the next times of a rule, lunar days between two dates (pure)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from base.errors import Refused
from schedules import lunar
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.ical.component import until_of
from schedules.ical.zones import time_text, zone_named
from schedules.recurrence import OnHolidays, Pick, Rule, check_ever
from schedules.recurrence.patterns import parse_lunar

MOST = 10_000
_WHEN = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2}))?(Z?))?")


@dataclass(frozen=True, slots=True)
class Airing:
    """One time of a rule, on the clock of its zone, and the holiday it falls on."""

    at: datetime
    holiday: str | None


@dataclass(frozen=True, slots=True)
class Dated:
    """A day with its lunar date."""

    day: date
    lunar: lunar.LunarDate


def rule_times(
    rrule: str,
    dtstart: str,
    zone: str,
    count: int,
    *,
    exdates: Iterable[str] = (),
    rdates: Iterable[str] = (),
    skip_holidays: bool = False,
    holidays: Holidays = NATIONAL,
    language: str = "vi",
) -> list[Airing]:
    """The first `count` times of a rule from its start "YYYYMMDDTHHMMSS" (with UTC's Z: on the clock of `zone`).

    `exdates` and `rdates` are such times or whole days, several in one separated by commas; the rule may have UNTIL.
    `rrule` empty: once. Raises Refused, also for a rule that never happens.
    """
    if not 1 <= count <= MOST:
        raise Refused("schedules.days_count", limit=MOST)
    rule = _rule(rrule, dtstart, zone, holidays)
    rule = replace(
        rule,
        added=tuple(_picks(rdates, rule)),
        removed=(*rule.removed, *_picks(exdates, rule)),
        on_holidays=OnHolidays.SKIP if skip_holidays else OnHolidays.ANY,
    )
    check_ever(rule)
    found = (at.astimezone(rule.zone) for at in rule.upcoming(rule.begins(), count))
    return [Airing(at, holidays.name(at.date(), language)) for at in found]


def lunar_days(wanted: str, first: str, last: str) -> list[Dated]:
    """The days from `first` to `last` inclusive ("YYYY-MM-DD") of lunar days such as "1,15" or "10/3,15/8".

    Raises Refused.
    """
    begin, end = _day(first), _day(last)
    if end < begin:
        raise Refused("schedules.days_reversed", first_day=str(begin), last_day=str(end))
    dated = ((day, lunar.lunar_date(day)) for day in parse_lunar(wanted).days(begin, end))
    return [Dated(day, found) for day, found in dated if found is not None]


def _rule(rrule: str, dtstart: str, zone: str, holidays: Holidays) -> Rule:
    own = zone_named(zone)
    start = _when(dtstart, own.key)
    if not isinstance(start, datetime):
        raise Refused("schedules.day_wrong", day=dtstart[:20])
    start = start.astimezone(own)
    pairs = [part for part in rrule.upper().removeprefix("RRULE:").split(";") if part]
    untils = [part.removeprefix("UNTIL=") for part in pairs if part.startswith("UNTIL=")]
    kept = ";".join(part for part in pairs if not part.startswith("UNTIL="))
    rule = Rule(kept, start.date(), None, (time_text(start),), own, holidays=holidays, takes_hours=True)
    return until_of(rule, _when(untils[0], own.key) if untils else None)


def _picks(texts: Iterable[str], rule: Rule) -> Iterator[Pick]:
    for item in filter(None, ",".join(texts).split(",")):
        at = _when(item, rule.zone.key)
        if isinstance(at, datetime):
            local = at.astimezone(rule.zone)
            yield Pick(local.date(), time_text(local))
        else:
            yield Pick(at)


def _day(text: str) -> date:
    at = _when(text, "UTC")
    if isinstance(at, datetime):
        raise Refused("schedules.day_wrong", day=text[:20])
    return at


def _when(text: str, zone: str) -> date:
    """A day, or with a time an aware moment; with or without dashes and colons."""
    found = _WHEN.fullmatch(text.strip())
    if found is None:
        raise Refused("schedules.day_wrong", day=text[:20])
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups()[:6])
    try:
        on = date(year, month, day)
        if found[4] is None:
            return on
        return datetime.combine(on, time(hour, minute, second), UTC if found[7] else zone_named(zone))
    except ValueError as error:
        raise Refused("schedules.day_wrong", day=text[:20]) from error
