"""Many bare MQTT subscribers in one process: the smallest cost a receiver can have.

They speak just enough MQTT 3.1.1 to subscribe and to notice a PUBLISH; nothing is decoded beyond the fixed header.
"""

import selectors
import socket
import struct
import time
from collections.abc import Callable, Sequence

KEEPALIVE_S = 600
REFUSED = 0x80


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


def connect(host: str, port: int, user: str, password: str) -> socket.socket:
    """A connection the broker has accepted. Raises ConnectionError."""
    sock = socket.create_connection((host, port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = _string("MQTT") + b"\x04\xc2" + struct.pack("!H", KEEPALIVE_S)
    sock.sendall(_packet(0x10, head + _string(user) + _string(user) + _string(password)))
    if _exactly(sock, 4)[-1] != 0:
        raise ConnectionError(f"the broker refused {user}")
    return sock


def publish_packet(topic: str, payload: bytes) -> bytes:
    """A PUBLISH at QoS 0."""
    return _packet(0x30, _string(topic) + payload)


def _exactly(sock: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = sock.recv(size - len(got))
        if not more:
            raise ConnectionError("the broker closed the connection")
        got += more
    return got


class LightSubscribers:
    """Connections subscribed to one topic; `wait` tells when the last of them got the next message."""

    def __init__(self, host: str, port: int, accounts: Sequence[tuple[str, str]], topic: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = [self._subscribed(host, port, user, password, topic) for user, password in accounts]
        self.count = len(accounts)

    def _subscribed(self, host: str, port: int, user: str, password: str, topic: str) -> socket.socket:
        sock = connect(host, port, user, password)
        sock.sendall(_packet(0x82, b"\x00\x01" + _string(topic) + b"\x00"))
        if _exactly(sock, 5)[-1] == REFUSED:
            raise ConnectionError(f"{user} may not subscribe to {topic}")
        sock.setblocking(False)  # noqa: FBT003 - the standard library's own
        self._selector.register(sock, selectors.EVENT_READ)
        return sock

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
                waiting.discard(sock)
        return time.perf_counter() - start

    def close(self) -> None:
        """Hang up."""
        for sock in self._sockets:
            self._selector.unregister(sock)
            sock.close()
        self._selector.close()
