"""Content on flash: what is here, what is needed, and what goes first when room is wanted.

Files are named by their SHA-256 and may be shared by the devices of a swarm; what each device has is its own.
"""

import asyncio
import hashlib
import os
import time
from pathlib import Path

from firmware_sim import flash_rows
from firmware_sim.flash import Slot

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

    async def take(self, device: str, sha: bytes) -> bool:
        """Make a finished part the content, when its hash is right; a wrong one is removed."""
        right = await asyncio.to_thread(_settle, self.part(device, sha), self.path(sha), sha)
        if right:
            self._checked.add(sha)
        return right

    async def sound(self, sha: bytes, size: int) -> bool:
        """Whether the file is there and whole; read once after a start, since a power cut may have spoilt it."""
        if sha not in self._checked and await asyncio.to_thread(_is_whole, self.path(sha), sha, size):
            self._checked.add(sha)
        return sha in self._checked


class Contents:
    """One device's contents."""

    def __init__(self, device: str, folder: ContentFolder, slot: Slot, capacity_bytes: int) -> None:
        self._device, self.folder, self._slot, self._capacity = device, folder, slot, capacity_bytes
        self._here: dict[bytes, tuple[int, int]] = {}
        self._needed: dict[bytes, bool] = {}

    async def load(self) -> None:
        """Read the index."""
        self._here = await self._slot.contents()
        for sha in self._here:
            self.folder.use(self._device, sha)

    @property
    def used_bytes(self) -> int:
        return sum(size for size, _ in self._here.values())

    @property
    def free_bytes(self) -> int:
        return max(0, self._capacity - self.used_bytes)

    @property
    def capacity_bytes(self) -> int:
        return self._capacity

    def locate(self, sha: bytes) -> Path | None:
        """The file of a content that is here."""
        return self.folder.path(sha) if sha in self._here else None

    def need(self, sha: bytes, *, bank: bool) -> None:
        """It must stay; what the message bank alone needs goes when an emergency needs the room."""
        self._needed[sha] = bank and self._needed.get(sha, True)

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

    def make_room(self, size: int, *, over_bank: bool) -> list[bytes] | None:
        """Drop until `size` fits: what is not needed, longest unused first, then, with `over_bank`, the message bank.

        Gives back what was needed and had to go; None when it cannot fit.
        """
        idle = sorted((used, sha) for sha, (_, used) in self._here.items() if sha not in self._needed)
        banked = sorted((used, sha) for sha, (_, used) in self._here.items() if over_bank and self._needed.get(sha))
        room = self._capacity - self.used_bytes
        going: list[bytes] = []
        for _, sha in [*idle, *banked]:
            if room >= size:
                break
            room += self._here[sha][0]
            going.append(sha)
        if room < size:
            return None
        for sha in going:
            self._drop(sha)
        return [sha for sha in going if sha in self._needed]

    async def add(self, sha: bytes, size: int) -> None:
        """It is here; durable on return."""
        now_ms = time.time_ns() // 1_000_000
        self.folder.use(self._device, sha)
        await asyncio.wrap_future(self._slot.execute([flash_rows.content_stored(self._device, sha, size, now_ms)]))
        self._here[sha] = (size, now_ms)

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
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
