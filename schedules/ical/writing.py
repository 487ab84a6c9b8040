"""Writing an iCalendar file that other programs show and that Loa reads back unchanged."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import icalendar

from schedules.ical import own
from schedules.ical.event import Event
from schedules.ical.rendering import Rendered, render
from schedules.recurrence import describe

PRODUCT = "-//Loa//Loudspeaker broadcast//VI"


def write_calendar(events: Sequence[Event], *, name: str, now: datetime, through: date, language: str) -> bytes:
    """The bytes of a file. What no standard rule says is listed up to the day `through` (`rendering.render`)."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", name)
    for event in events:
        for part in _parts(event, now, through, language):
            calendar.add_component(part)
    calendar.add_missing_timezones(date(now.year - 1, 1, 1), date(through.year + 1, 1, 1))
    written: bytes = calendar.to_ical()
    return written


def _parts(event: Event, now: datetime, through: date, language: str) -> list[icalendar.Event]:
    parts = [_part(event, rendered) for rendered in render(event.rule, through)]
    own.mark(parts, event.uid, event.rule)
    for part in parts:
        part.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
        part.add("SUMMARY", event.title)
        part.add("DESCRIPTION", describe(event.rule, language))
    return parts


def _part(event: Event, rendered: Rendered) -> icalendar.Event:
    part = icalendar.Event()
    part.add("UID", f"{event.uid}-{rendered.start:%H%M}")
    part.add("DTSTART", rendered.start)
    if event.lasts:
        part.add("DURATION", event.lasts)
    if rendered.rrule:
        part.add("RRULE", icalendar.vRecur.from_ical(rendered.rrule))
    if rendered.dates:
        part.add("RDATE", list(rendered.dates))
    if rendered.exceptions:
        part.add("EXDATE", list(rendered.exceptions))
    return part
