"""When a device on a duty cycle has its link (pure). Spans are minutes [from, to) of the UTC day; none means always."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

Wake = Sequence[Sequence[int]]

DAY_MIN = 1_440
_AROUND_DAYS = 2


class Awake(NamedTuple):
    """One stretch in which a device has its link."""

    begin: datetime
    end: datetime


def awake_at(wake: Wake, moment: datetime) -> Awake | None:
    """The stretch a moment lies in, None while it sleeps. `wake` must not be empty."""
    return next((each for each in _stretches(wake, moment) if each.begin <= moment < each.end), None)


def next_awake(wake: Wake, moment: datetime) -> Awake:
    """The stretch a moment lies in, or the next one. `wake` must not be empty."""
    return next(each for each in _stretches(wake, moment) if moment < each.end)


def _stretches(wake: Wake, around: datetime) -> Iterator[Awake]:
    """Those of the days around a moment, earliest first; those that touch, over midnight too, are one."""
    midnight = datetime.combine(around.astimezone(UTC).date(), time(), UTC)
    last: Awake | None = None
    for day in range(-_AROUND_DAYS, _AROUND_DAYS + 1):
        for low, high in sorted((span[0], span[1]) for span in wake):
            start = midnight + timedelta(days=day)
            span = Awake(start + timedelta(minutes=low), start + timedelta(minutes=high))
            if last is not None and span.begin <= last.end:
                last = Awake(last.begin, max(last.end, span.end))
                continue
            if last is not None:
                yield last
            last = span
    if last is not None:
        yield last
