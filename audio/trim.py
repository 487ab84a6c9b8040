"""The part of a sound that is wanted, and how it is cut out of pieces that come one after another (pure)."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from base.errors import Refused

Samples = TypeVar("Samples", NDArray[np.int16], NDArray[np.float32])
Tap = Callable[[NDArray[np.float32], int], None]
LONGEST_MS = 1_000_000_000
_OVER_MS = 1_000
"""How far an end may lie past the sound: a browser rounds, and counts the encoder's padding in."""


class Trim(NamedTuple):
    """From `start_ms` to `end_ms` of the sound as it was decoded; None: to its end."""

    start_ms: int = 0
    end_ms: int | None = None

    def check(self, name: str) -> None:
        """Raises Refused("audio.trim_wrong") when no sound has such a part."""
        end_ms = LONGEST_MS if self.end_ms is None else self.end_ms
        if not 0 <= self.start_ms < end_ms <= LONGEST_MS:
            raise Refused("audio.trim_wrong", name=name, start_s=self.start_s, end_s=self.end_s)

    def check_within(self, name: str, decoded_ms: int) -> None:
        """Raises Refused("audio.trim_outside") when the sound is too short to have this part."""
        if self.start_ms >= decoded_ms or (self.end_ms or 0) > decoded_ms + _OVER_MS:
            decoded_s = round(decoded_ms / 1000, 1)
            raise Refused("audio.trim_outside", name=name, decoded_s=decoded_s, start_s=self.start_s, end_s=self.end_s)

    @property
    def start_s(self) -> float:
        """For a sentence."""
        return round(self.start_ms / 1000, 1)

    @property
    def end_s(self) -> float | str:
        """For a sentence; an open end is "…"."""
        return "…" if self.end_ms is None else round(self.end_ms / 1000, 1)


class Cutter:
    """Takes the pieces of (channels, samples) in their order; gives back what of each lies in the part."""

    def __init__(self, trim: Trim) -> None:
        self._trim = trim
        self._at_s = 0.0

    def cut(self, piece: Samples, rate_hz: int) -> Samples:
        """The wanted part of the next piece, empty when there is none."""
        at_s, self._at_s = self._at_s, self._at_s + piece.shape[1] / max(1, rate_hz)
        start = max(0, round((self._trim.start_ms / 1000 - at_s) * rate_hz))
        if self._trim.end_ms is None:
            return piece[:, start:]
        return piece[:, start : max(start, round((self._trim.end_ms / 1000 - at_s) * rate_hz))]


def tapped(tap: Tap, trim: Trim) -> Tap:
    """A tap that is shown the part only."""
    cutter = Cutter(trim)

    def cut(samples: NDArray[np.float32], rate_hz: int) -> None:
        tap(cutter.cut(samples, rate_hz), rate_hz)

    return cut
