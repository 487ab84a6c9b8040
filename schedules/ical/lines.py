"""The lines of an iCalendar file from anybody: measured, unfolded, and without what Loa does not read (pure)."""

import re

from base.errors import Refused

MAX_BYTES = 1024 * 1024
MAX_EVENTS = 500
MAX_DEPTH = 4

_FOLD = re.compile(r"\r?\n[ \t]")
_LEFT_OUT = {"VTIMEZONE", "VALARM", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"}
"""Alarms are the reader's own affair, and definitions of zones can be made to run for minutes (`zones`)."""


def kept_lines(data: bytes) -> list[str]:
    """The unfolded lines of a file as far as they matter.

    Raises Refused: calendar_too_large, calendar_too_many, calendar_unreadable.
    """
    if len(data) > MAX_BYTES:
        raise Refused("schedules.calendar_too_large", limit_kib=MAX_BYTES // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("schedules.calendar_unreadable", part="UTF-8") from error
    if "\0" in text:
        raise Refused("schedules.calendar_unreadable", part="NUL")
    lines = [line for line in re.split(r"\r?\n", _FOLD.sub("", text)) if line.strip()]
    kept = _without_left_out(lines)
    if sum(line.strip().upper() == "BEGIN:VEVENT" for line in kept) > MAX_EVENTS:
        raise Refused("schedules.calendar_too_many", limit=MAX_EVENTS)
    return kept


def _without_left_out(lines: list[str]) -> list[str]:
    kept: list[str] = []
    open_parts: list[str] = []
    for line in lines:
        verb, _, name = line.strip().upper().partition(":")
        if verb == "BEGIN":
            open_parts.append(name)
        if _LEFT_OUT.isdisjoint(open_parts):
            kept.append(line)
        if verb == "END" and (not open_parts or open_parts.pop() != name):
            raise Refused("schedules.calendar_unreadable", part=line[:80])
        if len(open_parts) > MAX_DEPTH:
            raise Refused("schedules.calendar_unreadable", part=line[:80])
    if open_parts or not kept:
        raise Refused("schedules.calendar_unreadable", part=(open_parts or ["BEGIN:VCALENDAR"])[-1][:80])
    return kept
