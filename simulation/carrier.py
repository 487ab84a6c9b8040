"""How contents come to one device: one after the other, the most urgent first, over a slow link that may be cut."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from devices.wire.content import Rendition
from simulation.virtual_loop import VirtualLoop

RETRY_S = (2.0, 20.0)


@dataclass(slots=True)
class Wanted:
    """A content under way; `left` bytes are still to come."""

    rendition: Rendition
    urgency_ms: int
    emergency: bool
    left: int


class Carrier:
    """`open` tells whether the content server can be reached now. What is stored survives power cuts."""

    def __init__(
        self,
        loop: VirtualLoop,
        source: random.Random,
        *,
        bytes_per_s: int,
        is_open: Callable[[], bool],
        stored: Callable[[bytes], None],
        failed: Callable[[bytes, str], None],
    ) -> None:
        self._loop, self._random, self._rate = loop, source, bytes_per_s
        self._is_open, self._stored, self._failed = is_open, stored, failed
        self.here: dict[bytes, int] = {}
        self.needed: set[bytes] = set()
        self.capacity = 64 << 20
        self.spoils = 0.0
        """The share of downloads that arrive with a wrong hash."""
        self._left: dict[bytes, int] = {}
        self._wanted: dict[bytes, Wanted] = {}
        self._timer: asyncio.TimerHandle | None = None

    def has(self, sha: bytes) -> bool:
        return sha in self.here

    def want(self, rendition: Rendition, urgency_ms: int, *, emergency: bool) -> None:
        sha = rendition.sha256
        self.needed.add(sha)
        if sha in self.here:
            self._loop.call_soon(self._told, sha)
            return
        left = self._left.get(sha, rendition.size)
        self._wanted[sha] = Wanted(rendition, urgency_ms, emergency, left)
        self._go_on()

    def drop(self, sha: bytes) -> None:
        """Nobody needs it any more; it may go when room is wanted."""
        self._wanted.pop(sha, None)
        self.needed.discard(sha)

    def cut(self) -> None:
        """The power is gone; the parts on flash are kept."""
        self._wanted.clear()
        self.needed.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def lose(self, sha: bytes) -> None:
        """The file is spoilt."""
        self.here.pop(sha, None)

    def _told(self, sha: bytes) -> None:
        if sha in self.here and sha in self.needed:
            self._stored(sha)

    def _go_on(self) -> None:
        if self._timer is not None or not self._wanted:
            return
        if not self._is_open():
            self._timer = self._loop.call_later(self._random.uniform(*RETRY_S), self._again)
            return
        first = min(self._wanted.values(), key=lambda each: (each.urgency_ms, not each.emergency))
        lasts_s = 0.05 + first.left / self._rate
        self._timer = self._loop.call_later(lasts_s, self._arrived, first, self._loop.time())

    def _again(self) -> None:
        self._timer = None
        self._go_on()

    def _arrived(self, wanted: Wanted, since_s: float) -> None:
        self._timer = None
        sha = wanted.rendition.sha256
        if sha not in self._wanted:
            self._go_on()
            return
        if not self._is_open():
            # Cut somewhere on the way: what had come by then is kept.
            came = int(self._random.random() * (self._loop.time() - since_s) * self._rate)
            wanted.left = self._left[sha] = max(1, wanted.left - came)
            self._go_on()
            return
        del self._wanted[sha]
        self._left.pop(sha, None)
        self._settle(wanted, sha)
        self._go_on()

    def _settle(self, wanted: Wanted, sha: bytes) -> None:
        if self._random.random() < self.spoils:
            self._failed(sha, "corrupt")
        elif not self._make_room(wanted.rendition.size):
            self._failed(sha, "full")
        else:
            self.here[sha] = wanted.rendition.size
            self._stored(sha)

    def _make_room(self, size: int) -> bool:
        idle = [sha for sha in self.here if sha not in self.needed]
        while sum(self.here.values()) + size > self.capacity and idle:
            self.here.pop(idle.pop(0))
        return sum(self.here.values()) + size <= self.capacity
