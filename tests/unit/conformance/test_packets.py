"""The kit reads CONNECT, SUBSCRIBE and PUBLISH as paho writes them, however the bytes are cut."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.packets import Connect, Publish, Sniffer, Subscribe


def text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    size, head = len(body), bytearray([first])
    while True:
        head.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes(head) + body


CONNECT = packet(
    0x10,
    text("MQTT") + b"\x04\xc6\x00\x1e" + text("kit-s01") + text("up/bye") + text("") + text("kit-s01") + text("pw"),
)
SUBSCRIBE = packet(0x82, b"\x00\x01" + text("a/b") + b"\x00" + text("c/#") + b"\x01")
PUBLISH = packet(0x31, text("up/hello") + bytes(500))
PING = b"\xc0\x00"
STREAM = CONNECT + SUBSCRIBE + PING + PUBLISH
READ = [
    Connect(4, True, 30, "kit-s01", "kit-s01", "up/bye", 0, 0, False),
    Subscribe((("a/b", 0), ("c/#", 1))),
    Publish("up/hello", 0, True),
]


@settings(max_examples=40)
@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_the_same_is_read_however_the_stream_is_cut(cuts: list[int]):
    edges = [0, *sorted(cuts), len(STREAM)]
    sniffer = Sniffer()
    found = [each for a, b in itertools.pairwise(edges) for each in sniffer.feed(STREAM[a:b])]
    assert found == READ
    assert not sniffer.broken


def test_broken_bytes_end_the_reading():
    sniffer = Sniffer()
    assert list(sniffer.feed(packet(0x10, b"\x00\x09MQ") + PUBLISH)) == []
    assert sniffer.broken
