"""A file that only takes up room: given up when the disk is full, so that orders, marks and receipts still fit."""

import contextlib
import os
import shutil
from pathlib import Path

RESERVE_BYTES = 4 << 20
"""Some 8,000 receipts, or a thousand orders: weeks of a programme."""


class Reserve:
    """Room set aside on one disk."""

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path, self._size = path, size_bytes

    @property
    def held(self) -> bool:
        """Whether the room is set aside."""
        with contextlib.suppress(OSError):
            return self._path.stat().st_size >= self._size
        return False

    @property
    def wanted_bytes(self) -> int:
        """So much must be free before it is worth setting room aside again."""
        return 2 * self._size

    def hold(self) -> bool:
        """Set the room aside; whether that worked."""
        if self.held:
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self.release()
            return False
        return True

    def restore(self) -> bool:
        """Set the room aside again, if by now there is plenty."""
        with contextlib.suppress(OSError):
            if self.held or shutil.disk_usage(self._path.parent).free >= self.wanted_bytes:
                return self.hold()
        return False

    def release(self) -> bool:
        """Give the room up; whether there was any."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            return True
        return False
