"""COSE_Sign1 and COSE_Mac0 around deterministic CBOR; the only door to `cwt`, which signs and verifies.

Source: RFC 9052 (COSE), RFC 8949 section 4.2 (deterministic encoding). The kind of message is the external AAD, so
that bytes signed as one kind never verify as another.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cwt import COSE, COSEKey
from cwt.exceptions import CWTError

from base.ids import NAME
from devices.wire import mac0
from devices.wire.canonical import decode_canonical, encode_map, head_at
from devices.wire.errors import BadMessage

__all__ = [
    "KID",
    "CheckingKey",
    "Keyring",
    "Kind",
    "SigningKey",
    "Verified",
    "decode_canonical",
    "encode_map",
    "seal",
    "sign",
    "signer",
    "unseal",
    "verify",
]

ALG_EDDSA = -8
TAG_SIGN1 = 18
TAG_MAC0 = 17
HEADER_ALG = 1
HEADER_KID = 4

KID = re.compile(rf"{NAME.pattern}(?:#(?:0|[1-9][0-9]{{0,8}}))?")
"""A key id: ``authority#epoch`` for an authority's key, the bare device id for a device's."""

_HEADERS = {TAG_SIGN1: bytes.fromhex("a2012704"), TAG_MAC0: bytes.fromhex("a2010504")}
"""The protected headers up to the kid: a map of two, algorithm (-8 or 5) first."""
_PROOF_BYTES = {TAG_SIGN1: 64, TAG_MAC0: 32}


class Kind(StrEnum):
    """Kinds of message; each bound to its bytes through the external AAD ``loa/1/<kind>``."""

    ORDER = "order"
    BEACON = "beacon"
    HELLO = "hello"
    HEARTBEAT = "heartbeat"
    RECEIPT = "receipt"
    ACK = "ack"
    WANT = "want"
    MANIFEST = "manifest"
    RETURN = "return"
    LIVE = "live"

    @property
    def aad(self) -> bytes:
        """The external additional authenticated data."""
        return f"loa/1/{self.value}".encode()

    @property
    def max_bytes(self) -> int:
        """The largest envelope of this kind that a receiver looks at."""
        return _MAX_BYTES[self]


