"""Finding where a recording was too loud for its recorder, in samples as the file holds them (pure)."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from audio.spans import Span, merged, runs

_FULL = 0.99
_FLAT_SAMPLES = 3
"""A single sample at full scale is a loud peak; three beside each other are a cut one."""
_BUCKET_MS = 100
_APART_MS = 500
_FEWEST = 4
"""Cut peaks in one place before it counts: fewer are not heard."""


class ClippingMeter:
    """Takes frames of (channels, samples) at their own rate; keeps a number for each 100 ms that is clipped."""

    def __init__(self) -> None:
        self._at_s = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, channels: NDArray[np.float32], rate_hz: int) -> None:
        """Take in the next samples, full scale at ±1."""
        start_s, self._at_s = self._at_s, self._at_s + channels.shape[1] / max(1, rate_hz)
        magnitudes = np.abs(channels)
        if not channels.size or magnitudes.max() < _FULL:
            return
        for row in magnitudes >= _FULL:
            flat = runs(row)
            starts = flat[flat[:, 1] - flat[:, 0] >= _FLAT_SAMPLES, 0]
            self._buckets.update(((start_s + starts / rate_hz) * 1000 // _BUCKET_MS).astype(int).tolist())

    def finished(self) -> tuple[Span, ...]:
        """Where the sound is clipped."""
        cells = ((bucket * _BUCKET_MS, (bucket + 1) * _BUCKET_MS) for bucket in sorted(self._buckets))
        return tuple(span for span in merged(cells, gap_ms=_APART_MS) if self._count(span) >= _FEWEST)

    def _count(self, span: Span) -> int:
        return sum(self._buckets[bucket] for bucket in range(span[0] // _BUCKET_MS, span[1] // _BUCKET_MS))
