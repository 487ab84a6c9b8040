"""Whether a hello or heartbeat is new, or an old one played again (pure)."""

from datetime import datetime, timedelta
from enum import Enum, auto

from base.times import to_ms
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


def judge_beat(boot: int, n: int, last_boot: int, last_n: int) -> Freshness:
    """A heartbeat must be later than the last one taken: a higher boot, or a higher number in the same boot."""
    return Freshness.NEW if (boot, n) > (last_boot, last_n) else Freshness.OLD


def judge_hello(boot: int, clock: ClockReport, last_boot: int, heard_at: datetime | None, now: datetime) -> Freshness:
    """A hello of a later boot is new; one of the present boot is, when its clock shows the present time.

    One of an earlier boot is an old one played again, unless the device lost its flash. That is believed when its
    clock shows the present time, or, having no clock, when nothing was heard of it for so long that it counts as lost.
    """
    current = clock.state is ClockState.SYNCED and abs(clock.now_ms - to_ms(now)) <= CLOCK_TRUST_MS
    if boot > last_boot:
        return Freshness.NEW
    if boot == last_boot:
        return Freshness.NEW if current else Freshness.AGAIN
    lost = clock.state is not ClockState.SYNCED and (heard_at is None or now - heard_at > timedelta(seconds=LOST_S))
    return Freshness.ANEW if current or lost else Freshness.OLD
