"""Trying a station's stream: looked up, opened for a few seconds, and listened to, as far as its address is allowed."""

import asyncio
import re
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from audio.streams import Excerpt, listen
from base.errors import Conflict, Refused, Unavailable
from devices.wire.content import QUIET_DBFS
from schedules.stream_address import check_address, host_of, is_public

LOOK_UP_S, CONNECT_S, LISTEN_S = 3.0, 5.0, 5.0
ENOUGH_BYTES = 80_000
"""Two seconds of the fattest stream there is; many servers send as much at once."""
MAX_REDIRECTS, MAX_HEAD_BYTES, MAX_AT_ONCE = 3, 16_384, 2
_STATUS = re.compile(rb"(?:HTTP/1\.[01]|ICY) (\d{3})")
_FIELD = re.compile(rb"^([A-Za-z-]+):[ \t]*([!-~ ]{1,512}?)[ \t]*\r?$", re.MULTILINE)
_LISTS = re.compile(r"mpegurl|scpls|pls\+xml|xspf", re.IGNORECASE)

Reader = asyncio.StreamReader


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found: the sound, and how fast its bytes come, in kbit/s."""

    excerpt: Excerpt
    kbit_s: int

    @property
    def silent(self) -> bool:
        """Whether a speaker would take it for dead."""
        return self.excerpt.level_dbfs < QUIET_DBFS


class StreamTrials:
    """A few at once on one server. folder: for what was fetched, as long as it is listened to.

    private: whether streams of our own networks may be opened.
    """

    def __init__(self, folder: Path, *, private: bool = False) -> None:
        self._folder = folder
        self._private = private
        self._running = 0

    async def look_up(self, url: str) -> list[str]:
        """The addresses of its host, all of them allowed; none when the name is not known here or now.

        Raises Refused: relay_address_wrong, relay_address_secret, relay_address_private.
        """
        check_address(url, private=self._private)
        host = host_of(url)
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # a TimeoutError is an OSError
            return []
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._private and not all(is_public(each) for each in addresses):
            raise Refused("schedules.relay_address_private", host=host[:80])
        return addresses

    async def listen(self, url: str, name: str) -> Trial:
        """Open a stream for a few seconds.

        Raises Refused: what `look_up` does, server.stream_list, audio.not_audio, …; Unavailable: server.stream_unknown,
        server.stream_unreachable, server.stream_answer, server.stream_empty; Conflict: server.stream_busy.
        """
        if self._running >= MAX_AT_ONCE:
            raise Conflict("server.stream_busy", limit=MAX_AT_ONCE)
        self._running += 1
        try:
            content = await self._fetch(url, name)
            excerpt = await self._listened(content, name)
        finally:
            self._running -= 1
        return Trial(excerpt, round(len(content) * 8 / max(1, excerpt.duration_ms)))

    async def _fetch(self, url: str, name: str) -> bytes:
        try:
            for _ in range(MAX_REDIRECTS + 1):
                async with self._opened(url, name) as reader:
                    status, fields, first = await _head(reader)
                    if status == 200:
                        return await _body(reader, fields, first, name)
                    url = _redirected(url, status, fields, name)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, EOFError) as error:
            raise Unavailable("server.stream_unreachable", name=name, problem=type(error).__name__) from error
        raise Unavailable("server.stream_answer", name=name, status=f"> {MAX_REDIRECTS}")

    async def _listened(self, content: bytes, name: str) -> Excerpt:
        with tempfile.NamedTemporaryFile(prefix="stream-", dir=self._folder) as file:
            file.write(content)
            file.flush()
            return await listen(Path(file.name), name=name)

    @asynccontextmanager
    async def _opened(self, url: str, name: str) -> AsyncIterator[Reader]:
        """Connected to the very address that was looked at, and asked; HTTP/1.0, as a speaker asks."""
        addresses = await self.look_up(url)
        if not addresses:
            raise Unavailable("server.stream_unknown", name=name, host=host_of(url)[:80])
        parts, safe = urlsplit(url), url.startswith("https:")
        secure = ssl.create_default_context() if safe else None
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                addresses[0],
                parts.port or (443 if safe else 80),
                ssl=secure,
                server_hostname=host_of(url) if safe else None,
                limit=MAX_HEAD_BYTES,
            )
        try:
            writer.write(_question(url))
            await writer.drain()
            yield reader
        finally:
            writer.close()
            with suppress(OSError, TimeoutError, ssl.SSLError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()


def _question(url: str) -> bytes:
    parts = urlsplit(url)
    path = parts.path or "/"
    asked = f"{path}?{parts.query}" if parts.query else path
    lines = (f"GET {asked} HTTP/1.0", f"Host: {parts.netloc}", "User-Agent: loa", "Accept: audio/*", "", "")
    return "\r\n".join(lines).encode("ascii")


async def _head(reader: Reader) -> tuple[int, dict[str, str], bytes]:
    """Status, fields by small name, and what came of the body with them. Raises OSError."""
    got = b""
    async with asyncio.timeout(CONNECT_S):
        while not (end := re.search(rb"\r?\n\r?\n", got)):
            more = await reader.read(4_096) if len(got) < MAX_HEAD_BYTES else b""
            if not more:
                raise EOFError
            got += more
    status = _STATUS.match(got)
    if status is None:
        raise EOFError
    fields = {name.decode().lower(): value.decode() for name, value in _FIELD.findall(got[: end.end()])}
    return int(status[1]), fields, got[end.end() :]


async def _body(reader: Reader, fields: dict[str, str], first: bytes, name: str) -> bytes:
    """What comes in a few seconds. A server sends what it has first, then as fast as it sounds."""
    if _LISTS.search(fields.get("content-type", "")):
        raise Refused("server.stream_list", name=name)
    got = bytearray(first)
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_S):
            while len(got) < ENOUGH_BYTES and (more := await reader.read(16_384)):
                got += more
    if not got:
        raise Unavailable("server.stream_empty", name=name)
    return bytes(got)


def _redirected(url: str, status: int, fields: dict[str, str], name: str) -> str:
    target = urljoin(url, fields["location"]) if status in {301, 302, 303, 307, 308} and "location" in fields else ""
    if not target or (url.startswith("https:") and not target.startswith("https:")):
        raise Unavailable("server.stream_answer", name=name, status=str(status))
    return target
