"""Bringing content here: the most urgent first, by HTTP or else in blocks, resumed after every cut, hashed before use.

A part stays on flash with its offset, so that neither a cut nor a power cut costs a byte twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from base.errors import Unavailable
from devices.wire.content import Rendition
from firmware_sim.block_fetcher import BlockFetcher, BlocksStalled
from firmware_sim.block_part import prepare_for_http
from firmware_sim.contents import Contents
from firmware_sim.download import WrongAnswer, download, size_of
from firmware_sim.outage import Outage

_log = structlog.get_logger(__name__)

CONCURRENCY = 2
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 60.0
MAX_FAULTS = 3
"""After so many answers that are wrong in themselves (not found, corrupt) the content counts as not to be had."""


@dataclass(slots=True)
class _Wanted:
    rendition: Rendition
    urgency_ms: int
    bank: bool
    emergency: bool
    tries: int = 0
    faults: int = 0
    not_before_s: float = 0.0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Fetcher:
    """One device's downloads. `urls` gives the content addresses in force, each tried in turn.

    `gate` limits the downloads of a whole process: a long queue inside the HTTP client slows all of it down.
    blocks: the way round, for when no content address has answered for 30 s.
    """

    def __init__(
        self,
        *,
        device: str,
        client: httpx.AsyncClient,
        gate: asyncio.Semaphore,
        urls: Callable[[], Sequence[str]],
        contents: Contents,
        on_stored: Callable[[bytes], None],
        on_failed: Callable[[bytes, str], None],
        jitter: Callable[[], float],
        blocks: BlockFetcher | None = None,
    ) -> None:
        self._device, self._client, self._gate, self._urls, self._contents = device, client, gate, urls, contents
        self._on_stored, self._on_failed, self._jitter = on_stored, on_failed, jitter
        self._blocks, self._outage = blocks, Outage()
        self._wanted: dict[bytes, _Wanted] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def want(self, rendition: Rendition, urgency_ms: int, *, bank: bool, emergency: bool) -> None:
        """Bring this content here, the least urgency first; an urgent one takes the place of a less urgent.

        An `emergency` may take the room of the message bank.
        """
        known = self._wanted.get(rendition.sha256)
        if known is None:
            self._wanted[rendition.sha256] = _Wanted(rendition, urgency_ms, bank, emergency)
        else:
            known.urgency_ms, known.bank = min(known.urgency_ms, urgency_ms), known.bank and bank
            known.emergency = known.emergency or emergency
        self._contents.need(rendition.sha256, urgency_ms=urgency_ms, bank=bank)
        self._start()

    def drop(self, sha: bytes) -> None:
        """It is not needed any more; what was gathered of it goes."""
        self._contents.forget(sha)
        wanted = self._wanted.pop(sha, None)
        if wanted is not None:
            if wanted.task is not None:
                wanted.task.cancel()
            self._contents.folder.drop_part(self._device, sha)
            self._start()

    def here(self, sha: bytes) -> None:
        """It came by another way."""
        wanted = self._wanted.pop(sha, None)
        if wanted is None:
            return
        if wanted.task is not None:
            wanted.task.cancel()
        self._on_stored(sha)
        self._start()

    def dropped(self, shas: Sequence[bytes]) -> None:
        """These had to go, though they are needed."""
        for sha in shas:
            self._on_failed(sha, "dropped")

    def close(self) -> None:
        """Stop everything; parts stay."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for wanted in self._wanted.values():
            if wanted.task is not None:
                wanted.task.cancel()

    def _start(self) -> None:
        """Give the places to the most urgent of those that need not wait."""
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        ready = [w for w in self._wanted.values() if w.task is not None or w.not_before_s <= loop.time()]
        ready.sort(key=lambda wanted: wanted.urgency_ms)
        places = 1 if self._in_blocks() else CONCURRENCY
        for wanted in ready[places:]:
            if wanted.task is not None:
                wanted.task.cancel()
                wanted.task = None
        for wanted in ready[:places]:
            if wanted.task is None:
                wanted.task = loop.create_task(self._bring(wanted))
        self._wake_for_the_next(loop)

    def _wake_for_the_next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        later = [w.not_before_s for w in self._wanted.values() if w.task is None and w.not_before_s > loop.time()]
        if later:
            self._timer = loop.call_at(min(later), self._start)

    async def _bring(self, wanted: _Wanted) -> None:
        sha = wanted.rendition.sha256
        try:
            await self._attempt(wanted)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError, Unavailable, BlocksStalled) as error:
            # ValueError: a host name that is none, as IDNA has it.
            _log.debug("content.cut", device=self._device, sha=sha.hex()[:12], problem=str(error) or repr(error))
            self._pause(wanted)
        except WrongAnswer as wrong:
            wanted.faults += 1
            if wanted.faults >= MAX_FAULTS or wrong.reason == "full":
                self._wanted.pop(sha, None)
                self._contents.folder.drop_part(self._device, sha)
                self._on_failed(sha, wrong.reason)
            else:
                self._pause(wanted)
        else:
            self._wanted.pop(sha, None)
            self._on_stored(sha)
        self._start()

    def _pause(self, wanted: _Wanted) -> None:
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** min(wanted.tries, 10))
        wanted.tries += 1
        wanted.not_before_s = asyncio.get_running_loop().time() + pause_s * (0.5 + self._jitter())
        wanted.task = None

    async def _attempt(self, wanted: _Wanted) -> None:
        sha, size = wanted.rendition.sha256, wanted.rendition.size
        if await self._contents.has(sha):
            return
        part = self._contents.folder.part(self._device, sha)
        self._make_room(wanted, part)
        while size_of(part) < size or part.with_suffix(".blocks").exists():
            await self._gather(wanted, part)
        if not await self._contents.folder.take(self._device, sha):
            raise WrongAnswer("corrupt")
        await self._contents.add(sha, size)

    def _make_room(self, wanted: _Wanted, part: Path) -> None:
        gathered = size_of(part)
        dropped = self._contents.make_room(
            wanted.rendition.size, urgency_ms=wanted.urgency_ms, emergency=wanted.emergency, gathered=gathered
        )
        if dropped is None:
            raise WrongAnswer("full")
        self.dropped(dropped)

    async def _gather(self, wanted: _Wanted, part: Path) -> None:
        """One try to bring more of it here."""
        if self._blocks is not None and self._in_blocks() and not self._outage.probe_due(self._now_s()):
            await self._blocks.bring(wanted.rendition, part)
            return
        await asyncio.to_thread(prepare_for_http, part, wanted.rendition.size)
        if size_of(part) < wanted.rendition.size:
            async with self._gate:
                await self._download(wanted, part)

    async def _download(self, wanted: _Wanted, part: Path) -> None:
        urls = self._urls()
        if not urls:
            raise httpx.InvalidURL("no content address")
        base = urls[wanted.tries % len(urls)]
        url = f"{base.rstrip('/')}/{wanted.rendition.sha256.hex()}"
        before = size_of(part)
        try:
            await download(self._client, url, part, wanted.rendition.size)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            if size_of(part) > before:
                self._outage.answered()
                wanted.tries = 0
            else:
                self._outage.failed(base, self._now_s())
            raise
        except WrongAnswer:
            self._outage.answered()
            raise
        self._outage.answered()

    def _in_blocks(self) -> bool:
        """Whether content comes in blocks now."""
        return self._blocks is not None and self._blocks.usable() and self._outage.total(self._urls(), self._now_s())

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
