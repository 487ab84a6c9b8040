"""Places in a sound: spans of milliseconds (pure)."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""Start and end in ms from the beginning of the sound; the end lies outside."""


def merged(spans: Iterable[Span], *, gap_ms: int) -> tuple[Span, ...]:
    """Spans, which come in order, with those joined that are at most `gap_ms` apart."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap_ms:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def runs(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where a mask is true: rows of (start, end), the end outside."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return edges.reshape(-1, 2)
