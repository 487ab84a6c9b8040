"""One download by HTTP into a part: resumed where it was cut, never longer than it may be."""

import socket
import sys
from io import FileIO
from pathlib import Path

import httpx

TIMEOUT = httpx.Timeout(20.0, connect=10.0, pool=None)
RECEIVE_BUFFER_BYTES = 16 << 10
"""A cut loses what the network holds for us: a small window keeps that small, and still fills some 2 Mbit/s."""


def transport(limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    """What downloads are made with."""
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)]
    return httpx.AsyncHTTPTransport(limits=limits, socket_options=[*options, *_asking_whether_it_lives()])


def _asking_whether_it_lives() -> list[tuple[int, int, int]]:
    """After 4 s of silence the other end is asked, every 2 s, and given up after four questions.

    So a connection that died with the device's address is known before the read times out, while one that only waits
    for lost packets is kept: what is on its way there would have to be read again.
    """
    if sys.platform != "linux":
        return []
    probing = ((socket.TCP_KEEPIDLE, 4), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 4))
    return [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        *((socket.IPPROTO_TCP, option, value) for option, value in probing),
    ]


class WrongAnswer(Exception):
    """The answer itself is wrong; asking again is of little use. reason: not_found, corrupt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def download(client: httpx.AsyncClient, url: str, part: Path, size: int) -> None:
    """Bring the part to `size` bytes. Raises WrongAnswer, httpx.HTTPError, httpx.InvalidURL, OSError.

    What came before a cut stays in the part.
    """
    offset = size_of(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    async with client.stream("GET", url, headers=headers, timeout=TIMEOUT) as answer:
        start = _start_of(answer, offset, size)
        if start is None:
            _remove(part)
            raise WrongAnswer("not_found" if answer.status_code in {403, 404, 410} else "corrupt")
        await _pour(answer, part, start, size)
    if size_of(part) < size:
        raise httpx.ReadError("the answer ended early")


def size_of(path: Path) -> int:
    """Bytes in a file; 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


async def _pour(answer: httpx.Response, part: Path, start: int, size: int) -> None:
    """Write the answer into the part from `start` on, never more than `size` in all."""
    with _open_at(part, start) as file:
        at = start
        # As it comes off the wire: gathered into even chunks, the last of them would be lost in a cut.
        async for chunk in answer.aiter_raw():
            at += len(chunk)
            if at > size:
                file.truncate(0)
                raise WrongAnswer("corrupt")
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
