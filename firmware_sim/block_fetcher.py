"""Bringing content here in blocks, as frames carry them, where HTTP does not pass."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.wire.blocks import Block
from devices.wire.content import Rendition
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
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._ask, self.usable, self._patience_s = ask, usable, patience_s
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
        end_s = asyncio.get_running_loop().time() + SPELL_S
        silences = 0
        try:
            while not gathered.map.complete and asyncio.get_running_loop().time() < end_s:
                came = await self._window(rendition.sha256, gathered, inbox)
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

    async def _window(self, sha: bytes, gathered: BlockPart, inbox: "asyncio.Queue[Block]") -> list[Block]:
        """Ask for some blocks, and give back those that came until all were here or none came for a while."""
        wanted = set(gathered.map.missing())
        self._ask(sha, sorted(wanted))
        came: list[Block] = []
        while wanted:
            try:
                async with asyncio.timeout(self._patience_s):
                    block = await inbox.get()
            except TimeoutError:
                break
            if block.index in wanted and gathered.map.fits(block):
                wanted.discard(block.index)
                came.append(block)
        return came
