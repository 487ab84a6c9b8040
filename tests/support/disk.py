"""A disk that may lose what nobody synced: from a journal, what can be found on it after a power cut at any moment.

The rules are the hard ones of POSIX, with what every journalling file system of Linux adds. A write is safe when its
file was synced afterwards; until then any of its 512-byte sectors may be there or not, in any order. A new name is
safe when its file or its folder was synced; a rename or a removal when the folder was. Unsafe names are kept up to
some moment and lost from there on, as they are journalled in order; their data may be missing all the same.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.disk_records import Op, Record

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class _Change:
    """A write, or a new size when there is no data."""

    offset: int
    data: bytes | None


@dataclass(eq=False, slots=True)
class _File:
    safe: bytearray = field(default_factory=bytearray)
    pending: list[_Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.safe, change)
        self.pending.clear()

    def content(self, kept: Iterable[_Change]) -> bytes:
        content = bytearray(self.safe)
        for change in kept:
            _apply(content, change)
        return bytes(content)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A change of names: `name` becomes `file` (None: goes away); for a rename also `old` goes away."""

    name: str
    file: _File | None
    old: str = ""
    folder: bool = False

    def touches(self, folder: str) -> bool:
        return str(Path(self.name).parent) == folder or (bool(self.old) and str(Path(self.old).parent) == folder)

    def apply(self, names: dict[str, _File | None]) -> None:
        if self.old:
            names.pop(self.old, None)
        if self.file is None and not self.folder:
            names.pop(self.name, None)
        else:
            names[self.name] = self.file


Keep = Callable[[Sequence[_Change]], Iterable[_Change]]
Names = dict[str, "_File | None"]
"""Path → file; None: a folder."""


class Disk:
    """Replays a journal; `root` is the folder that was journalled, `before` a copy of what was safe in it by then."""

    def __init__(self, root: Path, before: Path | None = None) -> None:
        self._root = str(root.resolve())
        self._files: dict[int, _File] = {}
        self._safe_names: Names = {} if before is None else _found(before, self._root)
        self._names: Names = dict(self._safe_names)
        self._unsafe: list[_Naming] = []

    def apply(self, record: Record) -> None:
        """Let one record happen. Raises ValueError for what the shim could not follow."""
        if record.op is Op.UNSUPPORTED:
            raise ValueError(f"the journal cannot follow: {record.name}")
        if record.op in {Op.WRITE, Op.TRUNCATE, Op.SYNC}:
            self._content(record, self._files[record.file])
        elif record.op is not Op.SEND:
            self._naming(record)

    def _content(self, record: Record, file: _File) -> None:
        if record.op is Op.SYNC:
            file.sync()
            self._settle(lambda naming: naming.file is file and not naming.old)
        else:
            file.pending.append(_Change(record.offset, record.data if record.op is Op.WRITE else None))

    def _naming(self, record: Record) -> None:
        match record.op:
            case Op.OPEN:
                self._open(record)
            case Op.SYNC_FOLDER:
                self._settle(lambda naming: naming.touches(record.name))
            case Op.RENAME | Op.LINK:
                self._move(*record.name.split("\0"), leaves=record.op is Op.LINK)
            case _:
                self._name(_Naming(record.name, None, folder=record.op is Op.MKDIR))

    def now(self, folder: Path) -> None:
        """Write out what the process itself saw."""
        self._write(folder, self._names, lambda pending: pending)

    def after_power_cut(self, folder: Path, random: Random | None) -> None:
        """Write out what may be left. None: nothing that was not safe; else any of it, as chance decides."""
        if random is None:
            self._write(folder, self._safe_names, lambda _pending: ())
            return
        names = dict(self._safe_names)
        for naming in self._unsafe[: random.randint(0, len(self._unsafe))]:
            naming.apply(names)
        self._write(folder, names, lambda pending: _some(pending, random))

    def _open(self, record: Record) -> None:
        file = self._names.get(record.name)
        if file is None:
            file = self._files[record.file] = _File()
            self._name(_Naming(record.name, file))
        self._files[record.file] = file
        if record.offset == 0:
            file.pending.append(_Change(0, None))

    def _move(self, old: str, name: str, *, leaves: bool) -> None:
        file = self._names[old]
        if file is None:
            raise ValueError(f"a folder was renamed: {old}")
        self._name(_Naming(name, file, "" if leaves else old))

    def _name(self, naming: _Naming) -> None:
        naming.apply(self._names)
        self._unsafe.append(naming)

    def _settle(self, safe: Callable[[_Naming], bool]) -> None:
        """Make some changes of names safe, with the folders they lie in and whatever came before at the same names."""
        settled: set[int] = set()
        above: set[str] = set()
        for naming in reversed(self._unsafe):
            if safe(naming) or not above.isdisjoint((naming.name, naming.old)):
                settled.add(id(naming))
                above |= {naming.name, naming.old or naming.name, *map(str, Path(naming.name).parents)}
        for naming in self._unsafe:
            if id(naming) in settled:
                naming.apply(self._safe_names)
        self._unsafe = [naming for naming in self._unsafe if id(naming) not in settled]

    def _write(self, folder: Path, names: Names, keep: Keep) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, file in names.items():
            path = folder / Path(name).relative_to(self._root)
            if file is None:
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content(keep(file.pending)))


def _found(folder: Path, root: str) -> Names:
    """The files of a folder, as if they lay in `root`."""
    return {
        str(Path(root) / path.relative_to(folder)): None if path.is_dir() else _File(bytearray(path.read_bytes()))
        for path in sorted(folder.rglob("*"))
    }


def _apply(content: bytearray, change: _Change) -> None:
    end = change.offset + len(change.data or b"")
    if change.data is None:
        del content[change.offset :]
    if len(content) < end:
        content += bytes(end - len(content))
    if change.data is not None:
        content[change.offset : end] = change.data


def _some(pending: Sequence[_Change], random: Random) -> Iterator[_Change]:
    """Any of the changes, some of them torn."""
    chance = random.choice((0.0, 0.2, 0.5, 0.8, 1.0))
    for change in pending:
        fate = random.random()
        if fate < chance:
            yield change
        elif fate < chance + 0.1 and change.data is not None:
            yield from _torn(change, random)


def _torn(change: _Change, random: Random) -> Iterator[_Change]:
    """Some sectors of a write."""
    data = change.data or b""
    at = 0
    while at < len(data):
        size = min(SECTOR_BYTES - (change.offset + at) % SECTOR_BYTES, len(data) - at)
        if random.random() < 0.5:
            yield _Change(change.offset + at, data[at : at + size])
        at += size
