"""A broker that only plays: whoever connects and subscribes is sent a prepared stream, as fast as it is taken in.

So that what is measured is the receiver, and neither a broker nor those who publish.
"""

import multiprocessing
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

from benchmarks.light import publish_packet

_NEXT = ""
CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x03"


CHUNK = 1_000
"""Messages that are sent together."""
AHEAD = 45
"""Chunks that may be sent and not be done with."""


def write_stream(path: Path, messages: Iterable[tuple[str, bytes]]) -> int:
    """Write messages as PUBLISH packets, each chunk behind its length; how many messages there are."""
    count = 0
    with path.open("wb") as file:
        for chunk in _chunks(messages):
            packets = b"".join(publish_packet(topic, payload) for topic, payload in chunk)
            file.write(len(packets).to_bytes(4, "big") + packets)
            count += len(chunk)
    return count


def _chunks(messages: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    rest = iter(messages)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


class Playback:
    """Plays in a process of its own. `port` is where it listens."""

    def __init__(self, port: int, orders: "Connection[str, int]") -> None:
        self.port = port
        self._orders = orders
        self._done = 0

    def load(self, stream: Path) -> None:
        """What the next who connects is sent."""
        self._orders.send(str(stream))
        self._done = 0

    def done(self, messages: int) -> None:
        """So many messages of the stream are done with: more may come."""
        while self._done + CHUNK <= messages:
            self._done += CHUNK
            self._orders.send(_NEXT)


@contextmanager
def playing() -> Iterator[Playback]:
    """A playback until the block ends."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that its end is noticed
    try:
        yield Playback(ours.recv(), ours)
    finally:
        process.kill()
        process.join()


def _serve(orders: "Connection[int, str]") -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        orders.send(door.getsockname()[1])
        while True:
            stream = orders.recv()
            while stream == _NEXT:
                stream = orders.recv()
            line, _ = door.accept()
            with line, Path(stream).open("rb") as file:
                _shake_hands(line)
                for sent, chunk in enumerate(_read_chunks(file)):
                    if sent >= AHEAD:
                        orders.recv()
                    line.sendall(chunk)
                while line.recv(65_536):
                    pass


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while head := file.read(4):
        yield file.read(int.from_bytes(head, "big"))


def _shake_hands(line: socket.socket) -> None:
    with line.makefile("rb") as asked:
        _packet(asked)
        line.sendall(CONNACK)
        subscribe = _packet(asked)
        line.sendall(SUBACK + subscribe[:2] + b"\x00")


def _packet(stream: BinaryIO) -> bytes:
    """The body of a packet of less than 128 bytes."""
    head = stream.read(2)
    return stream.read(head[1])
