"""Cancels and stops, remembered so that it does not matter whether they or their plays arrive first (pure)."""

from devices.wire.orders import Order, Play, PlayClass
from firmware_sim.saved import FORGET_AFTER_MS


class Endings:
    """Cancelled occurrences and past stops, each until its order may be forgotten."""

    def __init__(self) -> None:
        self._cancelled: dict[str, tuple[int, str]] = {}
        self._stops: list[tuple[int, PlayClass, int]] = []

    def cancelled(self, occurrence: str, reason: str, order: Order) -> None:
        self._cancelled[occurrence] = (order.expires_ms + FORGET_AFTER_MS, reason)

    def stopped(self, up_to: PlayClass, order: Order) -> None:
        self._stops.append((order.issued_ms, up_to, order.expires_ms + FORGET_AFTER_MS))

    def of(self, order: Order, play: Play) -> str | None:
        """Why this play must not begin: cancelled, or stopped after it was to begin; None when it may."""
        if play.occurrence in self._cancelled:
            return self._cancelled[play.occurrence][1]
        start_ms = order.issued_ms if play.start_ms is None else play.start_ms
        ended = any(issued >= start_ms and play.play_class <= up_to for issued, up_to, _ in self._stops)
        return "stopped" if ended else None

    def prune(self, wall_ms: int) -> None:
        """Forget what is over."""
        self._cancelled = {occurrence: kept for occurrence, kept in self._cancelled.items() if kept[0] >= wall_ms}
        self._stops = [stop for stop in self._stops if stop[2] >= wall_ms]
