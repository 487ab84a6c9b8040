"""Recognises a heartbeat that says what the one before it said, but for the numbers that move by themselves (pure).

Nearly all are such. What a device said once was read in full and found right; the next heartbeat has its shape when it
is the same to the byte outside a few numbers, and each of these is one canonical integer within the field's limits.
So it needs no decoding and no checking: it is as good as one that was read in full.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from devices.wire.canonical import head_at, item_end
from devices.wire.errors import BadMessage

_ARGUMENT = 0x1F
_NEGATIVE = 0x20

# Canonical integers, as bytes: unsigned up to 2^32 - 1, and those of which a field allows a part.
_WHOLE = rb"[\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].|\x1a(?!\x00\x00)...."
_COUNT = rb"[\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].|\x1a(?!\x00\x00)[\x00-\x7f]..."
_KIB = rb"\x1b\x00\x00\x00[\x01-\xff]....|" + _WHOLE
_MOMENT = rb"\x1b\x00\x00(?!\x00\x00)[\x00-\xe5].....|" + _WHOLE
_DBM = rb"\x00|[\x20-\x37]|\x38[\x18-\xc7]"
_CELSIUS = rb"[\x20-\x37]|\x38[\x18-\x3b]|[\x00-\x17]|\x18[\x18-\x96]"

_FORMS = {
    name: re.compile(form, re.DOTALL)
    for name, form in {
        "n": _COUNT,
        "up": _WHOLE,
        "dbm": _DBM,
        "free": _KIB,
        "temp": _CELSIUS,
        "now": _MOMENT,
        "bound": _WHOLE,
    }.items()
}
"""What moves from one heartbeat to the next, by its wire name, in the order of `Numbers`.

`now` and `bound` stand in the map `clock`.
"""


class Numbers(NamedTuple):
    """The numbers that moved: as `devices.wire.reports.Heartbeat` names them; None where the device has none."""

    n: int
    uptime_s: int
    signal_dbm: int | None
    storage_free_kib: int
    temperature_c: int | None
    clock_ms: int
    bound_ms: int


class Shape:
    """The bytes between the moving numbers of one device's heartbeat."""

    __slots__ = ("_end", "_forms", "_parts", "_places")

    def __init__(self, payload: bytes, spans: list[tuple[str, int, int]]) -> None:
        before = [0, *(end for _, _, end in spans)]
        self._forms, self._places = _kinds(tuple(name for name, _, _ in spans))
        self._parts = tuple(_shared(payload[at:start]) for at, (_, start, _) in zip(before, spans, strict=False))
        self._end = payload[before[-1] :]

    @classmethod
    def of(cls, payload: bytes) -> "Shape | None":
        """The shape of a payload that was read and found right; None when one of its numbers has no usual form."""
        try:
            made = cls(payload, list(_spans(payload)))
        except BadMessage:
            return None
        return made if made.read(payload) is not None else None

    def read(self, payload: bytes) -> list[bytes] | None:
        """The moving numbers as their bytes, the count `n` first; None when anything else differs."""
        at = 0
        numbers = []
        for part, form in zip(self._parts, self._forms, strict=True):
            if not payload.startswith(part, at):
                return None
            found = form.match(payload, at + len(part))
            if found is None:
                return None
            at = found.end()
            numbers.append(found.group())
        return numbers if payload[at:] == self._end else None

    def numbers(self, raw: list[bytes]) -> Numbers:
        """What `read` gave, as numbers."""
        given: Any = [None if place is None else number(raw[place]) for place in self._places]
        return Numbers(*given)


@lru_cache(maxsize=64)
def _kinds(names: tuple[str, ...]) -> tuple[tuple[re.Pattern[bytes], ...], tuple[int | None, ...]]:
    """Forms of the moving numbers, and where in them each of `Numbers` stands; kept once for all devices alike."""
    places = tuple(names.index(name) if name in names else None for name in _FORMS)
    return tuple(_FORMS[name] for name in names), places


@lru_cache(maxsize=1024)
def _shared(part: bytes) -> bytes:
    """The part itself, one object for all devices: most parts are the same in every heartbeat."""
    return part


def number(raw: bytes) -> int:
    """The integer that these canonical bytes are."""
    value = raw[0] & _ARGUMENT if len(raw) == 1 else int.from_bytes(raw[1:], "big")
    return -1 - value if raw[0] & _NEGATIVE else value


def _spans(payload: bytes) -> list[tuple[str, int, int]]:
    """Name, begin and end of every moving number, in their order."""
    spans = []
    for name, start, end in _entries(payload, 0):
        if name == "clock":
            spans += [span for span in _entries(payload, start) if span[0] in {"now", "bound"}]
        elif name in _FORMS and name not in {"now", "bound"}:
            spans.append((name, start, end))
    return spans


def _entries(payload: bytes, at: int) -> list[tuple[str, int, int]]:
    """Key, begin and end of each value of the map at `at`."""
    _, count, at = head_at(payload, at)
    entries = []
    for _ in range(count):
        _, length, start = head_at(payload, at)
        begin = start + length
        at = item_end(payload, begin)
        entries.append((payload[start:begin].decode(), begin, at))
    return entries
