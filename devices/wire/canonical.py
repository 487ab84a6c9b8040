"""Deterministic CBOR, the small part of it this protocol uses (RFC 8949 section 4.2): written, and read strictly.

Allowed are integers of 64 bits, byte and text strings, arrays, maps with text keys, false, true and null. The form is
checked before the library sees the bytes, because cbor2 accepts duplicate keys and trailing bytes, and builds dates,
decimals and regular expressions from tags: one unsigned message could hold a receiver for seconds.
"""

from collections.abc import Mapping
from typing import Any

import cbor2

from devices.wire.errors import BadMessage

MAX_DEPTH = 16
"""Containers within containers; the deepest message of the protocol has eight."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
_SHORT = 24
_LEAST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
"""The least number that needs each of the long heads."""


def _whole_size(first: int) -> int:
    major, short = divmod(first, 32)
    if first in {_FALSE, _TRUE, _NULL} or (major in {_UNSIGNED, _NEGATIVE} and short < _SHORT):
        return 1
    return 1 + short if major in {_BYTES, _TEXT} and short < _SHORT else 0


_WHOLE_SIZE = tuple(_whole_size(first) for first in range(256))
"""First byte → how long the item is, 0 when the first byte alone does not tell: it tells for most items."""
_KEY_SIZE = tuple(size if first // 32 == _TEXT else 0 for first, size in enumerate(_WHOLE_SIZE))


def encode_map(payload: Mapping[str, Any]) -> bytes:
    """The deterministic CBOR of a payload. Raises BadMessage("malformed") for what no receiver would take."""
    try:
        data = cbor2.dumps(payload, canonical=True)
    except (cbor2.CBOREncodeError, ValueError, TypeError) as error:
        raise BadMessage("malformed", "cbor") from error
    check_canonical(data)
    return data


def decode_canonical(data: bytes) -> Any:
    """Decode CBOR and refuse what is not its one deterministic encoding.

    Raises BadMessage: malformed (broken, or a kind of value the protocol does not use), not_canonical.
    """
    check_canonical(data)
    try:
        return cbor2.loads(data)
    except cbor2.CBORDecodeError as error:  # text that is no UTF-8: all else was checked
        raise BadMessage("malformed", "cbor") from error


def check_canonical(data: bytes) -> None:
    """Check that the bytes are one item in deterministic encoding and nothing after it. Raises BadMessage."""
    if item_end(data, 0) != len(data):
        raise BadMessage("not_canonical", "trailing bytes")


def head_at(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument, and where the head at `at` ends. Raises BadMessage: malformed, not_canonical."""
    if at >= len(data):
        raise BadMessage("malformed", "truncated")
    major, short = divmod(data[at], 32)
    if short < _SHORT:
        return major, short, at + 1
    if short not in _LEAST:
        raise BadMessage("not_canonical", "indefinite length")
    end = at + 1 + (1 << (short - 24))
    if end > len(data):
        raise BadMessage("malformed", "truncated")
    value = int.from_bytes(data[at + 1 : end], "big")
    if value < _LEAST[short]:
        raise BadMessage("not_canonical", "long form")
    return major, value, end


def item_end(data: bytes, at: int, depth: int = MAX_DEPTH) -> int:
    """Where the item at `at` ends, of which `depth` containers may lie within one another.

    Raises BadMessage: malformed, not_canonical.
    """
    if at < len(data) and (size := _WHOLE_SIZE[data[at]]):
        return _within(data, at + size)
    major, value, end = head_at(data, at)
    if major in {_UNSIGNED, _NEGATIVE}:
        return end
    if major in {_BYTES, _TEXT}:
        return _within(data, end + value)
    if major not in {_ARRAY, _MAP} or depth == 0:
        raise BadMessage("malformed", "a tag, a float or too deep")
    return _array_end(data, end, value, depth - 1) if major == _ARRAY else _map_end(data, end, value, depth - 1)


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise BadMessage("malformed", "truncated")
    return end


def _array_end(data: bytes, at: int, count: int, depth: int) -> int:
    for _ in range(count):
        at = item_end(data, at, depth)
    return at


def _map_end(data: bytes, at: int, count: int, depth: int) -> int:
    before = b""
    for _ in range(count):
        start = at
        at = key_end(data, at)
        key = data[start:at]
        if key <= before:
            raise BadMessage("not_canonical", "keys out of order or twice")
        before = key
        at = item_end(data, at, depth)
    return at


def key_end(data: bytes, at: int) -> int:
    """Where the key of a map at `at` ends. Raises BadMessage: malformed, not_canonical."""
    if at < len(data) and (size := _KEY_SIZE[data[at]]):
        return at + size
    major, length, start = head_at(data, at)
    if major != _TEXT:
        raise BadMessage("malformed", "a key that is no text")
    return start + length
