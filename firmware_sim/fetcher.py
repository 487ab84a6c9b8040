"""Bringing content here over HTTP: the most urgent first, resumed after every cut, hashed before use.

A part stays on flash with its offset, so that neither a cut nor a power cut costs a byte twice.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import httpx
import structlog

from base.errors import Unavailable
from devices.wire.content import Rendition
from firmware_sim.contents import Contents

_log = structlog.get_logger(__name__)

CONCURRENCY = 2
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 60.0
MAX_FAULTS = 3
"""After so many answers that are wrong in themselves (not found, corrupt) the content counts as not to be had."""
TIMEOUT = httpx.Timeout(20.0, connect=10.0, pool=None)


class _Wrong(Exception):
    """The answer itself is wrong; asking again is of little use."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    ) -> None:
        self._device, self._client, self._gate, self._urls, self._contents = device, client, gate, urls, contents
        self._on_stored, self._on_failed, self._jitter = on_stored, on_failed, jitter
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
        self._contents.need(rendition.sha256, bank=bank)
        self._start()

    def drop(self, sha: bytes) -> None:
        """It is not needed any more; what was gathered of it goes."""
        self._contents.forget(sha)
        wanted = self._wanted.pop(sha, None)
        if wanted is not None:
            if wanted.task is not None:
                wanted.task.cancel()
            self._contents.folder.part(self._device, sha).unlink(missing_ok=True)
            self._start()

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
        for wanted in ready[CONCURRENCY:]:
            if wanted.task is not None:
                wanted.task.cancel()
                wanted.task = None
        for wanted in ready[:CONCURRENCY]:
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
        except (httpx.HTTPError, httpx.InvalidURL, OSError, Unavailable) as error:
            _log.debug("content.cut", device=self._device, sha=sha.hex()[:12], problem=str(error) or repr(error))
            self._pause(wanted)
        except _Wrong as wrong:
            wanted.faults += 1
            if wanted.faults >= MAX_FAULTS or wrong.reason == "full":
                self._wanted.pop(sha, None)
                _remove(self._contents.folder.part(self._device, sha))
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
        dropped = self._contents.make_room(size, over_bank=wanted.emergency)
        if dropped is None:
            raise _Wrong("full")
        for gone in dropped:
            self._on_failed(gone, "dropped")
        part = self._contents.folder.part(self._device, sha)
        if _size(part) < size:
            async with self._gate:
                await self._download(wanted, part)
        if not await self._contents.folder.take(self._device, sha):
            raise _Wrong("corrupt")
        await self._contents.add(sha, size)

    async def _download(self, wanted: _Wanted, part: Path) -> None:
        size, offset = wanted.rendition.size, _size(part)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
        async with self._client.stream("GET", self._url(wanted), headers=headers, timeout=TIMEOUT) as answer:
            start = _start_of(answer, offset, size)
            if start is None:
                _remove(part)
                raise _Wrong("not_found" if answer.status_code in {403, 404, 410} else "corrupt")
            await _pour(answer, part, start, size)
        if _size(part) < size:
            raise httpx.ReadError("the answer ended early")

    def _url(self, wanted: _Wanted) -> str:
        urls = self._urls()
        if not urls:
            raise _Wrong("not_found")
        return f"{urls[wanted.tries % len(urls)].rstrip('/')}/{wanted.rendition.sha256.hex()}"


async def _pour(answer: httpx.Response, part: Path, start: int, size: int) -> None:
    """Write the answer into the part from `start` on, never more than `size` in all."""
    with _open_at(part, start) as file:
        at = start
        # As it comes off the wire: gathered into even chunks, the last of them would be lost in a cut.
        async for chunk in answer.aiter_raw():
            at += len(chunk)
            if at > size:
                file.truncate(0)
                raise _Wrong("corrupt")
            file.write(chunk)


def _start_of(answer: httpx.Response, offset: int, size: int) -> int | None:
    """Where in the content the answer begins; None for an answer that is of no use. Raises for a server's trouble."""
    if answer.status_code >= 500 or answer.status_code in {408, 425, 429}:
        answer.raise_for_status()
    if answer.status_code == 200:
        return 0
    expected = f"bytes {offset}-{size - 1}/{size}"
    if answer.status_code == 206 and answer.headers.get("content-range", "") == expected:
        return offset
    return None


def _open_at(part: Path, start: int) -> FileIO:
    """The part, cut to `start` bytes, ready to be written on."""
    file = part.open("r+b" if start else "wb", buffering=0)
    file.truncate(start)
    file.seek(start)
    return file


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
