"""MQTT packets are found again in a stream however it was cut, and the payload of a PUBLISH in its packet."""

from random import Random

from tests.support.chaos_packets import Packets, is_publish, payload_at


def publish(topic: bytes, payload: bytes, qos: int = 0) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (b"\0\7" if qos else b"") + payload
    length, size = len(body), b""
    while True:
        length, low = divmod(length, 128)
        size += bytes([low | (0x80 if length else 0)])
        if not length:
            return bytes([0x30 | qos << 1]) + size + body


PACKETS = [b"\x20\x02\0\0", publish(b"a/b", b"x"), b"\xd0\0", publish(b"t", b"y" * 20_000), publish(b"t", b"", qos=1)]


def test_they_are_found_however_the_stream_was_cut() -> None:
    stream = b"".join(PACKETS)
    for seed in range(50):
        random, packets, found, at = Random(seed), Packets(), [], 0
        while at < len(stream):
            size = random.choice((1, 2, 3, 100, 30_000))
            found += packets.feed(stream[at : at + size])
            at += size
        assert found == PACKETS


def test_the_payload_is_where_the_topic_ends() -> None:
    payloads = [packet[payload_at(packet) :] for packet in PACKETS if is_publish(packet)]
    assert payloads == [b"x", b"y" * 20_000, b""]


def test_what_is_no_mqtt_is_handed_through() -> None:
    assert Packets().feed(b"\x30\xff\xff\xff\xff\xff noise") == [b"\x30\xff\xff\xff\xff\xff noise"]
