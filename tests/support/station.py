"""A radio station on a free port: real MP3 or Ogg Opus in real time; it falls silent, stalls or closes when told to."""

import asyncio
import io
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Self

import numpy as np

from audio.codec import RATE_HZ, encode_mp3, encode_opus, pieces

MP3_BITRATE = 32_000
STEP_S = 0.05
BURST_S = 1.0
"""What a listener is given at once, as Icecast does."""
TYPES = {"mp3": "audio/mpeg", "opus": "application/ogg"}
LENGTH_S = 12


@cache
def sent(kind: str, hz: int) -> bytes:
    """Twelve seconds of a pure tone, or of silence for 0 Hz, as a station of this kind sends them."""
    at_s = np.arange(RATE_HZ * LENGTH_S) / RATE_HZ
    pcm = (np.sin(2 * np.pi * hz * at_s) * 8_000).astype(np.int16)
    out = io.BytesIO()
    if kind == "mp3":
        encode_mp3(pieces(pcm), bitrate=MP3_BITRATE, out=out)
    else:
        encode_opus(pieces(pcm), bitrate=16_000, out=out)
    return out.getvalue()


@dataclass
class Station:
    """On the air while it is open. hz: the tone it sends, 0 for silence; stalled: connections stay open, mute."""

    kind: str = "mp3"
    hz: int = 700
    stalled: bool = False
    heard: int = 0
    """How many listeners it has answered."""
    port: int = 0
    _server: asyncio.Server | None = None
    _listeners: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/live"

    async def open(self) -> None:
        """Go on the air, on the same port as before."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse listeners, and cut those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for writer in list(self._listeners):
                writer.transport.abort()
            await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.heard += 1
            writer.write(f"HTTP/1.0 200 OK\r\nContent-Type: {TYPES[self.kind]}\r\nicy-name: loa\r\n\r\n".encode())
            await self._send(writer)
        self._listeners.discard(writer)
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        began_s, done = loop.time(), 0
        while True:
            data = sent(self.kind, self.hz)
            due = round((loop.time() - began_s + BURST_S) * len(data) / LENGTH_S)
            if not self.stalled:
                writer.write(bytes(data[at % len(data)] for at in range(done, due)))
                await writer.drain()
            done = due
            await asyncio.sleep(STEP_S)
