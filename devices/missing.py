"""Which orders a device is to be sent: what it lacks, in force, most urgent first, and not again at once (pure)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from devices.wire.down import MAX_ENVELOPES
from devices.wire.haves import Haves

SETTLE = timedelta(milliseconds=100)
"""An order younger than this may still be on its way by the log's own topic to a device that is connected."""
AGAIN = timedelta(seconds=5)
"""How long an order just sent to a device is not sent to it again."""


class InForce(NamedTuple):
    """An unexpired order, without its bytes."""

    id: str
    log: str
    seq: int
    urgency: int
    issued_at: datetime


class Want(NamedTuple):
    """What a device holds of every log it follows. fresh: it has only just connected."""

    haves: Mapping[str, Haves]
    fresh: bool


class Missing:
    """Chooses, and remembers for a moment what was chosen for whom."""

    def __init__(self) -> None:
        self._sent: dict[str, dict[str, datetime]] = {}

    def choose(self, device_id: str, want: Want, orders: Iterable[InForce], now: datetime) -> list[InForce]:
        """At most a frame's worth of `orders` (given the most urgent first)."""
        # What was on its way to a connection that is gone did not arrive.
        recent = {} if want.fresh else self._recent(device_id, now)
        chosen = [order for order in orders if order.id not in recent and _lacks(want, order, now)][:MAX_ENVELOPES]
        if chosen:
            self._sent[device_id] = recent | {order.id: now for order in chosen}
        return chosen

    def note(self, device_id: str, order_id: str, now: datetime) -> None:
        """It was sent to the device by another way."""
        self._sent[device_id] = self._recent(device_id, now) | {order_id: now}

    def forget(self, now: datetime) -> None:
        """Drop what no longer holds anything back."""
        for device_id in list(self._sent):
            recent = self._recent(device_id, now)
            if recent:
                self._sent[device_id] = recent
            else:
                del self._sent[device_id]

    def _recent(self, device_id: str, now: datetime) -> dict[str, datetime]:
        return {order: at for order, at in self._sent.get(device_id, {}).items() if abs(now - at) < AGAIN}


def lowest_held(wants: Iterable[Want]) -> dict[str, int]:
    """Log → the number up to which every one of these devices holds all of it."""
    lowest: dict[str, int] = {}
    for want in wants:
        for log, haves in want.haves.items():
            lowest[log] = min(lowest.get(log, haves.upto), haves.upto)
    return lowest


def _lacks(want: Want, order: InForce, now: datetime) -> bool:
    haves = want.haves.get(order.log)
    if haves is None or order.seq in haves:
        return False
    return want.fresh or now - order.issued_at >= SETTLE
