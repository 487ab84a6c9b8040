"""Content on flash: what is here, what is needed, and what goes first when room is wanted.

Files are named by their SHA-256 and may be shared by the devices of a swarm; what each device has is its own.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_sim import flash_rows
from firmware_sim.counts import sync_folder
from firmware_sim.flash import Slot

SPARE_DISK_BYTES = 2 << 20
"""Content leaves this much of the disk to others: logs, the store, what it is written to on its way."""
PART_SUFFIXES = (".part", ".blocks", ".map")
PASSING_SUFFIXES = (".courier", ".courier-link", ".part-link", ".link", ".map-new")
"""Of files that only exist for a moment, or were left by a power cut in it."""
NEVER_MS = 2**63
"""As an urgency: nothing that is needed goes for it."""
_READ_BYTES = 1 << 20


class ContentFolder:
    """Files by hash, and the parts of those still under way."""

    def __init__(self, root: Path) -> None:
        self._root, self._parts = root, root / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)
        self._users: dict[bytes, set[str]] = {}
        self._checked: set[bytes] = set()

    def path(self, sha: bytes) -> Path:
        return self._root / sha.hex()

    def part(self, device: str, sha: bytes) -> Path:
        """Where a device gathers the bytes of a content."""
        return self._parts / f"{device}-{sha.hex()}.part"

    def parts(self, device: str) -> set[bytes]:
        """The contents of which a device has gathered something."""
        names = [path.stem.removeprefix(f"{device}-") for path in self._parts.glob(f"{device}-*")]
        return {bytes.fromhex(name) for name in names if len(name) == 64}

    def drop_part(self, device: str, sha: bytes) -> None:
        """What a device has gathered of a content is of no use any more."""
        for suffix in PART_SUFFIXES:
            self.part(device, sha).with_suffix(suffix).unlink(missing_ok=True)

    def sweep(self, device: str) -> None:
        """Remove what a power cut left of this device's files that only exist for a moment."""
        for sha in self.parts(device):
            for suffix in PASSING_SUFFIXES:
                self.part(device, sha).with_suffix(suffix).unlink(missing_ok=True)

    @property
    def disk_free_bytes(self) -> int:
        """Room on the disk that content may take."""
        return max(0, shutil.disk_usage(self._root).free - SPARE_DISK_BYTES)

    def is_only_of(self, device: str, sha: bytes) -> bool:
        """Whether the room is free when this device drops it."""
        return self._users.get(sha, set()) <= {device}

    def whole_names(self) -> dict[bytes, int]:
        """Hash by its name, and size, of everything that lies here."""
        found = {}
        for path in self._root.iterdir():
            with contextlib.suppress(ValueError, OSError):
                if len(path.name) == 64:
                    found[bytes.fromhex(path.name)] = path.stat().st_size
        return found

    def use(self, device: str, sha: bytes) -> None:
        self._users.setdefault(sha, set()).add(device)

    def disuse(self, device: str, sha: bytes) -> None:
        """Remove the file when no device has it any more."""
        users = self._users.get(sha, set())
        users.discard(device)
        if not users:
            self._users.pop(sha, None)
            self._checked.discard(sha)
            self.path(sha).unlink(missing_ok=True)

    async def take(self, device: str, sha: bytes, path: Path | None = None) -> bool:
        """Make a finished part, or the file at `path`, the content, when its hash is right; a wrong one is removed.

        The part stays until the content is noted (`drop_part`), so that what cannot be noted is not fetched again.
        """
        right = await asyncio.to_thread(_settle, path or self.part(device, sha), self.path(sha), sha)
        if right:
            self._checked.add(sha)
        return right

    async def sound(self, sha: bytes, size: int) -> bool:
        """Whether the file is there and whole; read once after a start, since a power cut may have spoilt it."""
        if sha not in self._checked and await asyncio.to_thread(_is_whole, self.path(sha), sha, size):
            self._checked.add(sha)
        return sha in self._checked


@dataclass(frozen=True, slots=True)
class _Needed:
    """urgency_ms: the least goes first. bank: only the message bank needs it."""

    urgency_ms: int
    bank: bool


