"""Files that hold secrets: whole or not at all, also when several processes write them, and closed to strangers."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

OWNER_ONLY = 0o600
OWNER_AND_GROUP = 0o640


def write_files(folder: Path, texts: Mapping[str, str], mode: int = OWNER_ONLY) -> bool:
    """Write each file that is not there yet or says something else; False when nothing was different.

    The folder is made when it is missing, open to those who may read the files.
    """
    folder.mkdir(mode=mode | (mode & 0o444) >> 2, parents=True, exist_ok=True)
    changed = False
    for name, text in texts.items():
        path = folder / name
        if _says(path, text):
            path.chmod(mode)
            continue
        _replace(path, text, mode)
        changed = True
    return changed


def write_private(path: Path, text: str) -> None:
    """Write a file readable by us alone; its folder is made when it is missing."""
    write_files(path.parent, {path.name: text})


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _replace(path: Path, text: str, mode: int) -> None:
    """A name of its own for each writer: the command line and the server may write the same file at once."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
