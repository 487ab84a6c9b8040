"""What has been gathered of a content block by block: a file with holes, and beside it the map of what is in it.

Blocks are synced before the map says that they are here, so a power cut costs at most those of one write.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from devices.wire.blocks import BLOCK_BYTES, Block
from firmware_sim.block_map import BlockMap


class BlockPart:
    """Takes over what a download by HTTP has left in `part`, and leaves it what it has gathered."""

    def __init__(self, part: Path, size: int) -> None:
        self._part, self._file, self._map = part, part.with_suffix(".blocks"), part.with_suffix(".map")
        self._size = size
        self.map = self._open()

    def write(self, blocks: Sequence[Block]) -> None:
        """Keep these, durably."""
        with self._file.open("r+b", buffering=0) as file:
            for block in blocks:
                os.pwrite(file.fileno(), block.data, block.index * BLOCK_BYTES)
            os.fdatasync(file.fileno())
        self.map.hold(block.index for block in blocks)
        self._save()

    def hand_over(self) -> None:
        """Make it a part again, as far as it has no gap."""
        with self._file.open("r+b", buffering=0) as file:
            file.truncate(self.map.prefix_bytes)
        self._file.replace(self._part)
        self._map.unlink(missing_ok=True)

    def _open(self) -> BlockMap:
        if not self._file.exists():
            self._part.touch()
            self._map.unlink(missing_ok=True)
            found = BlockMap.of_prefix(self._size, self._part.stat().st_size)
            self._part.replace(self._file)
            return found
        known = self._map.read_bytes() if self._map.exists() else b""
        return BlockMap.from_bytes(self._size, known) or BlockMap.of_prefix(self._size, 0)

    def _save(self) -> None:
        fresh = self._map.with_suffix(".map-new")
        with fresh.open("wb") as file:
            file.write(self.map.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._map)


def prepare_for_http(part: Path, size: int) -> None:
    """What was gathered in blocks becomes the part that a download goes on from."""
    if part.with_suffix(".blocks").exists():
        BlockPart(part, size).hand_over()