class Contents:
    """One device's contents."""

    def __init__(self, device: str, folder: ContentFolder, slot: Slot, capacity_bytes: int) -> None:
        self._device, self.folder, self._slot, self._capacity = device, folder, slot, capacity_bytes
        self._here: dict[bytes, tuple[int, int]] = {}
        self._needed: dict[bytes, _Needed] = {}

    async def load(self, *, adopt: bool = False) -> None:
        """Read the index. adopt: it was lost; whatever lies in the folder counts, and is checked before use."""
        self._here = await self._slot.contents()
        self.folder.sweep(self._device)
        if adopt:
            for sha, size in self.folder.whole_names().items():
                if sha not in self._here:
                    await self.add(sha, size)
        for sha in self._here:
            self.folder.use(self._device, sha)

    @property
    def held(self) -> tuple[bytes, ...]:
        """The hashes of what is here."""
        return tuple(sorted(self._here))

    @property
    def used_bytes(self) -> int:
        return sum(size for size, _ in self._here.values())

    @property
    def free_bytes(self) -> int:
        """Room for more, by its share and by the disk."""
        return max(0, min(self._capacity - self.used_bytes, self.folder.disk_free_bytes))

    @property
    def capacity_bytes(self) -> int:
        return self._capacity

    def locate(self, sha: bytes) -> Path | None:
        """The file of a content that is here."""
        return self.folder.path(sha) if sha in self._here else None

    def need(self, sha: bytes, *, urgency_ms: int = 0, bank: bool) -> None:
        """It must stay, the more urgent the longer; what the message bank needs goes for an emergency alone."""
        before = self._needed.get(sha)
        if before is not None:
            bank, urgency_ms = bank and before.bank, min(urgency_ms, before.urgency_ms)
        self._needed[sha] = _Needed(urgency_ms, bank)

    def forget(self, sha: bytes) -> None:
        """It may go."""
        self._needed.pop(sha, None)

    async def has(self, sha: bytes) -> bool:
        """Whether it is here and whole; a spoilt one is dropped."""
        if sha not in self._here:
            return False
        if await self.folder.sound(sha, self._here[sha][0]):
            return True
        self._drop(sha)
        return False

    def make_room(
        self, size: int, *, urgency_ms: int = 0, emergency: bool = False, gathered: int = 0
    ) -> list[bytes] | None:
        """Drop until `size` fits: what is not needed, longest unused first; then what is needed later than this, the
        last first; then, for an `emergency`, the message bank.

        gathered: bytes of it that are on the disk already. Gives back what was needed and had to go; None when it
        cannot fit, and then nothing is dropped.
        """
        share = size - (self._capacity - self.used_bytes)
        disk = size - gathered - self.folder.disk_free_bytes
        return self._drop_until(share, disk, self._in_turn(urgency_ms, emergency=emergency))

    def fits(self, size: int, *, to_write: int, beside: Collection[bytes] = ()) -> bool:
        """Whether so much could be taken in without dropping anything that is needed.

        to_write: how much of it is not on the disk yet. beside: contents that are to stay although nothing needs them.
        """
        idle = [sha for sha in self._here if sha not in self._needed and sha not in beside]
        share = self._capacity - self.used_bytes + sum(self._here[sha][0] for sha in idle)
        return size <= share and to_write <= self.folder.disk_free_bytes

    def touch(self, shas: Iterable[bytes]) -> None:
        """They have just been of use: of what nothing needs they go last."""
        now_ms = time.time_ns() // 1_000_000
        for sha in shas:
            if sha in self._here:
                self._here[sha] = self._here[sha][0], now_ms

    def relieve(self, free_bytes: int) -> list[bytes]:
        """The disk is full: make this much room on it, at the cost of everything but the message bank.

        Gives back what was needed and had to go.
        """
        for sha in self.folder.parts(self._device) - set(self._needed):
            self.folder.drop_part(self._device, sha)
        short = free_bytes - self.folder.disk_free_bytes
        turn = self._in_turn(-1, emergency=False)
        return self._drop_until(0, short, turn, partly=True) or []

    async def add(self, sha: bytes, size: int) -> None:
        """It is here; durable on return. Raises Unavailable."""
        now_ms = time.time_ns() // 1_000_000
        self.folder.use(self._device, sha)
        row = flash_rows.content_row(self._device, sha, size, now_ms)
        await asyncio.wrap_future(self._slot.execute([row.put()]))
        self._here[sha] = (size, now_ms)
        self.folder.drop_part(self._device, sha)

    def _in_turn(self, urgency_ms: int, *, emergency: bool) -> list[bytes]:
        """What may go for something this urgent, first what is missed least."""
        needed = self._needed
        idle = sorted((sha for sha in self._here if sha not in needed), key=lambda sha: self._here[sha][1])
        later = [sha for sha in self._here if sha in needed and not needed[sha].bank]
        later = [sha for sha in later if needed[sha].urgency_ms > urgency_ms]
        later.sort(key=lambda sha: -needed[sha].urgency_ms)
        bank = [sha for sha in self._here if emergency and sha in needed and needed[sha].bank]
        return [*idle, *later, *bank]

    def _drop_until(self, share: int, disk: int, turn: list[bytes], *, partly: bool = False) -> list[bytes] | None:
        going: list[bytes] = []
        for sha in turn:
            if share <= 0 and disk <= 0:
                break
            size = self._here[sha][0]
            share -= size
            disk -= size if self.folder.is_only_of(self._device, sha) else 0
            going.append(sha)
        if not partly and (share > 0 or disk > 0):
            return None
        for sha in going:
            self._drop(sha)
        return [sha for sha in going if sha in self._needed]

    def _drop(self, sha: bytes) -> None:
        del self._here[sha]
        self._slot.execute([flash_rows.content_dropped(self._device, sha)])
        self.folder.disuse(self._device, sha)


def _is_whole(path: Path, sha: bytes, size: int) -> bool:
    try:
        return path.stat().st_size == size and _digest(path) == sha
    except OSError:
        return False


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.digest()


def _settle(part: Path, target: Path, sha: bytes) -> bool:
    if _digest(part) != sha:
        part.unlink(missing_ok=True)
        return False
    with part.open("rb") as file:
        os.fsync(file.fileno())
    other = part.with_suffix(f"{part.suffix}-link")
    other.unlink(missing_ok=True)
    os.link(part, other)
    other.replace(target)
    other.unlink(missing_ok=True)  # rename(2) leaves it when both are one file already: taken before, not noted
    sync_folder(target.parent)
    return True
