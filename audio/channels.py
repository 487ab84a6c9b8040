"""Two channels into one: their sum, or one of them where the sum would cancel the sound (pure)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.spans import Span, merged

_CANCELLED = 0.1
"""The sum has less than a tenth of the channels' power: 10 dB are lost. Unlike sounds left and right lose 3."""
_CANCELLED_SHARE = 0.2
_INAUDIBLE = 1e-6

Pcm = NDArray[np.int16]


def mono(channels: Pcm, side: int | None = None) -> Pcm:
    """The sum of a chunk of (channels, samples), or the channel `side` of it."""
    if len(channels) == 1 or side is not None:
        one: Pcm = channels[0 if side is None or len(channels) == 1 else side]
        return one
    summed: Pcm = np.rint((channels[0].astype(np.float32) + channels[1]) * np.float32(0.5)).astype(np.int16)
    return summed


class Phase(NamedTuple):
    """Whether the channels cancel each other."""

    spans: tuple[Span, ...]
    side: int | None
    """The channel to use instead of the sum: 0 or 1; None when the sum is right."""


class PhaseMeter:
    """Takes chunks of (channels, samples); keeps three numbers a chunk."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._at = 0
        self._rows: list[tuple[int, int, float, float, float]] = []

    def add(self, channels: Pcm) -> None:
        """Take in the next chunk, best of about a second."""
        start, self._at = self._at, self._at + channels.shape[1]
        if len(channels) == 2 and channels.shape[1]:
            left, right = channels.astype(np.float32) / np.float32(32768)
            both = (left + right) / 2
            self._rows.append((start, self._at, _power(left), _power(right), _power(both)))

    def finished(self) -> Phase:
        """Where the channels cancel each other, and what to do about it."""
        lost = [row for row in self._rows if _cancelled(row)]
        whole = sum((end - start) * (left + right) for start, end, left, right, _ in self._rows)
        gone = sum((end - start) * (left + right) for start, end, left, right, _ in lost)
        spans = merged(((self._ms(row[0]), self._ms(row[1])) for row in lost), gap_ms=0)
        if not lost or gone < _CANCELLED_SHARE * whole:
            return Phase(spans, None)
        louder = sum((end - start) * (right - left) for start, end, left, right, _ in self._rows) > 0
        return Phase(spans, int(louder))

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._rate_hz


def _power(samples: NDArray[np.float32]) -> float:
    return float(np.square(samples).mean())


def _cancelled(row: tuple[int, int, float, float, float]) -> bool:
    _, _, left, right, both = row
    return (left + right) / 2 > _INAUDIBLE and both < _CANCELLED * (left + right) / 2
