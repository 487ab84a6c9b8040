"""One VEVENT from anybody as a rule (pure)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from base.errors import Refused
from schedules.calendar_vn import Holidays
from schedules.ical import zones
from schedules.recurrence import MAX_PICKS, MAX_TIMES, Pick, Rule, check_happens
from schedules.recurrence.rfc5545 import SUB_DAILY, numbers, read

_ONCE = ("DTSTART", "RRULE", "DURATION", "DTEND", "RECURRENCE-ID", "UID", "SUMMARY")
_LONGEST = timedelta(days=1)
TITLE_LENGTH = 200


def rule_of(event: icalendar.Event, zone: ZoneInfo, holidays: Holidays) -> Rule:
    """The rule of an event; what floats is in `zone`. Raises Refused, with what of it cannot be taken."""
    start, own = start_of(event, zone)
    if "RRULE" not in event:
        own, start = zone, start.astimezone(zone)
    rrule, until = _rrule(event)
    said = Rule(
        rrule=rrule,
        first_day=start.date(),
        last_day=None,
        times=(zones.time_text(start),),
        zone=own,
        added=tuple(_picks(event, "RDATE", own)),
        removed=tuple(_picks(event, "EXDATE", own)),
        holidays=holidays,
        takes_hours=True,
    )
    _check_start(said, start)
    rule = _with_times(until_of(said, until))
    check_happens(rule)
    return rule


def start_of(event: icalendar.Event, zone: ZoneInfo) -> tuple[datetime, ZoneInfo]:
    """When it starts, and in which zone. Raises Refused for a damaged event, and for one that lasts all day."""
    for single in _ONCE:
        if isinstance(event.get(single), list):
            raise Refused("schedules.event_unreadable", part=single)
    damaged = [str(name or said) for name, said in event.errors] + ["EXRULE"] * ("EXRULE" in event)
    if damaged:
        raise Refused("schedules.event_unreadable", part=damaged[0][:80])
    at, name = _value(event, "DTSTART")
    if not isinstance(at, datetime):
        raise Refused("schedules.event_without_time")
    own = zones.zone_of(at, name, zone)
    return zones.local(at, name, own), own


def recurrence_id(event: icalendar.Event, zone: ZoneInfo) -> Pick:
    """Which start of the series it stands for. Raises Refused when it stands for all that follow too."""
    at, name = _value(event, "RECURRENCE-ID")
    if "RANGE" in event["RECURRENCE-ID"].params:
        raise Refused("schedules.event_unreadable", part="RECURRENCE-ID;RANGE")
    return zones.pick(at, name, zone)


def lasts(event: icalendar.Event) -> timedelta:
    """How long it lasts as the file says, up to a day; zero when it does not say."""
    said = _span(event.get("DURATION"), event.get("DTSTART"), event.get("DTEND"))
    return said if timedelta() < said <= _LONGEST else timedelta()


def _span(duration: Any, start: Any, end: Any) -> timedelta:
    said, begins, ends = (prop.dt if isinstance(prop, icalendar.vDDDTypes) else None for prop in (duration, start, end))
    if isinstance(said, timedelta):
        return said
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        return ends.replace(tzinfo=None) - begins.replace(tzinfo=None)
    return timedelta()


def title(event: icalendar.Event) -> str:
    """Its summary on one line."""
    return " ".join(str(event.get("SUMMARY", "")).split())[:TITLE_LENGTH]


def _value(event: icalendar.Event, name: str) -> tuple[object, str | None]:
    """The date or time of a property, and the zone it names. Raises Refused("schedules.event_unreadable")."""
    prop = event.get(name)
    if not isinstance(prop, icalendar.vDDDTypes):
        raise Refused("schedules.event_unreadable", part=name)
    zone = prop.params.get("TZID")
    return prop.dt, str(zone) if zone is not None else None


def _rrule(event: icalendar.Event) -> tuple[str, date | None]:
    """The rule without its UNTIL, and that."""
    prop = event.get("RRULE")
    if prop is None:
        return "", None
    if not isinstance(prop, icalendar.vRecur):
        raise Refused("schedules.event_unreadable", part="RRULE")
    until = prop.get("UNTIL", [None])[0]
    untyped: Any = prop
    kept = [part for part in untyped.to_ical().decode().split(";") if not part.upper().startswith("UNTIL=")]
    return ";".join(kept), until


def _picks(event: icalendar.Event, name: str, zone: ZoneInfo) -> Iterator[Pick]:
    found: Any = event.get(name, [])
    props = found if isinstance(found, list) else [found]
    if not all(isinstance(prop, icalendar.vDDDLists) for prop in props):
        raise Refused("schedules.event_unreadable", part=name)
    values = [(each.dt, prop.params.get("TZID")) for prop in props for each in prop.dts]
    if len(values) > MAX_PICKS:
        raise Refused("schedules.days_count", limit=MAX_PICKS)
    for at, tzid in values:
        yield zones.pick(at, str(tzid) if tzid is not None else None, zone)


def until_of(rule: Rule, until: date | None) -> Rule:
    """The rule up to a day, or up to a moment: then without the times of that day that come after."""
    if until is None:
        return rule
    if not isinstance(until, datetime):
        return replace(rule, last_day=until)
    last = until.astimezone(rule.zone) if until.tzinfo else until.replace(tzinfo=rule.zone)
    bounded = replace(rule, last_day=last.date())
    late = [
        Pick(day, f"{at:%H:%M}")
        for day, times in replace(bounded, added=()).local_days(last.date(), last.date())
        for at in sorted(times)
        if at > last.time()
    ]
    return replace(bounded, removed=(*rule.removed, *late))


def _with_times(rule: Rule) -> Rule:
    """Hours that a rule names, as the times of day of a plain one, where that says the same."""
    parts = dict(rule.parts)
    if not rule.names_hours or parts["FREQ"] in SUB_DAILY or not {"COUNT", "BYSETPOS"}.isdisjoint(parts):
        return rule
    begins = rule.times[0]
    hours = numbers(parts, "BYHOUR") or [int(begins[:2])]
    minutes = numbers(parts, "BYMINUTE") or [int(begins[3:])]
    times = sorted({f"{hour:02}:{minute:02}" for hour, minute in product(hours, minutes)})
    if times[0] != begins or len(times) > MAX_TIMES or any(not pick.time for pick in rule.added):
        return rule
    kept = ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"BYHOUR", "BYMINUTE"})
    return replace(rule, rrule=kept, times=tuple(times))


def _check_start(rule: Rule, start: datetime) -> None:
    """RFC 5545, 3.8.5.3: what an event means whose start is not one of its rule's is undefined, so it is not taken."""
    read(rule.rrule)
    bare = replace(rule, added=(), removed=())
    first = next(bare.local_days(start.date(), start.date()), None)
    if rule.rrule and (first is None or start.time() not in first[1]) and bare.ever():
        raise Refused("schedules.event_start_apart", start=f"{start:%Y-%m-%d %H:%M}")
