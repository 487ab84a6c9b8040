"""The boundaries of MQTT packets in a stream of bytes, and the payload within a PUBLISH (pure)."""

PUBLISH = 3
MAX_LENGTH_BYTES = 4


class Packets:
    """Cuts a stream into whole packets; bytes that are no MQTT are handed through as they are."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are whole now."""
        self._buffer += data
        found = []
        while (size := _size(self._buffer)) and len(self._buffer) >= size:
            found.append(bytes(self._buffer[:size]))
            del self._buffer[:size]
        return found


def is_publish(packet: bytes) -> bool:
    return packet[0] >> 4 == PUBLISH


def payload_at(packet: bytes) -> int:
    """Where the payload of a PUBLISH begins."""
    header = _header(packet)
    topic = header + 2 + int.from_bytes(packet[header : header + 2], "big")
    return topic + (2 if packet[0] >> 1 & 3 else 0)


def _header(packet: bytes | bytearray) -> int:
    """Bytes of the fixed header: the type and the length of what follows."""
    at = 1
    while at < len(packet) and at <= MAX_LENGTH_BYTES and packet[at] & 0x80:
        at += 1
    return at + 1


def _size(buffer: bytearray) -> int:
    """Bytes of the first packet; 0 while that cannot be told."""
    length = 0
    for at, byte in enumerate(buffer[1 : 1 + MAX_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * at)
        if not byte & 0x80:
            return 2 + at + length
    return len(buffer) if len(buffer) > MAX_LENGTH_BYTES else 0
