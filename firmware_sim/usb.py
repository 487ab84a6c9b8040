"""Sticks: bundles found in `loa/` of a folder that appears are taken, and the return file is written beside them.

Nothing on a stick is ever executed or followed: every folder and file is opened by its own name, without links.
"""

import asyncio
import contextlib
import glob
import itertools
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from base.errors import LoaError
from firmware_sim import words
from firmware_sim.hand_over import FAILED, HandOver, Result

LOOK_EVERY_S = 3.0
FOLDER, RETURNS = "loa", "returns"
MAX_BUNDLES = 64
"""Of one stick, the first by name."""
MAX_LOOKED_AT = 10_000
"""Files of one folder: as many names as somebody likes to write fit on a stick, but not into the memory of a board."""
_COPY_BYTES = 1 << 20
_log = structlog.get_logger(__name__)

Seen = frozenset[tuple[str, int, int, int]]
"""Name, size, moment and number of every bundle on a stick."""


@dataclass(frozen=True, slots=True)
class Stick:
    """A stick's `loa` folder as it was found. key: that folder on that file system, and no other."""

    path: Path
    key: tuple[int, int]
    bundles: Seen


class UsbFolders:
    """Looks for sticks every few seconds; one that was dealt with is dealt with again when something on it is new."""

    def __init__(self, patterns: Sequence[str], device: str, hand_over: HandOver, folder: Path) -> None:
        """folder: where a return file is put together before it goes to a stick."""
        self._patterns, self._device, self._hand_over, self._folder = tuple(patterns), device, hand_over, folder
        self._done: dict[Path, tuple[tuple[int, int], Seen]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - one bad stick must not end the looking; it is logged
                _log.exception("usb.failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Deal with what is new."""
        found = await asyncio.to_thread(lambda: list(_sticks(self._patterns)))
        self._done = {path: done for path, done in self._done.items() if path in {stick.path for stick in found}}
        for stick in found:
            if self._done.get(stick.path) != (stick.key, stick.bundles):
                await self._serve(stick)
                self._done[stick.path] = stick.key, stick.bundles

    async def _serve(self, stick: Stick) -> None:
        results = [(name, await self._take(stick, name)) for name, *_ in sorted(stick.bundles)[:MAX_BUNDLES]]
        try:
            name = await self._give_back(stick)
            await asyncio.to_thread(_write, stick.path, (), f"KETQUA-{self._device}.txt", _report(results, name))
        except (OSError, LoaError) as error:
            # A stick that cannot be written, or was pulled out: what came in is safe, and the receipts are still here.
            _log.warning("usb.not_written", folder=str(stick.path), problem=str(error))

    async def _take(self, stick: Stick, name: str) -> Result:
        try:
            with await asyncio.to_thread(_open_bundle, stick.path, name) as file:
                result = await self._hand_over.take(file)
        except (OSError, LoaError) as error:
            _log.warning("usb.failed", file=name, problem=str(error))
            result = Result(FAILED)
        _log.info("usb.bundle", file=name, outcome=result.code, bundle=result.bundle, orders=result.orders)
        return result

    async def _give_back(self, stick: Stick) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as out:
            name = await self._hand_over.give_back(out)
            out.seek(0)
            await asyncio.to_thread(_write, stick.path, (RETURNS,), name, out)
        return name


def _sticks(patterns: Sequence[str]) -> Iterator[Stick]:
    for pattern in patterns:
        for root in sorted(glob.glob(pattern)):  # noqa: PTH207 - patterns are absolute
            with contextlib.suppress(OSError), _folder(Path(root), FOLDER) as folder:
                about = os.fstat(folder)
                yield Stick(Path(root), (about.st_dev, about.st_ino), frozenset(_bundles(folder)))


def _bundles(folder: int) -> Iterator[tuple[str, int, int, int]]:
    with os.scandir(folder) as entries:
        for entry in itertools.islice(entries, MAX_LOOKED_AT):
            if entry.name.endswith(".loa") and not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                about = entry.stat(follow_symlinks=False)
                yield entry.name, about.st_size, about.st_mtime_ns, about.st_ino


@contextlib.contextmanager
def _folder(root: Path, *names: str, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder below `root`, none of its steps a link. Raises OSError."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=at)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _open_bundle(root: Path, name: str) -> BinaryIO:
    """A regular file, opened without following it anywhere and without waiting for anybody. Raises OSError."""
    with _folder(root, FOLDER) as folder:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{name} is no file")
    return os.fdopen(descriptor, "rb")


def _write(root: Path, below: tuple[str, ...], name: str, content: "BinaryIO | bytes") -> None:
    """Whole or not at all, also when the stick is pulled out. Raises OSError."""
    temporary = f".{name}.part"
    with _folder(root, FOLDER, *below, make=True) as folder:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o644, dir_fd=folder), "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                while chunk := content.read(_COPY_BYTES):
                    file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def _report(results: Sequence[tuple[str, Result]], returned: str) -> bytes:
    """What happened, for a person with the stick in a computer: Vietnamese, then English."""
    parts = []
    for language in (words.VI, words.EN):
        lines = [f"{name}: {words.outcome(result.code, language)}" for name, result in results]
        back = f"{words.page('take_back', language)}: {FOLDER}/{RETURNS}/{returned}"
        parts.append("\r\n".join([*lines, back]))
    return ("\r\n\r\n".join(parts) + "\r\n").encode()
