"""Which urgent orders are to be sent again, and when: until held, called off or expired (pure)."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

WAITS_S = (2.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds from publishing to the first look at who lacks it, and between looks; the last one for ever after."""
URGENT = 3
"""From this urgency on an order is looked after; anything below is caught up at the device's next heartbeat."""
_ENDING = frozenset({"cancel", "all_clear"})


class Watched(NamedTuple):
    """An order that was published. lacking: devices that did not show it at the last look; None before the first."""

    id: str
    log: str
    seq: int
    type: str
    occurrence_id: str | None
    expires_at: datetime
    lacking: frozenset[str] | None = None


class Resend:
    """The urgent orders on their way. Moments `at_s` are seconds of a clock that nobody sets."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._rounds: dict[str, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._watched)

    def watch(self, order: Watched, at_s: float) -> None:
        """It was published. What calls an airing off ends the care for its play."""
        if order.type in _ENDING and order.occurrence_id is not None:
            for other in [each for each in self._watched.values() if each.occurrence_id == order.occurrence_id]:
                self.forget(other.id)
        self._watched[order.id] = order
        self._rounds[order.id] = 1, at_s + WAITS_S[0]

    def next_at_s(self) -> float | None:
        """When the next look is due; None when there is nothing to look after."""
        return min((at_s for _, at_s in self._rounds.values()), default=None)

    def due(self, at_s: float, now: datetime) -> list[Watched]:
        """Orders whose look is due now, their next one already set. Expired ones are forgotten."""
        for order in [each for each in self._watched.values() if each.expires_at <= now]:
            self.forget(order.id)
        found = [self._watched[order_id] for order_id, (_, due_s) in self._rounds.items() if due_s <= at_s]
        for order in found:
            number, _ = self._rounds[order.id]
            wait_s = WAITS_S[min(number, len(WAITS_S) - 1)]
            self._rounds[order.id] = number + 1, at_s + wait_s
        return found

    def looked(self, order_id: str, lacking: Iterable[str]) -> None:
        """These connected devices lack it; when there are none, it has arrived and is forgotten.

        Who connects later says what it has, and is sent what it lacks for that.
        """
        remaining = frozenset(lacking)
        if not remaining:
            self.forget(order_id)
        elif order_id in self._watched:
            self._watched[order_id] = self._watched[order_id]._replace(lacking=remaining)

    def forget(self, order_id: str) -> None:
        """Look after it no longer."""
        self._watched.pop(order_id, None)
        self._rounds.pop(order_id, None)
