"""The content store: files named by their SHA-256, written so that a crash leaves no half file."""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ContentStore:
    """Content under `root/aa/bb/aabb…`; unfinished files under `root/incoming`, nowhere else.

    All methods block; call them from a thread. Any number of processes may share one root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where content of this hash is or would be. Raises ValueError for what is no SHA-256 in lower-case hex."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the content is here, whole."""
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BinaryIO:
        """The content for reading. Raises FileNotFoundError."""
        return self.path(sha256).open("rb")

    def put_bytes(self, content: bytes) -> str:
        """Keep these bytes and return their hash."""
        with self._incoming_file() as (file, unfinished):
            file.write(content)
            return self._adopt(file, unfinished, hashlib.sha256(content).hexdigest())

    def put_file(self, source: Path) -> str:
        """Keep a copy of the file and return its hash; the file stays where it is."""
        digest = hashlib.sha256()
        with self._incoming_file() as (file, unfinished), source.open("rb") as reader:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
            return self._adopt(file, unfinished, digest.hexdigest())

    def free_bytes(self) -> int:
        """What is free on the store's disk."""
        return shutil.disk_usage(self.root).free

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder for large files in the making, on the store's own disk, gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self._incoming) as folder:
            yield Path(folder)

    def sweep_temporaries(self, older_than_s: float = 86_400.0) -> int:
        """Remove what crashes left unfinished and return how many; by age, because others may be writing now."""
        oldest = time.time() - older_than_s
        leftovers = [path for path in self._incoming.iterdir() if path.stat().st_mtime <= oldest]
        for path in leftovers:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(leftovers)

    @contextmanager
    def _incoming_file(self) -> Iterator[tuple[IO[bytes], Path]]:
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _adopt(self, file: IO[bytes], unfinished: Path, sha256: str) -> str:
        """Give the finished file its name: data on disk first, then the name, then the directories."""
        target = self.path(sha256)
        if target.is_file():
            return sha256
        file.flush()
        os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(target)
        for directory in (target.parent, target.parent.parent, self.root):
            _sync_directory(directory)
        return sha256


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
