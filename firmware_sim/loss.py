"""After flash was lost: what may have begun before is not begun again (pure)."""

from enum import StrEnum

from firmware_sim.clock import Reading
from firmware_sim.effects import KeepLoss, Log, Turn
from firmware_sim.saved import Loss

FLASH_LOST = "flash_lost"
"""The reason in the receipt of what is not begun again."""
FLASH_REBUILT = "flash_rebuilt"
"""The fault of a device that lost flash within the last day."""
FAULT_MS = 86_400_000


class Doubt(StrEnum):
    """Whether an airing of which nothing kept says how far it came may begin."""

    NONE = "none"
    WAIT = "wait"
    LOST = "lost"


class Losses:
    """When flash was lost, as soon as a sure clock tells."""

    def __init__(self, loss: Loss | None) -> None:
        self._loss = loss
        self._started_mono_ms = 0

    def started(self, mono_ms: int, turn: Turn) -> None:
        self._started_mono_ms = mono_ms
        if self._loss is not None and self._loss.at_ms is None:
            turn.do(Log(FLASH_REBUILT, alarming=True))

    def advance(self, turn: Turn) -> None:
        """Settle when it was, no earlier than the truth: by this start at the latest."""
        now = turn.now
        if self._loss is None or self._loss.at_ms is not None or not now.sure:
            return
        at_ms = now.wall_ms - (now.mono_ms - self._started_mono_ms) + now.bound_ms
        self._loss = Loss(max(0, at_ms))
        turn.do(KeepLoss(self._loss))

    def doubt(self, start_ms: int) -> Doubt:
        """What to do with an airing that was to begin then, and of which flash says nothing."""
        if self._loss is None:
            return Doubt.NONE
        if self._loss.at_ms is None:
            return Doubt.WAIT
        return Doubt.LOST if start_ms < self._loss.at_ms else Doubt.NONE

    def fault(self, now: Reading) -> str:
        """As the heartbeat states it; empty a day later."""
        if self._loss is None:
            return ""
        at_ms = self._loss.at_ms
        return FLASH_REBUILT if at_ms is None or now.wall_ms < at_ms + FAULT_MS else ""
