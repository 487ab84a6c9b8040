"""The authorities of the kit: their keys by epoch, and their logs, written as an honest server writes them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import id_to_bytes, new_id
from devices.wire.beacon import Beacon
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.trust import kid

ORDER_LIFE_MS = 900_000
"""An order of the kit expires after this, unless a rule says otherwise."""


@dataclass(frozen=True, slots=True)
class Key:
    """A private key of an authority or of a device, with its key id."""

    kid: str
    seed: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def signing(self) -> SigningKey:
        return SigningKey.from_seed(self.kid, self.seed)


class Authority:
    """Who signs. `key` is the one in use; `announce` makes the next, `use` changes over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = 1
        self.keys = {1: Key(kid(name, 1), os.urandom(32))}

    @property
    def key(self) -> Key:
        return self.keys[self.epoch]

    def next_key(self) -> Key:
        """A key of the next epoch, not used yet."""
        epoch = max(self.keys) + 1
        self.keys[epoch] = Key(kid(self.name, epoch), os.urandom(32))
        return self.keys[epoch]


@dataclass(frozen=True, slots=True)
class Signed:
    """One order of a log, as it travels."""

    id: str
    log: str
    seq: int
    expires_ms: int
    envelope: bytes


class Log:
    """One authority's log, or a device's own, numbered and chained."""

    def __init__(self, name: str, authority: Authority) -> None:
        self.name, self.authority = name, authority
        self.orders: list[Signed] = []
        self.floor = 1
        self._issued_ms = 0

    @property
    def head(self) -> int:
        return len(self.orders)

    @property
    def tip(self) -> bytes:
        """SHA-256 of the newest envelope; zeros when there is none."""
        return sha256(self.orders[-1].envelope).digest() if self.orders else bytes(32)

    def payload(self, kind: str, body: Mapping[str, Any], now_ms: int, **changes: Any) -> dict[str, Any]:
        """What the next order of the log would say. changes: fields by their names on the wire; None leaves one out."""
        self._issued_ms = max(self._issued_ms + 1, now_ms)
        said: dict[str, Any] = {
            "v": 1,
            "id": id_to_bytes(new_id()),
            "log": self.name,
            "seq": self.head + 1,
            "prev": self.tip,
            "iat": self._issued_ms,
            "exp": now_ms + ORDER_LIFE_MS,
            "type": kind,
            "to": {},
            "body": dict(body),
        }
        return {name: value for name, value in (said | changes).items() if value is not None}

    def append(self, payload: Mapping[str, Any], order_id: str) -> Signed:
        """Sign a payload of this log's next number and write it down."""
        envelope = sign(Kind.ORDER, payload, self.authority.key.signing)
        signed = Signed(order_id, self.name, self.head + 1, int(payload["exp"]), envelope)
        self.orders.append(signed)
        return signed

    def beacon(self, now_ms: int, **changes: Any) -> bytes:
        """Where the log stands, signed."""
        said = Beacon(self.name, self.head, self.floor, self.tip, now_ms).to_map() | changes
        return sign(Kind.BEACON, said, self.authority.key.signing)
