"""What of a log is held, and what is missing (pure).

A sequence number finds gaps; it never rejects. `upto` is the contiguous number held from 1 on, `above` the ranges
held beyond the first gap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from devices.wire.errors import BadMessage
from devices.wire.fields import whole_numbers

MAX_RANGES = 64
"""Ranges a device reports; a holder with more gaps reports the lowest and is sent again what it left out."""
MAX_SEQ = 2**53


@dataclass(frozen=True, slots=True)
class Haves:
    """The sequence numbers held of one log: 1..upto, and the inclusive ranges above."""

    upto: int = 0
    above: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, seqs: Iterable[int], floor: int = 1) -> "Haves":
        """From single numbers; everything below `floor` counts as held because it need not be."""
        return _merged(floor - 1, [(seq, seq) for seq in seqs])

    def add(self, seq: int) -> "Haves":
        """With one more number held."""
        return self if seq in self else _merged(self.upto, [*self.above, (seq, seq)])

    def raised(self, floor: int) -> "Haves":
        """With everything below `floor` forgotten as no longer needed."""
        return self if floor <= self.upto + 1 else _merged(floor - 1, self.above)

    def without(self, gone: Iterable[tuple[int, int]]) -> "Haves":
        """With these inclusive ranges counted as held, because nobody needs them."""
        return _merged(self.upto, [*self.above, *gone])

    def __contains__(self, seq: int) -> bool:
        return seq <= self.upto or any(low <= seq <= high for low, high in self.above)

    @property
    def highest(self) -> int:
        """The highest number held."""
        return self.above[-1][1] if self.above else self.upto

    def missing(self, head: int, floor: int = 1) -> Iterator[tuple[int, int]]:
        """The inclusive ranges from `floor` to `head` that are not held, lowest first."""
        start = max(self.upto + 1, floor)
        for low, high in self.above:
            if start > head:
                return
            if start < low:
                yield start, min(low - 1, head)
            start = max(start, high + 1)
        if start <= head:
            yield start, head

    def to_wire(self) -> list[Any]:
        """``[upto, [[low, high], …]]`` with at most `MAX_RANGES` ranges."""
        return [self.upto, [list(pair) for pair in self.above[:MAX_RANGES]]]

    @classmethod
    def from_wire(cls, value: Any) -> "Haves":
        """The inverse of `to_wire`. Raises BadMessage."""
        match value:
            case [upto, list(above)] if type(upto) is int and 0 <= upto <= MAX_SEQ and len(above) <= MAX_RANGES:
                return _merged(upto, [range_of(item) for item in above])
        raise BadMessage("bad_field", "haves")


def range_of(item: Any) -> tuple[int, int]:
    """An inclusive range ``[low, high]``. Raises BadMessage."""
    match whole_numbers(item, 2):
        case (low, high) if 0 < low <= high <= MAX_SEQ:
            return low, high
    raise BadMessage("bad_field", "haves")


def _merged(upto: int, ranges: Iterable[tuple[int, int]]) -> Haves:
    above: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if low <= upto + 1:
            upto = max(upto, high)
        elif above and low <= above[-1][1] + 1:
            above[-1] = (above[-1][0], max(above[-1][1], high))
        else:
            above.append((low, high))
    return Haves(upto, tuple(above))
