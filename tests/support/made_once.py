"""Folders for what the tests of a process make once and copy; they are gone when its session ends."""

import shutil
import tempfile
from pathlib import Path


class MadeOnce:
    """Folders of one session."""

    def __init__(self) -> None:
        self._folders: list[Path] = []

    def folder(self, name: str) -> Path:
        """A new folder, with this in its name."""
        made = Path(tempfile.mkdtemp(prefix=f"loa-{name}-"))
        self._folders.append(made)
        return made

    def remove(self) -> None:
        """Take all of them away."""
        while self._folders:
            shutil.rmtree(self._folders.pop(), ignore_errors=True)


THIS_SESSION = MadeOnce()
"""Emptied by `tests/conftest.py`, not at the exit of the process: a worker of a busy machine is not waited for."""