_MAX_BYTES: dict[Kind, int] = {
    Kind.ORDER: 32_768,
    Kind.BEACON: 1_024,
    Kind.HELLO: 16_384,
    Kind.HEARTBEAT: 8_192,
    Kind.RECEIPT: 16_384,
    Kind.ACK: 4_096,
    Kind.WANT: 512,
    Kind.MANIFEST: 2_097_152,
    Kind.RETURN: 2_097_152,
    Kind.LIVE: 4_096,
}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that signs for `kid` (``authority#epoch`` or a device id)."""

    kid: str
    cose: Any

    @classmethod
    def from_seed(cls, kid: str, seed: bytes) -> "SigningKey":
        """From the 32-byte private seed. Raises ValueError for another length."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        return cls(kid, COSEKey.new({1: 1, -1: 6, 3: ALG_EDDSA, -2: public, -4: seed, 2: kid.encode()}))


@dataclass(frozen=True, slots=True)
class CheckingKey:
    """What checks a signature (Ed25519 public key) or a code (shared secret) of one `kid`."""

    kid: str
    cose: Any = None
    secret: bytes | None = field(default=None, repr=False)

    @classmethod
    def from_public(cls, kid: str, public: bytes) -> "CheckingKey":
        """From the 32-byte Ed25519 public key."""
        return cls(kid, COSEKey.new({1: 1, -1: 6, 3: ALG_EDDSA, -2: public, 2: kid.encode()}))

    @classmethod
    def from_secret(cls, kid: str, secret: bytes) -> "CheckingKey":
        """From a 32-byte secret shared by a device and its server."""
        return cls(kid, secret=secret)


Keyring = Callable[[str], CheckingKey | None]
"""Gives the trusted key of a kid, or None."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A payload whose signature or code was checked: who vouches for it, and the decoded map."""

    kid: str
    payload: dict[str, Any]


_COSE = COSE.new()


def sign(kind: Kind, payload: Mapping[str, Any], key: SigningKey) -> bytes:
    """The COSE_Sign1 of a payload as this kind of message.

    Raises BadMessage for what every receiver would refuse: too_large, malformed.
    """
    headers = {HEADER_ALG: ALG_EDDSA, HEADER_KID: key.kid.encode()}
    data: bytes = _COSE.encode(encode_map(payload), key.cose, headers, {}, external_aad=kind.aad)
    return _within(kind, data)


def seal(kind: Kind, payload: Mapping[str, Any], key: CheckingKey) -> bytes:
    """The COSE_Mac0 of a payload under a shared secret: cheap, and proves nothing to third parties.

    Raises BadMessage as `sign` does; ValueError for a key that is no secret.
    """
    if key.secret is None:
        raise ValueError("a public key seals nothing")
    return _within(kind, mac0.envelope(key.secret, key.kid, kind.aad, encode_map(payload)))


def verify(kind: Kind, data: bytes, keyring: Keyring) -> Verified:
    """Check a COSE_Sign1 before anything in it is looked at.

    Raises BadMessage: too_large, malformed, not_canonical, unknown_key, bad_signature.
    """
    return _open(kind, data, keyring, TAG_SIGN1)


def unseal(kind: Kind, data: bytes, keyring: Keyring) -> Verified:
    """Check a COSE_Mac0. Raises BadMessage as `verify` does."""
    return _open(kind, data, keyring, TAG_MAC0)


def signer(data: bytes) -> str:
    """The kid an envelope claims; proves nothing. Raises BadMessage when it is no envelope."""
    for tag in (TAG_SIGN1, TAG_MAC0):
        if data[:1] == bytes([0xC0 | tag]):
            return _take_apart(data, tag).kid
    raise BadMessage("malformed", "envelope")


def _within(kind: Kind, data: bytes) -> bytes:
    if len(data) > kind.max_bytes:
        raise BadMessage("too_large", kind.value)
    return data


def _open(kind: Kind, data: bytes, keyring: Keyring, tag: int) -> Verified:
    _within(kind, data)
    parts = _take_apart(data, tag)
    key = keyring(parts.kid)
    if key is None:
        raise BadMessage("unknown_key", parts.kid)
    if not (_signed_by if tag == TAG_SIGN1 else _sealed_by)(key, kind, data, parts):
        raise BadMessage("bad_signature", kind.value)
    decoded = decode_canonical(parts.payload)
    if not isinstance(decoded, dict):
        raise BadMessage("malformed", "payload is no map")
    return Verified(parts.kid, decoded)


def _signed_by(key: CheckingKey, kind: Kind, data: bytes, _parts: "_Parts") -> bool:
    if key.cose is None:
        return False
    try:
        _COSE.decode(data, key.cose, external_aad=kind.aad)
    except (CWTError, ValueError):
        return False
    return True


def _sealed_by(key: CheckingKey, kind: Kind, _data: bytes, parts: "_Parts") -> bool:
    if key.secret is None:
        return False
    return mac0.same(mac0.code(key.secret, parts.protected, kind.aad, parts.payload), parts.proof)


class _Parts(NamedTuple):
    kid: str
    protected: bytes
    payload: bytes
    proof: bytes


def _take_apart(data: bytes, tag: int) -> _Parts:
    """Take the envelope apart by hand: its form is fixed, and no library needs to see bytes nobody vouches for."""
    if data[:2] != bytes([0xC0 | tag, 0x84]):
        raise BadMessage("malformed", "envelope")
    protected, at = _bytes_at(data, 2)
    if data[at : at + 1] != b"\xa0":
        raise BadMessage("malformed", "unprotected headers")
    payload, at = _bytes_at(data, at + 1)
    proof, at = _bytes_at(data, at)
    if at != len(data):
        raise BadMessage("not_canonical", "trailing bytes")
    if len(proof) != _PROOF_BYTES[tag]:
        raise BadMessage("malformed", "signature")
    return _Parts(_kid_in(protected, tag), protected, payload, proof)


def _kid_in(protected: bytes, tag: int) -> str:
    start = _HEADERS[tag]
    if not protected.startswith(start):
        raise BadMessage("malformed", "headers")
    raw, end = _bytes_at(protected, len(start))
    if end != len(protected):
        raise BadMessage("malformed", "headers")
    kid = raw.decode("ascii", "replace")
    if KID.fullmatch(kid) is None:
        raise BadMessage("malformed", "kid")
    return kid


def _bytes_at(data: bytes, at: int) -> tuple[bytes, int]:
    major, length, start = head_at(data, at)
    if major != 2 or start + length > len(data):
        raise BadMessage("malformed", "envelope")
    return data[start : start + length], start + length
