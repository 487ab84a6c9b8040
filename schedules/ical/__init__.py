"""iCalendar files (RFC 5545) in and out: what the rest of Loa may use of it (pure)."""

from schedules.ical.event import Event, Problem, Read
from schedules.ical.reading import MAX_BYTES, MAX_EVENTS, read_calendar
from schedules.ical.writing import write_calendar

__all__ = ["MAX_BYTES", "MAX_EVENTS", "Event", "Problem", "Read", "read_calendar", "write_calendar"]
