"""Which blocks of a content are here and which to ask for next (pure)."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from devices.wire.blocks import BLOCK_BYTES, MAX_WINDOW, Block, block_count

MAX_BLOCKS_ASKED = 15
"""Asked for at a time: so many fit into one frame."""
FIRST_WINDOW = 4
AIM_S = 4.0
"""A window is as much as the link brings in about this time."""


def next_window(asked: int, came: int, took_s: float) -> int:
    """How many blocks to ask for next, after so many of those asked for came within this time."""
    if not came:
        return max(1, asked // 2)
    fits = int(came * AIM_S / max(took_s, 0.001))
    return max(1, min(fits, 2 * asked, MAX_BLOCKS_ASKED))


@dataclass(slots=True)
class BlockMap:
    """The blocks of one content of `size` bytes."""

    size: int
    _held: bytearray

    @classmethod
    def of_prefix(cls, size: int, prefix_bytes: int) -> "BlockMap":
        """The first so many bytes are here."""
        found = cls(size, bytearray(block_count(size)))
        whole = block_count(size) if prefix_bytes >= size else prefix_bytes // BLOCK_BYTES
        found._held[:whole] = b"\x01" * whole
        return found

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "BlockMap | None":
        """The inverse of `to_bytes`; None for bytes that are not whole, or of another content."""
        held = data[4:]
        if len(held) != block_count(size) or data[:4] != zlib.crc32(held).to_bytes(4, "big"):
            return None
        return cls(size, bytearray(held))

    def to_bytes(self) -> bytes:
        return zlib.crc32(self._held).to_bytes(4, "big") + bytes(self._held)

    @property
    def complete(self) -> bool:
        return 0 not in self._held

    @property
    def prefix_bytes(self) -> int:
        """How many bytes from the beginning on are here without a gap."""
        first = self._held.find(0)
        return self.size if first < 0 else first * BLOCK_BYTES

    def missing(self, limit: int = MAX_BLOCKS_ASKED) -> tuple[int, ...]:
        """The first missing blocks, no more than one request can name."""
        found: list[int] = []
        at = self._held.find(0)
        end = min(len(self._held), at + MAX_WINDOW)
        while 0 <= at < end and len(found) < limit:
            found.append(at)
            at = self._held.find(0, at + 1)
        return tuple(found)

    def fits(self, block: Block) -> bool:
        """Whether this is a block of this content, missing and of the right length."""
        if block.index >= len(self._held) or self._held[block.index]:
            return False
        return len(block.data) == min(BLOCK_BYTES, self.size - block.index * BLOCK_BYTES)

    def hold(self, indexes: Iterable[int]) -> None:
        """These are here now."""
        for index in indexes:
            self._held[index] = 1
