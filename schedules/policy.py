"""Permitted hours of a place: what may sound when, and the nearest time that may (pure).

An airing is permitted when the whole of it lies inside the hours. Emergencies are never asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from base.errors import Refused
from devices.wire.config import Hours
from schedules.recurrence import parse_time

DAY_MIN = 1_440
DEFAULT_HOURS = (("05:00", "21:00"),)
LOUDEST = 100
DEFAULT_SOURCE = "Loa's own default, for a place with no policy"
_AROUND_DAYS = 2

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Rules:
    """A place's policy ready for use. spans: minutes of the local day [from, to); none permits every hour."""

    spans: tuple[tuple[int, int], ...]
    zone: ZoneInfo
    source: str = DEFAULT_SOURCE
    volume_max: int = LOUDEST

    @classmethod
    def of(
        cls,
        zone: ZoneInfo,
        hours: Sequence[Sequence[str]] = DEFAULT_HOURS,
        source: str = DEFAULT_SOURCE,
        volume_max: int = LOUDEST,
    ) -> "Rules":
        """From local "HH:MM" pairs; one that ends at or before its beginning goes over midnight. Raises Refused."""
        spans = sorted(span for low, high in hours for span in _span(low, high))
        return cls(tuple(spans), zone, source, volume_max)

    @property
    def text(self) -> str:
        """The hours as people write them."""
        return ", ".join(f"{_clock(low)}–{_clock(high)}" for low, high in self.spans)

    def permitted(self, start: datetime, end: datetime) -> bool:
        """Whether all of [start, end] may sound."""
        return not self.spans or any(low <= start and end <= high for low, high in self.open_around(start))

    def nearest_permitted(self, start: datetime, duration: timedelta) -> datetime | None:
        """The permitted beginning nearest to `start`, in UTC; None when no span is long enough."""
        if not self.spans:
            return start
        fits = [(low, high - duration) for low, high in self.open_around(start) if high - duration >= low]
        candidates = [min(max(start, low), high) for low, high in fits]
        return min(candidates, key=lambda moment: abs(moment - start), default=None)

    def check(self, start: datetime, end: datetime) -> None:
        """Raise Refused with the rule, its source and the nearest permitted time when it may not sound."""
        if self.permitted(start, end):
            return
        nearest = self.nearest_permitted(start, end - start)
        if nearest is None:
            minutes = round((end - start) / timedelta(minutes=1), 1)
            raise Refused("schedules.too_long_for_hours", minutes=minutes, rule=self.text, source=self.source)
        local = start.astimezone(self.zone)
        shown = nearest.astimezone(self.zone)
        raise Refused(
            "schedules.outside_hours",
            time=f"{local:%H:%M}",
            rule=self.text,
            source=self.source,
            nearest=f"{shown:%H:%M}",
            nearest_at=shown.isoformat(timespec="seconds"),
        )

    def wire(self, at: datetime) -> Hours:
        """The same hours as a device keeps them, with the zone's offset at that moment."""
        offset = at.astimezone(self.zone).utcoffset() or timedelta()
        return Hours(self.spans, int(offset / timedelta(minutes=1)))

    def open_around(self, moment: datetime) -> list[Interval]:
        """The permitted intervals of the days around a moment in UTC, those that touch joined into one."""
        day = moment.astimezone(self.zone).date()
        joined: list[Interval] = []
        for low, high in self._open(day):
            if joined and joined[-1][1] >= low:
                joined[-1] = joined[-1][0], max(high, joined[-1][1])
            else:
                joined.append((low, high))
        return joined

    def _open(self, middle: date) -> Iterator[Interval]:
        for offset in range(-_AROUND_DAYS, _AROUND_DAYS + 1):
            day = middle + timedelta(days=offset)
            for low, high in self.spans:
                yield self._moment(day, low), self._moment(day, high)

    def _moment(self, day: date, minute: int) -> datetime:
        whole_days, rest = divmod(minute, DAY_MIN)
        local = datetime.combine(day + timedelta(days=whole_days), time(rest // 60, rest % 60), self.zone)
        return local.astimezone(UTC)


def _span(low: str, high: str) -> list[tuple[int, int]]:
    start, end = _minute(low), DAY_MIN if high == "24:00" else _minute(high)
    if start < end:
        return [(start, end)]
    over_midnight = [(start, DAY_MIN), (0, end)]
    return [span for span in over_midnight if span[0] < span[1]]


def _minute(text: str) -> int:
    moment = parse_time(text)
    return moment.hour * 60 + moment.minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
