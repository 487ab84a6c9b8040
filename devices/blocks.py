"""Content in blocks for devices that HTTP does not reach: only what an order in force names, a few at a time."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

import structlog

from base.database import Database
from base.times import Clock
from devices.catchup import SendDown
from devices.quietlog import living_on
from devices.repository import log as rows
from devices.wire.blocks import BLOCK_BYTES, Block, Want, block_count
from devices.wire.down import Frame

_log = structlog.get_logger(__name__)

MAX_BLOCKS = 16
"""Blocks sent for one want; a device that lacks more asks again."""
FRAME_BLOCKS = 4
"""Blocks in one frame: 16 KiB, some two seconds of a weak link, after which something urgent may go in between."""
MAX_WAITING = 2
"""Wants of one device that wait; of more, the oldest is dropped: the device asks for what it still lacks."""
MAX_DEVICES = 10_000
FORGET_S = 60.0
"""After so long a want numbered lower than the last one is believed: the device may count anew."""


class ContentBytes(Protocol):
    """Where the bytes of contents lie; another room has them."""

    async def read(self, sha256: str, offset: int, length: int) -> bytes | None:
        """At most `length` bytes from `offset` on; None when the content is not here."""
        ...


class Blocks:
    """One per server process. `run` works until cancelled."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        content: ContentBytes,
        send_down: SendDown,
        steady_s: Callable[[], float] | None = None,
    ) -> None:
        """steady_s: seconds by a clock that nobody sets; the event loop's own when not given."""
        self._database, self._clock, self._content, self._send_down = database, clock, content, send_down
        self._steady_s = steady_s
        self._waiting: OrderedDict[str, deque[Want]] = OrderedDict()
        self._last: OrderedDict[str, tuple[int, int, float]] = OrderedDict()
        self._arrived = asyncio.Event()

    def add(self, want: Want) -> None:
        """A device asks for blocks; they are sent by MQTT in a moment. One that was played again is passed over."""
        if self._is_new(want) and (want.device in self._waiting or len(self._waiting) < MAX_DEVICES):
            self._waiting.setdefault(want.device, deque(maxlen=MAX_WAITING)).append(want)
            self._arrived.set()

    async def run(self) -> None:
        """Send what was asked for, one frame for each device in turn, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                with living_on(_log, "devices.blocks_failed"):
                    await self._serve_next()

    async def answer(self, wants: Sequence[Want], room: int) -> list[Block]:
        """The blocks that one device asks for by another carrier, at most `room` of them."""
        found: list[Block] = []
        for want in [each for each in wants if self._is_new(each)][-MAX_WAITING:]:
            found += await self._blocks(want, min(MAX_BLOCKS, room - len(found)))
        return found

    async def _serve_next(self) -> None:
        device_id, queue = self._waiting.popitem(last=False)
        want = queue.popleft()
        if queue:
            self._waiting[device_id] = queue
        blocks = iter(await self._blocks(want, MAX_BLOCKS))
        while some := tuple(islice(blocks, FRAME_BLOCKS)):
            self._send_down(device_id, Frame(blocks=some).to_bytes())
            await asyncio.sleep(0)

    async def _blocks(self, want: Want, limit: int) -> list[Block]:
        sha256 = want.sha256.hex()
        async with self._database.reading() as session:
            published = await rows.published_content(session, sha256)
        if published is None or published.until <= self._clock():
            return []
        numbers = [number for number in want.blocks() if number < block_count(published.size)][:limit]
        found: list[Block] = []
        for first, count in _runs(numbers):
            data = await self._content.read(sha256, first * BLOCK_BYTES, count * BLOCK_BYTES)
            found += [] if data is None else list(_cut(want.sha256, first, data))
        return found

    def _is_new(self, want: Want) -> bool:
        now_s = asyncio.get_running_loop().time() if self._steady_s is None else self._steady_s()
        boot, n, at_s = self._last.get(want.device, (-1, -1, now_s))
        if (want.boot, want.n) <= (boot, n) and now_s - at_s < FORGET_S:
            return False
        self._last[want.device] = want.boot, want.n, now_s
        self._last.move_to_end(want.device)
        if len(self._last) > MAX_DEVICES:
            self._last.popitem(last=False)
        return True


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as (first, count) of those that follow one another, so that each is one read."""
    first, count = -1, 0
    for number in numbers:
        if count and number == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = number, 1
    if count:
        yield first, count


def _cut(sha256: bytes, first: int, data: bytes) -> Iterator[Block]:
    for at in range(0, len(data), BLOCK_BYTES):
        yield Block(sha256, first + at // BLOCK_BYTES, data[at : at + BLOCK_BYTES])
