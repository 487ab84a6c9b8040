"""Cancels and stops, remembered so that it does not matter whether they or their plays arrive first (pure)."""

from collections.abc import Sequence
from typing import NamedTuple

from devices.wire import precedence
from devices.wire.orders import Order, Play, PlayClass
from firmware_sim.saved import FORGET_AFTER_MS


class _Cancelled(NamedTuple):
    height: int
    reason: str
    forget_ms: int


class _Stopped(NamedTuple):
    height: int
    issued_ms: int
    up_to: PlayClass
    forget_ms: int


class Endings:
    """Cancelled occurrences and past stops, each until its order may be forgotten. follows: the commune first."""

    def __init__(self, follows: Sequence[str]) -> None:
        self._follows = follows
        self._cancelled: dict[str, list[_Cancelled]] = {}
        self._stops: list[_Stopped] = []

    def height(self, order: Order) -> int:
        """How high the order's authority stands."""
        return precedence.height(order.log, self._follows)

    def cancelled(self, occurrence: str, reason: str, order: Order) -> None:
        found = _Cancelled(self.height(order), reason, order.expires_ms + FORGET_AFTER_MS)
        self._cancelled.setdefault(occurrence, []).append(found)

    def stopped(self, up_to: PlayClass, order: Order) -> None:
        found = _Stopped(self.height(order), order.issued_ms, up_to, order.expires_ms + FORGET_AFTER_MS)
        self._stops.append(found)

    def of(self, order: Order, play: Play) -> str | None:
        """Why this play must not begin: cancelled, or stopped after it was issued and due; None when it may."""
        own = self.height(order)
        for found in self._cancelled.get(play.occurrence, ()):
            if precedence.may_cancel(found.height, own):
                return found.reason
        start_ms = order.issued_ms if play.start_ms is None else play.start_ms
        ended = any(
            stop.issued_ms >= max(start_ms, order.issued_ms)
            and play.play_class <= stop.up_to
            and precedence.may_stop(stop.height, own, play.play_class)
            for stop in self._stops
        )
        return "stopped" if ended else None

    def prune(self, wall_ms: int) -> None:
        """Forget what is over."""
        for occurrence, found in list(self._cancelled.items()):
            kept = [each for each in found if each.forget_ms >= wall_ms]
            if kept:
                self._cancelled[occurrence] = kept
            else:
                del self._cancelled[occurrence]
        self._stops = [stop for stop in self._stops if stop.forget_ms >= wall_ms]
