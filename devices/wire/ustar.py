"""USTAR, and only as much of it as a courier's file needs: regular files, one after the other (pure streams).

Source: POSIX.1-2017, pax, "ustar Interchange Format". No library is used because every one of them accepts more: links,
devices, sparse and long-name extensions, and each of those is a way to write where nothing should be written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from devices.wire.errors import BadBundle

BLOCK = 512
COPY_BYTES = 1 << 16
_FORM = b"0000644\x000000000\x000000000\x00"
"""Mode, user and group of every entry."""
_MAGIC = b"ustar\x0000"


@dataclass(frozen=True, slots=True)
class Head:
    """The name and size in bytes of one entry."""

    name: str
    size: int


def header(name: str, size: int) -> bytes:
    """The 512 bytes before an entry. The name: at most 100 ASCII characters."""
    block = bytearray(BLOCK)
    block[0 : len(name)] = name.encode("ascii")
    block[100:124] = _FORM
    block[124:136] = b"%011o\x00" % size
    block[136:148] = b"00000000000\x00"
    block[148:156] = b" " * 8
    block[156:157] = b"0"
    block[257:265] = _MAGIC
    block[148:156] = b"%06o\x00 " % sum(block)
    return bytes(block)


def read_head(file: BinaryIO) -> Head | None:
    """The next entry, or None at the end mark. Raises BadBundle: truncated, not_a_bundle, trailing."""
    block = read_exactly(file, BLOCK)
    if not any(block):
        _expect_end(file)
        return None
    name = block[:100].rstrip(b"\x00")
    size = block[124:135]
    if not name.isascii() or not size.isdigit() or b"8" in size or b"9" in size:
        raise BadBundle("not_a_bundle")
    head = Head(name.decode("ascii"), int(size, 8))
    if header(head.name, head.size) != block:
        raise BadBundle("not_a_bundle")
    return head


def chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The bytes of an entry, and past its padding. Raises BadBundle: truncated, altered."""
    left = size
    while left:
        chunk = read_exactly(file, min(left, COPY_BYTES))
        left -= len(chunk)
        yield chunk
    if any(read_exactly(file, padding(size))):
        raise BadBundle("altered")


def padding(size: int) -> int:
    """How many zero bytes fill the last block of an entry."""
    return -size % BLOCK


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """So many bytes. Raises BadBundle("truncated")."""
    gathered = bytearray()
    while len(gathered) < size:
        more = file.read(size - len(gathered))
        if not more:
            raise BadBundle("truncated")
        gathered += more
    return bytes(gathered)


def end() -> bytes:
    """The end mark."""
    return bytes(2 * BLOCK)


def _expect_end(file: BinaryIO) -> None:
    if any(read_exactly(file, BLOCK)):
        raise BadBundle("altered")
    if file.read(1):
        raise BadBundle("trailing")
