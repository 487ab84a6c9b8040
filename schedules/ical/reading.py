"""Reading an iCalendar file from anybody: each event taken whole, or left with the reason."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from base.errors import Refused
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.ical import component as one
from schedules.ical import writing
from schedules.ical.event import Event, Problem, Read
from schedules.ical.lines import MAX_BYTES, MAX_EVENTS, kept_lines
from schedules.recurrence import Pick, Rule, check_happens, from_map

__all__ = ["MAX_BYTES", "MAX_EVENTS", "MAX_PROBLEMS", "read_calendar"]

MAX_PROBLEMS = 50
_SAID_BY_RULE = ("DTSTART", "RRULE", "RDATE", "EXDATE")


def read_calendar(data: bytes, zone: ZoneInfo, holidays: Holidays = NATIONAL) -> Read:
    """The events of a file, times without a zone being those of the commune.

    Raises Refused: calendar_too_large, calendar_too_many, calendar_unreadable, calendar_mostly_wrong.
    """
    reader = _Reader(zone, holidays)
    components = _events(kept_lines(data))
    ours = [found for found in components if writing.RULE in found]
    others = [found for found in components if writing.RULE not in found]
    for group in _by(ours, writing.UID).values():
        kept = _kept(group, holidays)
        if kept is None:
            others += group
        else:
            reader.events.append(kept)
    for group in _by(others, "UID").values():
        reader.take(group)
    return Read(tuple(reader.events), tuple(reader.problems))


def _events(lines: list[str]) -> list[icalendar.Event]:
    try:
        calendars = icalendar.Calendar.from_ical("\r\n".join(lines) + "\r\n", multiple=True)
        found = [event for calendar in calendars for event in calendar.walk("VEVENT")]
        return [event for event in found if isinstance(event, icalendar.Event)]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise Refused("schedules.calendar_unreadable", part=str(error)[:80]) from error


def _by(components: Iterable[icalendar.Event], name: str) -> dict[str, list[icalendar.Event]]:
    """Grouped; what has no such name is alone."""
    groups: dict[str, list[icalendar.Event]] = defaultdict(list)
    for number, found in enumerate(components):
        groups[str(found.get(name) or f"#{number}")].append(found)
    return groups


def _kept(group: Sequence[icalendar.Event], holidays: Holidays) -> Event | None:
    """The event Loa wrote, if its parts still say what its kept rule says: another program may have moved them."""
    said = group[0]
    try:
        rule = from_map(json.loads(str(said[writing.RULE])), holidays)
        check_happens(rule)
        event = Event(str(said[writing.UID]), one.title(said), rule, one.lasts(said))
        through = date.fromisoformat(str(said[writing.THROUGH]))
        again = [_fingerprint(found) for found in writing.bare_components(event, through)]
    except (Refused, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event if sorted(again) == sorted(map(_fingerprint, group)) else None


def _fingerprint(found: icalendar.Event) -> tuple[bytes, ...]:
    """When it falls, as bytes. What is spelt differently counts as changed, and is read as anybody's."""
    return tuple(_bytes(found[name]) if name in found else b"" for name in _SAID_BY_RULE)


def _bytes(prop: Any) -> bytes:
    props = prop if isinstance(prop, list) else [prop]
    return b"|".join(repr(sorted(each.params.items())).encode() + each.to_ical() for each in props)


@dataclass
class _Reader:
    zone: ZoneInfo
    holidays: Holidays
    events: list[Event] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, group: Sequence[icalendar.Event]) -> None:
        """A series and the starts of it that were changed one by one."""
        for found in group:
            if len(self.problems) >= MAX_PROBLEMS:
                raise Refused("schedules.calendar_mostly_wrong", limit=MAX_PROBLEMS)
            uid, named = str(found.get("UID", ""))[: one.TITLE_LENGTH], one.title(found)
            try:
                rule = self._rule(found, group)
            except Refused as error:
                self.problems.append(Problem(uid, named, error))
                continue
            if rule is not None:
                self.events.append(Event(uid, named, rule, one.lasts(found)))

    def _rule(self, found: icalendar.Event, group: Sequence[icalendar.Event]) -> Rule | None:
        if str(found.get("STATUS", "")).upper() == "CANCELLED":
            return None
        rule = one.rule_of(found, self.zone, self.holidays)
        if "RECURRENCE-ID" in found:
            one.recurrence_id(found, self.zone)
            return rule
        changed = tuple(self._changed(group, rule))
        return replace(rule, removed=(*rule.removed, *changed)) if changed else rule

    def _changed(self, group: Sequence[icalendar.Event], rule: Rule) -> Iterator[Pick]:
        """The starts of a series that other events of its group stand for."""
        return (one.recurrence_id(found, rule.zone) for found in group if "RECURRENCE-ID" in found)
