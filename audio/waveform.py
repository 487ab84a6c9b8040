"""The outline of a sound for drawing it on a page (pure)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS = 1000
_STEP = 160
"""Samples outlined at once: 10 ms at 16 kHz."""

Pcm = NDArray[np.int16]


class Waveform(NamedTuple):
    """Lowest and highest sample of each column, -128 to 127; at most `MAX_COLUMNS` columns of equal length."""

    lowest: tuple[int, ...] = ()
    highest: tuple[int, ...] = ()


class Outliner:
    """Takes mono sound of any length; keeps two bytes each 10 ms."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._lowest: list[NDArray[np.int8]] = []
        self._highest: list[NDArray[np.int8]] = []

    def add(self, chunk: Pcm) -> None:
        """Take in the next samples."""
        pending = np.concatenate((self._rest, chunk))
        whole = len(pending) // _STEP * _STEP
        self._outline(pending[:whole].reshape(-1, _STEP))
        self._rest = pending[whole:]

    def finished(self) -> Waveform:
        """The outline of all that was added; nothing may be added afterwards."""
        if len(self._rest):
            self._outline(self._rest.reshape(1, -1))
            self._rest = np.zeros(0, np.int16)
        if not self._lowest:
            return Waveform()
        lowest, highest = np.concatenate(self._lowest), np.concatenate(self._highest)
        count = min(MAX_COLUMNS, len(lowest))
        starts = np.arange(count) * len(lowest) // max(1, count)
        return Waveform(
            tuple(np.minimum.reduceat(lowest, starts).tolist()) if count else (),
            tuple(np.maximum.reduceat(highest, starts).tolist()) if count else (),
        )

    def _outline(self, rows: Pcm) -> None:
        self._lowest.append((rows.min(axis=1) >> 8).astype(np.int8))
        self._highest.append((rows.max(axis=1) >> 8).astype(np.int8))
