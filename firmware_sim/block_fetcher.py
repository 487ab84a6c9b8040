"""Bringing content here in blocks, as frames carry them, where HTTP does not pass."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.wire.blocks import Block
from devices.wire.content import Rendition
from firmware_sim.block_map import FIRST_WINDOW, next_window
from firmware_sim.block_part import BlockPart

PATIENCE_S = 10.0
"""So long without a block, and what is missing is asked for again."""
MAX_SILENCES = 3
SPELL_S = 300.0
"""After so long the other way is tried again."""


class BlocksStalled(Exception):
    """Nothing came, however often it was asked for."""


class BlockFetcher:
    """One device's. `ask` sends a request for blocks of a content; `usable`: whether there is a link to send it by."""

    def __init__(
        self,
        ask: Callable[[bytes, Sequence[int]], None],
        usable: Callable[[], bool],
    ) -> None:
        self._ask, self.usable = ask, usable
        self._inboxes: dict[bytes, asyncio.Queue[Block]] = {}

    def take(self, block: Block) -> None:
        """A block came."""
        inbox = self._inboxes.get(block.sha256)
        if inbox is not None:
            inbox.put_nowait(block)

    async def bring(self, rendition: Rendition, part: Path) -> bool:
        """Gather for a while; whether `part` is complete. Raises BlocksStalled, OSError."""
        gathered = await asyncio.to_thread(BlockPart, part, rendition.size)
        inbox = self._inboxes[rendition.sha256] = asyncio.Queue()
        end_s = _now_s() + SPELL_S
        silences, window = 0, FIRST_WINDOW
        try:
            while not gathered.map.complete and _now_s() < end_s:
                asked_s, wanted = _now_s(), gathered.map.missing(window)
                came = await self._window(rendition.sha256, wanted, gathered, inbox)
                window = next_window(len(wanted), len(came), _now_s() - asked_s)
                if came:
                    await asyncio.to_thread(gathered.write, came)
                silences = 0 if came else silences + 1
                if silences == MAX_SILENCES:
                    raise BlocksStalled
        finally:
            self._inboxes.pop(rendition.sha256, None)
        if gathered.map.complete:
            await asyncio.to_thread(gathered.hand_over)
        return gathered.map.complete

    async def _window(
        self, sha: bytes, asked: Sequence[int], gathered: BlockPart, inbox: "asyncio.Queue[Block]"
    ) -> list[Block]:
        """Ask for some blocks, and give back those that came until all were here or none came for a while."""
        wanted, asked_s = set(asked), _now_s()
        self._ask(sha, asked)
        came: list[Block] = []
        until_s = asked_s + PATIENCE_S
        while wanted and _now_s() < until_s:
            try:
                async with asyncio.timeout(until_s - _now_s()):
                    block = await inbox.get()
            except TimeoutError:
                break
            # What nobody asked for buys no patience: else whoever sends it could keep the other ways from being tried.
            if block.index in wanted and gathered.map.fits(block):
                wanted.discard(block.index)
                came.append(block)
                # Where one frame came, another with the rest would follow within about that time.
                until_s = _now_s() + min(PATIENCE_S, 1.0 + 2 * (_now_s() - asked_s))
        return came


def _now_s() -> float:
    return asyncio.get_running_loop().time()
