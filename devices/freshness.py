"""Whether a hello or heartbeat is new, or an old one played again (pure)."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from base.times import from_ms, to_ms
from devices.presence import LOST_S
from devices.wire.reports import ClockReport, ClockState

CLOCK_TRUST_MS = 120_000
"""How far a synchronised device's clock may be from ours before its word on the time is not believed."""


class Freshness(Enum):
    """NEW: take it. ANEW: take it, the device lost its flash and counts from the beginning.

    AGAIN: it may be of the present boot or an old one played again; believe what it holds, not that it lives.
    OLD: refuse it.
    """

    NEW = auto()
    ANEW = auto()
    AGAIN = auto()
    OLD = auto()


class Last(NamedTuple):
    """What was last taken of a device. clock_at: what its clock showed then, as far as that was the present time."""

    boot: int
    n: int
    heard_at: datetime | None
    clock_at: datetime | None


def shows_present(clock: ClockReport, now: datetime) -> bool:
    """Whether a device knows the time, as far as we can tell."""
    return clock.state is ClockState.SYNCED and abs(clock.now_ms - to_ms(now)) <= CLOCK_TRUST_MS


def judge_beat(boot: int, n: int, clock: ClockReport, last: Last, now: datetime) -> Freshness:
    """A heartbeat must be later than the last one taken: a higher boot, or a higher number in the same boot."""
    if (boot, n) > (last.boot, last.n):
        return Freshness.NEW
    return _counts_anew(clock, last, now) if boot < last.boot else Freshness.OLD


def judge_hello(boot: int, clock: ClockReport, last: Last, now: datetime) -> Freshness:
    """A hello of a later boot is new; one of the present boot is, when its clock shows the present time, and a later
    one than was last seen of the device: one that is played again a minute after shows the present time too.
    """
    if boot > last.boot:
        return Freshness.NEW
    if boot == last.boot:
        return Freshness.NEW if shows_present(clock, now) and _later(clock, last) else Freshness.AGAIN
    return _counts_anew(clock, last, now)


def _counts_anew(clock: ClockReport, last: Last, now: datetime) -> Freshness:
    """What comes from an earlier boot is an old message played again, unless the device lost its flash.

    That is believed when its clock shows the present time, later than it ever showed before, or, having no clock,
    when nothing was heard of it for so long that it counts as lost.
    """
    if shows_present(clock, now):
        return Freshness.ANEW if _later(clock, last) else Freshness.OLD
    silent = last.heard_at is None or now - last.heard_at > timedelta(seconds=LOST_S)
    return Freshness.ANEW if silent and clock.state is not ClockState.SYNCED else Freshness.OLD


def _later(clock: ClockReport, last: Last) -> bool:
    return last.clock_at is None or from_ms(clock.now_ms) > last.clock_at
