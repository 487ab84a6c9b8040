"""What a journalled process said: MQTT messages and HTTP answers, each with the record that completed it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.support.chaos_packets import Packets, is_publish, payload_at
from tests.support.disk_records import Record, sent

MQTT_CONNECT = 0x10


@dataclass(frozen=True, slots=True)
class Said:
    """One MQTT message that left the process."""

    number: int
    topic: str
    payload: bytes


def published(records: Sequence[Record]) -> list[Said]:
    """Every PUBLISH, in the order in which they left."""
    found = [said for stream in sent(records).values() if stream[0][1][0] == MQTT_CONNECT for said in _messages(stream)]
    return sorted(found, key=lambda said: said.number)


def _messages(stream: Sequence[tuple[int, bytes]]) -> Iterator[Said]:
    packets = Packets()
    for number, piece in stream:
        for packet in packets.feed(piece):
            if is_publish(packet):
                at = payload_at(packet)
                yield Said(number, _topic(packet, at), packet[at:])


def _topic(packet: bytes, payload: int) -> str:
    """The topic ends where the payload begins; its length stands before it."""
    header = 1
    while packet[header] & 0x80:
        header += 1
    return packet[header + 3 : payload].decode()


def answered(records: Sequence[Record], text: str) -> int:
    """The number of the record with which this text had left in some HTTP answer.

    The last record when it is in none: a kill came between saying and noting it.
    """
    for stream in sent(records).values():
        whole = b""
        for number, piece in stream:
            whole += piece
            if whole.startswith(b"HTTP/1.1 ") and text.encode() in whole:
                return number
    return len(records) - 1
