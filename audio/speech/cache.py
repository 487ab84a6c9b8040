"""Spoken texts kept on disk: files checked when they are taken out, the least recently used gone first."""

import hashlib
import logging
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_UNFINISHED = "unfinished-"
_ABANDONED_S = 86_400.0
"""After a day what is unfinished belongs to a process that died: no synthesis may take that long."""
_CHUNK = 1 << 20
_log = logging.getLogger(__name__)


class SpeechCache:
    """WAV files named `KEY-SHA256.wav`; any number of processes may share the folder. All methods block.

    A file gets its name only when it is whole and on disk, so a crash leaves nothing that could be taken for it.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def take(self, key: str, out: Path) -> bool:
        """Copy what is kept under the key to `out`; what does not match its hash is removed and not taken."""
        for kept in self._folder.glob(f"{key}-*.wav"):
            with suppress(FileNotFoundError):  # another process may have just removed it
                if _copy(kept, out) == kept.stem.partition("-")[2]:
                    os.utime(kept)
                    return True
                kept.unlink()
        return False

    def workplace(self) -> "tempfile.TemporaryDirectory[str]":
        """A folder for one synthesis; its maker cleans it up."""
        return tempfile.TemporaryDirectory(dir=self._folder, prefix=_UNFINISHED)

    def keep(self, key: str, made: Path) -> None:
        """Keep a copy of a finished file from a workplace, and make room for it.

        What is larger than the whole cache is not kept, nor anything while the disk is full: then only time is lost.
        """
        if made.stat().st_size > self._max_bytes:
            return
        copy = made.with_name("kept")
        try:
            digest = _copy(made, copy, durable=True)
            copy.replace(self._folder / f"{key}-{digest}.wav")
        except OSError as error:
            _log.warning("a spoken text could not be kept: %s", error)
        self._make_room()

    def _make_room(self) -> None:
        """Remove the least recently used until the rest fits."""
        found = []
        for path in self._folder.glob("*.wav"):
            with suppress(FileNotFoundError):
                about = path.stat()
                found.append((about.st_mtime_ns, about.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _sweep(self) -> None:
        """Remove what crashes left; by age, because another process may be at work now."""
        oldest = time.time() - _ABANDONED_S
        for leftover in self._folder.glob(f"{_UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime <= oldest:
                    shutil.rmtree(leftover, ignore_errors=True)


def _copy(source: Path, target: Path, *, durable: bool = False) -> str:
    """Copy a file and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
        if durable:
            writer.flush()
            os.fsync(writer.fileno())
    return digest.hexdigest()
