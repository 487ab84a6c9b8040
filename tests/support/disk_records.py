"""The journal of the losing disk: building the shim that writes it, and reading it."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("losing_disk.c")
_HEADER = struct.Struct("<IIqQqII")
_MAGIC = 0x3144534C


class Op(IntEnum):
    """As in losing_disk.c."""

    OPEN = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    SYNC_FOLDER = 5
    RENAME = 6
    UNLINK = 7
    MKDIR = 8
    RMDIR = 9
    SEND = 10
    UNSUPPORTED = 11
    LINK = 12


@dataclass(frozen=True, slots=True)
class Record:
    """One thing done. file: an inode, of a socket for SEND. OPEN: offset 0 when it was emptied, else −1."""

    op: Op
    at_ms: int
    file: int
    offset: int
    name: str
    data: bytes


def prefix(folder: Path, root: Path, journal: Path) -> list[str]:
    """Words before a command that journal what it does below `root`. Builds the shim in `folder`."""
    library = folder / "losing_disk.so"
    if not library.exists():
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise RuntimeError("these tests need a C compiler: install the Debian packages gcc and libc6-dev")
        flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE), "-ldl", "-lpthread"], check=True)
    setting = [f"LOSING_DISK_ROOT={root.resolve()}", f"LOSING_DISK_JOURNAL={journal}"]
    return ["env", f"LD_PRELOAD={library}", *setting]


def read_journal(path: Path) -> list[Record]:
    """Everything that was journalled; a record that a kill cut short ends it."""
    return list(_records(path.read_bytes()))


def _records(data: bytes) -> Iterator[Record]:
    at = 0
    while at + _HEADER.size <= len(data):
        magic, op, at_ms, file, offset, name_bytes, data_bytes = _HEADER.unpack_from(data, at)
        assert magic == _MAGIC, f"no record at byte {at}"
        at += _HEADER.size
        if at + name_bytes + data_bytes > len(data):
            return
        name = data[at : at + name_bytes].decode()
        at += name_bytes
        yield Record(Op(op), at_ms, file, offset, name, data[at : at + data_bytes])
        at += data_bytes


def sent(records: list[Record]) -> dict[int, list[tuple[int, bytes]]]:
    """Socket → what it sent, each piece with the number of its record."""
    streams: dict[int, list[tuple[int, bytes]]] = {}
    for number, record in enumerate(records):
        if record.op is Op.SEND:
            streams.setdefault(record.file, []).append((number, record.data))
    return streams
