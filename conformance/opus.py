"""Contents for a test: valid Ogg Opus files of silence, each unlike any other, of any size; and live streams (pure).

Source: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg). A frame of silence is three bytes: CELT, full band, 20 ms, mono.
"""

import os
import struct
from collections.abc import Iterator

SILENT_FRAME = b"\xf8\xff\xfe"
LOUD_FRAME = bytes.fromhex("98acaa722b0df1bf899703557f79390f48c79d041204ea34699e69ba366eb9dffdaa0cdff0ebd9ee")
"""Twenty milliseconds of a tone: again and again it decodes to a steady hum of −13 dBFS."""
FRAME_MS = 20
SAMPLES_PER_FRAME = 960
"""Granule positions of Opus count at 48 kHz."""
FRAMES_A_PAGE = 5
_PAGE_BODY = 255 * 255
_SERIAL = 0x4C6F6131
_BEGINS, _ENDS, _CONTINUES = 2, 4, 1


def silence(duration_ms: int, size: int = 0) -> bytes:
    """An Ogg Opus file of about so long; `size`: pad its comments to about so many bytes in all."""
    frames = max(1, duration_ms // FRAME_MS)
    padding = max(16, size - frames * 4 - 300)
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, 16_000, 0, 0)
    comment = b"kit=" + os.urandom(padding // 2 + 1).hex().encode()[:padding]
    tags = b"OpusTags" + struct.pack("<I", 3) + b"kit" + struct.pack("<II", 1, len(comment)) + comment
    pages = [*_pages(head, 0, 0, first=True), *_pages(tags, 1, 0)]
    for at in range(0, frames, 250):
        count = min(250, frames - at)
        last = at + count == frames
        flags = _ENDS if last else 0
        granule = (at + count) * SAMPLES_PER_FRAME
        pages.append(_page(flags, granule, len(pages), bytes([3] * count), SILENT_FRAME * count))
    return b"".join(pages)


def stream_head() -> bytes:
    """What a live stream begins with: long enough that a decoder need not wait for more to know what it is."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, 16_000, 0, 0)
    comment = b"kit=" + bytes([0x20]) * 4_096
    tags = b"OpusTags" + struct.pack("<I", 3) + b"kit" + struct.pack("<II", 1, len(comment)) + comment
    return b"".join([*_pages(head, 0, 0, first=True), *_pages(tags, 1, 0)])


def stream_page(number: int, *, loud: bool) -> bytes:
    """The next tenth of a second of a live stream, pages counted from 0."""
    frame = LOUD_FRAME if loud else SILENT_FRAME
    lacing = bytes([len(frame)] * FRAMES_A_PAGE)
    return _page(0, (number + 1) * FRAMES_A_PAGE * SAMPLES_PER_FRAME, number + 2, lacing, frame * FRAMES_A_PAGE)


def _pages(packet: bytes, number: int, granule: int, *, first: bool = False) -> Iterator[bytes]:
    """One packet on as many pages as it needs."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    for at in range(0, len(lacing), 255):
        part = lacing[at : at + 255]
        body = packet[at * 255 : at * 255 + sum(part)]
        flags = (_BEGINS if first else 0) | (_CONTINUES if at else 0)
        done = at + 255 >= len(lacing)
        yield _page(flags, granule if done else 2**64 - 1, number + at // 255, part, body)


def _page(flags: int, granule: int, number: int, lacing: bytes, body: bytes) -> bytes:
    start = b"OggS" + struct.pack("<BBQII", 0, flags, granule, _SERIAL, number)
    end = bytes([len(lacing)]) + lacing + body
    check = _crc(start + bytes(4) + end)
    return start + struct.pack("<I", check) + end


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_CRC = _table()


def _crc(data: bytes) -> int:
    """Ogg's checksum: polynomial 04C11DB7, neither reflected nor inverted."""
    value = 0
    for byte in data:
        value = ((value << 8) & 0xFFFFFFFF) ^ _CRC[(value >> 24) ^ byte]
    return value
