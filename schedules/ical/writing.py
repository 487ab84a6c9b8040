"""Writing an iCalendar file that other programs show and that Loa reads back unchanged."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import icalendar

from schedules.ical.event import Event
from schedules.ical.rendering import Rendered, render
from schedules.recurrence import describe, to_map

PRODUCT = "-//Loa//Loudspeaker broadcast//VI"
RULE, UID, THROUGH = "X-LOA-RULE", "X-LOA-UID", "X-LOA-THROUGH"
"""Loa's own properties: the whole rule as JSON, the event it belongs to, and to what day its dates are listed."""


def write_calendar(events: Sequence[Event], *, name: str, now: datetime, through: date, language: str) -> bytes:
    """The bytes of a file. What no standard rule says is listed up to the day `through` (`rendering.render`)."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", name)
    for event in events:
        for component in _components(event, now, through, language):
            calendar.add_component(component)
    calendar.add_missing_timezones(date(now.year - 1, 1, 1), date(through.year + 1, 1, 1))
    written: bytes = calendar.to_ical()
    return written


def bare_components(event: Event, through: date) -> Iterator[icalendar.Event]:
    """The parts of an event with nothing but when it falls."""
    return (_component(event, rendered) for rendered in render(event.rule, through))


def _components(event: Event, now: datetime, through: date, language: str) -> Iterator[icalendar.Event]:
    kept = json.dumps(to_map(event.rule), ensure_ascii=False, sort_keys=True)
    for component in bare_components(event, through):
        component.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
        component.add("SUMMARY", event.title)
        component.add("DESCRIPTION", describe(event.rule, language))
        component.add(RULE, kept)
        component.add(UID, event.uid)
        component.add(THROUGH, through.isoformat())
        yield component


def _component(event: Event, rendered: Rendered) -> icalendar.Event:
    component = icalendar.Event()
    component.add("UID", f"{event.uid}-{rendered.start:%H%M}")
    component.add("DTSTART", rendered.start)
    if event.lasts:
        component.add("DURATION", event.lasts)
    if rendered.rrule:
        component.add("RRULE", icalendar.vRecur.from_ical(rendered.rrule))
    if rendered.dates:
        component.add("RDATE", list(rendered.dates))
    if rendered.exceptions:
        component.add("EXDATE", list(rendered.exceptions))
    return component
