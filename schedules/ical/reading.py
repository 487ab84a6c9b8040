"""Reading an iCalendar file from anybody: each event taken whole, or left with the reason."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import icalendar

from base.errors import Refused
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.ical import component as one
from schedules.ical import own
from schedules.ical.event import Event, Problem, Read
from schedules.ical.lines import MAX_BYTES, MAX_EVENTS, kept_lines
from schedules.recurrence import Pick, Rule, check_happens

__all__ = ["MAX_BYTES", "MAX_EVENTS", "MAX_PROBLEMS", "read_calendar"]

MAX_PROBLEMS = 50


def read_calendar(data: bytes, zone: ZoneInfo, holidays: Holidays = NATIONAL) -> Read:
    """The events of a file, times without a zone being those of the commune.

    Raises Refused: calendar_too_large, calendar_too_many, calendar_unreadable, calendar_mostly_wrong.
    """
    reader = _Reader(zone, holidays)
    components = _events(kept_lines(data))
    for group in _by([found for found in components if own.RULE in found], own.UID).values():
        reader.take_back(group)
    others = [found for found in components if own.RULE not in found] + reader.changed
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


@dataclass
class _Reader:
    zone: ZoneInfo
    holidays: Holidays
    events: list[Event] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    changed: list[icalendar.Event] = field(default_factory=list)

    def take_back(self, group: Sequence[icalendar.Event]) -> None:
        """The parts of an event that Loa wrote; what another program changed is left for `take`."""
        uid, named = str(group[0].get(own.UID, ""))[: one.TITLE_LENGTH], one.title(group[0])
        try:
            rule = own.kept_rule(group, self.holidays)
            if rule is None:
                self.changed += group
                return
            check_happens(rule)
        except Refused as error:
            self._leave(Problem(uid, named, error))
        else:
            self.events.append(Event(uid, named, rule, one.lasts(group[0])))

    def take(self, group: Sequence[icalendar.Event]) -> None:
        """A series and the starts of it that were changed one by one."""
        for found in group:
            uid, named = str(found.get("UID", ""))[: one.TITLE_LENGTH], one.title(found)
            try:
                rule = self._rule(found, group)
            except Refused as error:
                self._leave(Problem(uid, named, error))
                continue
            if rule is not None:
                self.events.append(Event(uid, named, rule, one.lasts(found)))

    def _leave(self, problem: Problem) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise Refused("schedules.calendar_mostly_wrong", limit=MAX_PROBLEMS)
        self.problems.append(problem)

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
