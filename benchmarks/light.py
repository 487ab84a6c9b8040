"""Many bare MQTT subscribers in one process: the smallest cost a receiver can have.

They speak just enough MQTT 3.1.1 to subscribe and to notice a PUBLISH; nothing is decoded beyond the fixed header.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable

CONNECT_BATCH = 50


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def _packet(kind: int, body: bytes) -> bytes:
    length, head = len(body), bytearray([kind])
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


class LightSubscribers:
    """`count` connections subscribed to one topic; `wait` tells when the last of them got the next message."""

    def __init__(self, host: str, port: int, count: int, topic: str, name: str = "light") -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = [self._connect(host, port, f"{name}-{i}", topic) for i in range(count)]
        self.count = count

    def _connect(self, host: str, port: int, client_id: str, topic: str) -> socket.socket:
        sock = socket.create_connection((host, port), timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(_packet(0x10, _string("MQTT") + b"\x04\x02" + struct.pack("!H", 600) + _string(client_id)))
        self._expect(sock, 4)
        sock.sendall(_packet(0x82, b"\x00\x01" + _string(topic) + b"\x00"))
        self._expect(sock, 5)
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ)
        return sock

    @staticmethod
    def _expect(sock: socket.socket, size: int) -> None:
        got = b""
        while len(got) < size:
            more = sock.recv(size - len(got))
            if not more:
                raise ConnectionError("the broker closed the connection")
            got += more

    def drain(self, quiet_s: float = 0.2) -> None:
        """Throw away what is under way, until nothing came for `quiet_s`."""
        while self._selector.select(quiet_s):
            for key, _ in self._selector.select(0):
                key.fileobj.recv(65536)  # type: ignore[union-attr]  # only sockets are registered

    def wait(self, begin: Callable[[], None], timeout_s: float = 20) -> float:
        """Call `begin`, then give the seconds until every subscriber had something to read. Raises TimeoutError."""
        waiting = set(self._sockets)
        start = time.perf_counter()
        begin()
        while waiting:
            ready = self._selector.select(max(0.0, start + timeout_s - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"{len(waiting)} of {self.count} got nothing")
            for key, _ in ready:
                sock = key.fileobj
                sock.recv(65536)  # type: ignore[union-attr]  # only sockets are registered
                waiting.discard(sock)  # type: ignore[arg-type]
        return time.perf_counter() - start

    def close(self) -> None:
        """Hang up."""
        for sock in self._sockets:
            self._selector.unregister(sock)
            sock.close()
        self._selector.close()
