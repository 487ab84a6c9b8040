"""What of MQTT 3.1.1 the kit reads on a device's connection: CONNECT, SUBSCRIBE, PUBLISH (pure).

Source: MQTT Version 3.1.1 (OASIS), sections 2.2, 3.1, 3.3 and 3.8.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

CONNECT, PUBLISH, SUBSCRIBE = 1, 3, 8


@dataclass(frozen=True, slots=True)
class Connect:
    """How a device connects."""

    level: int
    clean: bool
    keepalive_s: int
    client_id: str
    user: str
    will_topic: str
    will_bytes: int
    will_qos: int
    will_retained: bool


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    qos: int
    retained: bool


@dataclass(frozen=True, slots=True)
class Subscribe:
    """(topic filter, QoS) of each subscription."""

    wanted: tuple[tuple[str, int], ...]


Packet = Connect | Publish | Subscribe


@dataclass
class Sniffer:
    """Bytes of one direction in, the packets of interest out. Broken bytes end the reading."""

    _data: bytearray = field(default_factory=bytearray)
    broken: bool = False

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Every packet that is whole now."""
        self._data += data
        while not self.broken:
            size, start = _length(self._data)
            if size is None or len(self._data) < start + size:
                return
            first, body = self._data[0], bytes(self._data[start : start + size])
            del self._data[: start + size]
            try:
                packet = _read(first, body)
            except (IndexError, UnicodeDecodeError):
                self.broken = True
                return
            if packet is not None:
                yield packet


def _length(data: bytearray) -> tuple[int | None, int]:
    """Remaining length and where it ends; None while the head is not whole."""
    value = 0
    for at in range(1, min(5, len(data))):
        value |= (data[at] & 0x7F) << (7 * (at - 1))
        if not data[at] & 0x80:
            return value, at + 1
    return None, 0


def _read(first: int, body: bytes) -> Packet | None:
    kind, flags = first >> 4, first & 15
    if kind == CONNECT:
        return _connect(body)
    if kind == PUBLISH:
        return Publish(_text(body, 0)[0], flags >> 1 & 3, bool(flags & 1))
    if kind == SUBSCRIBE:
        return _subscribe(body)
    return None


def _connect(body: bytes) -> Connect:
    _, at = _text(body, 0)
    level, flags, keepalive_s = body[at], body[at + 1], int.from_bytes(body[at + 2 : at + 4], "big")
    client_id, at = _text(body, at + 4)
    topic, message, user = "", b"", ""
    if flags & 4:
        topic, at = _text(body, at)
        message, at = _bytes(body, at)
    if flags & 128:
        user, at = _text(body, at)
    return Connect(
        level, bool(flags & 2), keepalive_s, client_id, user, topic, len(message), flags >> 3 & 3, bool(flags & 32)
    )


def _subscribe(body: bytes) -> Subscribe:
    at, wanted = 2, []
    while at < len(body):
        topic, at = _text(body, at)
        wanted.append((topic, body[at]))
        at += 1
    return Subscribe(tuple(wanted))


def _bytes(body: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(body[at : at + 2], "big")
    end = at + 2 + size
    if end > len(body):
        raise IndexError(end)
    return body[at + 2 : end], end


def _text(body: bytes, at: int) -> tuple[str, int]:
    raw, end = _bytes(body, at)
    return raw.decode("utf-8"), end
