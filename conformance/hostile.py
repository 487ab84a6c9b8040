"""Messages no honest server sends: wrong in one way each, with good signatures where the form is what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import id_to_bytes, new_id
from conformance.authorities import Key
from conformance.logs import now_ms
from conformance.world import World, tone
from devices.wire.envelope import encode_map
from devices.wire.orders import Play, PlayClass

FAR = 1_000
"""Numbers of forged orders lie so far beyond the head of their log."""


@dataclass(frozen=True, slots=True)
class Forged:
    """One bad order. Were it taken, `occurrence` would sound, or `seq` of `log` would be held."""

    what: str
    envelope: bytes
    occurrence: str
    log: str
    seq: int


def head(major: int, value: int) -> bytes:
    """The shortest head of a CBOR item."""
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << (8 * size):
            return bytes([major << 5 | short]) + value.to_bytes(size, "big")
    raise ValueError(value)


def raw(data: bytes) -> bytes:
    """A CBOR byte string."""
    return head(2, len(data)) + data


def array(items: Sequence[bytes]) -> bytes:
    """A CBOR array of encoded items."""
    return head(4, len(items)) + b"".join(items)


def text(value: str) -> bytes:
    """A CBOR text string."""
    return head(3, len(value.encode())) + value.encode()


def mapping(pairs: Sequence[tuple[str, bytes]]) -> bytes:
    """A CBOR map of encoded values, in the order given."""
    return head(5, len(pairs)) + b"".join(text(key) + value for key, value in pairs)


def pairs_of(payload: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The fields of a payload in the right order, each encoded."""
    ordered = sorted(payload, key=lambda key: (len(key.encode()), key.encode()))
    return [(key, _encoded(payload[key])) for key in ordered]


def _encoded(value: Any) -> bytes:
    return encode_map({"x": value})[3:]


def sign1(
    payload: bytes, key: Key, *, kind: str = "order", protected: bytes | None = None, unprotected: bytes = b"\xa0"
) -> bytes:
    """A COSE_Sign1 of any payload at all, well signed."""
    headers = protected if protected is not None else b"\xa2\x01\x27\x04" + raw(key.kid.encode())
    signed = array([text("Signature1"), raw(headers), raw(f"loa/1/{kind}".encode()), raw(payload)])
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(signed)
    return b"\xd2\x84" + raw(headers) + unprotected + raw(payload) + raw(signature)


class Forger:
    """Makes orders of the commune's log that would sound at once and at any hour, numbered far ahead."""

    def __init__(self, world: World, log: str) -> None:
        self._world, self._log = world, log
        self._seq = world.logs[log].head + FAR
        self.made: list[Forged] = []

    def payload(self, **changes: Any) -> tuple[dict[str, Any], str]:
        """What one more alarm would say, and its occurrence."""
        occurrence, self._seq = new_id(), self._seq + 2
        play = Play(occurrence, None, (tone(300),), PlayClass.EMERGENCY, volume=10)
        log = self._world.logs[self._log]
        fresh = {"id": id_to_bytes(new_id()), "seq": self._seq}
        said = log.payload("play", play.to_map(), now_ms(), **fresh | changes)
        return said, occurrence

    def add(self, what: str, envelope: bytes, occurrence: str) -> None:
        """One more, already signed."""
        self.made.append(Forged(what, envelope, occurrence, self._log, self._seq))

    def encoded(self, what: str, make: Any, key: Key) -> None:
        """One whose payload is encoded by `make` from its fields."""
        payload, occurrence = self.payload()
        self.add(what, sign1(make(pairs_of(payload)), key), occurrence)
