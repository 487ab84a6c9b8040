"""A station on this machine: real MP3 or Opus over HTTP, as fast as it sounds or all at once, until it is cut off."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from audio.codec import encode_mp3, encode_opus

RATE_HZ = 16_000
Pcm = NDArray[np.int16]


def hum(seconds: float, *, hz: int = 440, level: float = 0.2) -> Pcm:
    """A steady tone."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (np.sin(2 * np.pi * hz * at) * level * 32_767).astype(np.int16)


def mp3(pcm: Pcm) -> bytes:
    out = io.BytesIO()
    encode_mp3([pcm], bitrate=32_000, out=out)
    return out.getvalue()


def opus(pcm: Pcm) -> bytes:
    out = io.BytesIO()
    encode_opus([pcm], bitrate=16_000, out=out)
    return out.getvalue()


@dataclass
class StationServer:
    """What it answers: the whole of it to everybody who asks. asked: the first lines of the questions."""

    url: str = ""
    head: bytes = b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n"
    body: bytes = b""
    hangs: bool = True
    """Whether it keeps the connection after all was said, as a station that went silent does."""
    asked: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one listener until she goes."""
        try:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0])
            writer.write(self.head + self.body)
            await writer.drain()
            if self.hangs:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def station() -> AsyncIterator[StationServer]:
    """A station on a free port."""
    made = StationServer()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
    try:
        yield made
    finally:
        server.close()
