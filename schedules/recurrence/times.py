"""Times of day, single days and moments: from a commune's clock to UTC (pure).

A local time that a zone change skips moves forward by the gap, and one that happens twice is taken the first time
(RFC 5545, 3.3.5).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from base.errors import Refused

MAX_TIMES = 24
_A_MINUTE = timedelta(minutes=1)

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, order=True)
class Pick:
    """A single day, or with `time` ("HH:MM") one time of it: RDATE and EXDATE. Raises Refused("…time_wrong")."""

    day: date
    time: str = ""

    def __post_init__(self) -> None:
        if self.time:
            parse_time(self.time)

    def __str__(self) -> str:
        return f"{self.day.isoformat()}T{self.time}" if self.time else self.day.isoformat()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "2026-09-02" or "2026-09-02T05:00". Raises Refused("schedules.day_wrong")."""
        day, _, at = text.partition("T")
        try:
            return cls(date.fromisoformat(day), at)
        except ValueError as error:
            raise Refused("schedules.day_wrong", day=text[:20]) from error


def check_times(times: Sequence[str]) -> tuple[str, ...]:
    """The times in order, each once. Raises Refused."""
    if not 1 <= len(times) <= MAX_TIMES:
        raise Refused("schedules.times_count", limit=MAX_TIMES)
    for text in times:
        parse_time(text)
    return tuple(sorted(set(times)))


def parse_time(text: str) -> time:
    """A local time of day from "HH:MM". Raises Refused("schedules.time_wrong")."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Refused("schedules.time_wrong", time=text[:20])
    return time(int(found[1]), int(found[2]))


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of a local time, in UTC."""
    # fold=0 takes the first of two equal local times, and in a gap the offset before it, which moves it forward.
    return datetime.combine(day, at, zone).astimezone(UTC)


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC; of a day the zone skips, the first of the next."""
    midnight = datetime.combine(day, time(), zone)
    first, at = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    if at >= first:
        return first
    # The clocks skip midnight, and not necessarily from midnight on.
    while at.astimezone(zone).date() < day:
        at += _A_MINUTE
    return at


def span(first: date, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments [start, end) of so many local days."""
    return day_begins(first, zone), day_begins(first + timedelta(days=days), zone)
