"""Where bundles lie until they have been carried: one file each, whole or not there."""

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

_PART = ".part"


class Hashing:
    """Writes on, and knows size and SHA-256 of all that went through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """As files do."""
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        """In hex."""
        return self._digest.hexdigest()


class BundleFiles:
    """Files named by bundle id in one folder. All methods block; call them from a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, bundle_id: str) -> Path:
        """Where a bundle's file is or would be."""
        return self._root / f"{bundle_id}.loa"

    @contextmanager
    def writing(self, bundle_id: str) -> Iterator[tuple[BinaryIO, Hashing]]:
        """A file to write the bundle to; it gets its name when the block ends well, and is gone when it does not."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._root / f"{bundle_id}{_PART}"
        try:
            with part.open("wb") as file:
                hashing = Hashing(file)
                yield cast("BinaryIO", hashing), hashing
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path(bundle_id))
        finally:
            part.unlink(missing_ok=True)

    def remove(self, bundle_ids: Collection[str]) -> None:
        """Remove these, as far as they are there."""
        for bundle_id in bundle_ids:
            self.path(bundle_id).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Remove what a crash left: unfinished files, and finished ones nobody wrote down (of bundles not `known`)."""
        wanted = {self.path(bundle_id).name for bundle_id in known}
        with contextlib.suppress(FileNotFoundError):
            for path in self._root.iterdir():
                if path.name not in wanted:
                    path.unlink(missing_ok=True)
