"""Numbers that must never go back, kept beside the store in a file of their own: starts, receipts, transactions.

The first line holds how many transactions the store has seen. It is written after each, without a sync: when the store
holds fewer, it has lost some, however whole it looks. The other lines are appended and synced before what they count is
used, so that a device whose store is gone starts with a number nobody has seen yet.
"""

import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path

RECEIPTS_AHEAD = 256
"""Receipt numbers are set aside so many at a time: a sync for each would wear a memory card out."""
MAX_LINES = 2_000
"""A file with more lines than this beyond those needed is written anew."""


@dataclass(slots=True)
class _Count:
    boot: int = 0
    receipts: int = 0


@dataclass(slots=True)
class Counts:
    """One file's counts, by device. Used by the thread that writes the store."""

    path: Path
    commits: int = 0
    known: bool = False
    """Whether there was anything to read."""
    _devices: dict[str, _Count] = field(default_factory=dict)
    _staged: dict[str, _Count] = field(default_factory=dict)
    _file: int = -1
    _end: int = 0

    @classmethod
    def open(cls, path: Path) -> "Counts":
        """Read what is there, as far as it is whole. Raises OSError."""
        counts = cls(path)
        lines = path.read_bytes().splitlines() if path.exists() else []
        if lines and (head := _checked(lines[0])) is not None and len(head) == 1:
            counts.known, counts.commits = True, int(head[0], 16)
        for line in lines[1:]:
            counts._read(line)
        counts._open(rewrite=not counts.known or len(lines) > len(counts._devices) + MAX_LINES)
        return counts

    @property
    def devices(self) -> frozenset[str]:
        """Those it has counts of."""
        return frozenset(self._devices)

    def boot(self, device: str) -> int:
        """The number of its last start; 0: none is known."""
        return self._of(device).boot

    def receipts(self, device: str) -> int:
        """No receipt with a number above this was ever made."""
        return self._of(device).receipts

    def stage(self, device: str, *, boot: int | None = None, receipt: int | None = None) -> None:
        """These numbers are about to be used: `settle` before they are."""
        now = self._of(device)
        ahead = receipt is not None and receipt > now.receipts
        if not ahead and (boot is None or boot <= now.boot):
            return
        receipts = now.receipts if receipt is None or not ahead else receipt + RECEIPTS_AHEAD
        self._staged[device] = _Count(max(now.boot, boot or 0), receipts)

    def settle(self) -> None:
        """Make durable what was staged. Raises OSError."""
        if not self._staged:
            return
        text = b"".join(_line(device, count) for device, count in self._staged.items())
        os.pwrite(self._file, text, self._end)
        os.fsync(self._file)
        self._end += len(text)
        self._devices |= self._staged
        self._staged = {}

    def give_up(self) -> None:
        """What was staged is not going to be used."""
        self._staged = {}

    def note(self, commits: int) -> None:
        """So many transactions are durable in the store."""
        self.commits = commits
        os.pwrite(self._file, _head(commits), 0)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _of(self, device: str) -> _Count:
        return self._staged.get(device) or self._devices.get(device) or _Count()

    def _read(self, line: bytes) -> None:
        match _checked(line):
            case [device, boot, receipts]:
                now = self._devices.setdefault(device, _Count())
                now.boot, now.receipts = max(now.boot, int(boot)), max(now.receipts, int(receipts))
                self.known = True

    def _open(self, *, rewrite: bool) -> None:
        if rewrite:
            self._write_anew()
        self._file = os.open(self.path, os.O_RDWR)
        self._end = os.fstat(self._file).st_size
        if os.pread(self._file, 1, max(0, self._end - 1)) != b"\n":
            # The last line was torn by a power cut: the next one begins on its own.
            self._end += os.pwrite(self._file, b"\n", self._end)

    def _write_anew(self) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        text = _head(self.commits) + b"".join(_line(*item) for item in self._devices.items())
        with fresh.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _head(commits: int) -> bytes:
    return _signed(f"{commits:016x}")


def _line(device: str, count: _Count) -> bytes:
    return _signed(f"{device} {count.boot} {count.receipts}")


def _signed(text: str) -> bytes:
    return f"{text} {zlib.crc32(text.encode()):08x}\n".encode()


def _checked(line: bytes) -> list[str] | None:
    """The words of a line that is whole."""
    text, _, crc = line.decode("ascii", "replace").rpartition(" ")
    return text.split(" ") if crc == f"{zlib.crc32(text.encode()):08x}" else None
