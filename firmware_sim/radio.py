"""A gateway's transmitter: one programme at a time on one channel, addressed to wireless clusters by their codes."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import structlog

MAX_LOG = 1_000

_log = structlog.get_logger(__name__)


class Transmitter(Protocol):
    """Switches receivers on by their codes and puts the programme on air; the sound itself comes from the player."""

    def begin(self, occurrence: str, codes: tuple[str, ...]) -> None:
        """Open the receivers with these codes; what is on air gives way."""

    def end(self, occurrence: str) -> None:
        """Close them again, if this is what is on air."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """An entry of the simulated transmitter's log."""

    occurrence: str
    codes: tuple[str, ...]
    began: bool


class SimulatedTransmitter:
    """Writes down what it would transmit."""

    def __init__(self, device: str, frequency_khz: int) -> None:
        self._device, self._frequency_khz = device, frequency_khz
        self._on_air: OnAir | None = None
        self.log: deque[OnAir] = deque(maxlen=MAX_LOG)

    @property
    def on_air(self) -> str | None:
        """The occurrence being transmitted."""
        return None if self._on_air is None else self._on_air.occurrence

    def begin(self, occurrence: str, codes: tuple[str, ...]) -> None:
        if self._on_air is not None:
            self.end(self._on_air.occurrence)
        self._on_air = OnAir(occurrence, codes, began=True)
        self.log.append(self._on_air)
        _log.debug("radio.on_air", device=self._device, khz=self._frequency_khz, occurrence=occurrence, codes=codes)

    def end(self, occurrence: str) -> None:
        if self._on_air is None or self._on_air.occurrence != occurrence:
            return
        self.log.append(OnAir(occurrence, self._on_air.codes, began=False))
        self._on_air = None
