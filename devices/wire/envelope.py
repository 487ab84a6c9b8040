"""COSE_Sign1 and COSE_Mac0 around deterministic CBOR; the only door to `cwt`.

Source: RFC 9052 (COSE), RFC 8949 section 4.2 (deterministic encoding). The kind of message is the external AAD, so
that bytes signed as one kind never verify as another.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cwt import COSE, COSEKey
from cwt.exceptions import CWTError

from devices.wire.errors import BadMessage

ALG_EDDSA = -8
ALG_HMAC_256 = 5
TAG_SIGN1 = 18
TAG_MAC0 = 17
HEADER_ALG = 1
HEADER_KID = 4


class Kind(StrEnum):
    """Kinds of message; each bound to its bytes through the external AAD ``loa/1/<kind>``."""

    ORDER = "order"
    BEACON = "beacon"
    HELLO = "hello"
    HEARTBEAT = "heartbeat"
    RECEIPT = "receipt"
    ACK = "ack"
    MANIFEST = "manifest"
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
    Kind.MANIFEST: 4_194_304,
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
    cose: Any

    @classmethod
    def from_public(cls, kid: str, public: bytes) -> "CheckingKey":
        """From the 32-byte Ed25519 public key."""
        return cls(kid, COSEKey.new({1: 1, -1: 6, 3: ALG_EDDSA, -2: public, 2: kid.encode()}))

    @classmethod
    def from_secret(cls, kid: str, secret: bytes) -> "CheckingKey":
        """From a 32-byte secret shared by a device and its server."""
        return cls(kid, COSEKey.from_symmetric_key(secret, alg="HS256", kid=kid))


Keyring = Callable[[str], CheckingKey | None]
"""Gives the trusted key of a kid, or None."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A payload whose signature or code was checked: who vouches for it, and the decoded map."""

    kid: str
    payload: dict[str, Any]


_COSE = COSE.new()


def encode_map(payload: Mapping[str, Any]) -> bytes:
    """The deterministic CBOR of a payload: text keys, no floats, no indefinite lengths."""
    return cbor2.dumps(payload, canonical=True)


def sign(kind: Kind, payload: Mapping[str, Any], key: SigningKey) -> bytes:
    """The COSE_Sign1 of a payload as this kind of message."""
    headers = {HEADER_ALG: ALG_EDDSA, HEADER_KID: key.kid.encode()}
    data: bytes = _COSE.encode(encode_map(payload), key.cose, headers, {}, external_aad=kind.aad)
    return data


def seal(kind: Kind, payload: Mapping[str, Any], key: CheckingKey) -> bytes:
    """The COSE_Mac0 of a payload under a shared secret: cheap, and proves nothing to third parties."""
    headers = {HEADER_ALG: ALG_HMAC_256, HEADER_KID: key.kid.encode()}
    data: bytes = _COSE.encode(encode_map(payload), key.cose, headers, {}, external_aad=kind.aad)
    return data


def verify(kind: Kind, data: bytes, keyring: Keyring) -> Verified:
    """Check a COSE_Sign1 before anything in it is looked at.

    Raises BadMessage: too_large, malformed, not_canonical, unknown_key, bad_signature.
    """
    return _open(kind, data, keyring, tag=TAG_SIGN1, alg=ALG_EDDSA)


def unseal(kind: Kind, data: bytes, keyring: Keyring) -> Verified:
    """Check a COSE_Mac0. Raises BadMessage as `verify` does."""
    return _open(kind, data, keyring, tag=TAG_MAC0, alg=ALG_HMAC_256)


def signer(data: bytes) -> str:
    """The kid an envelope claims; proves nothing. Raises BadMessage when it is no envelope."""
    for tag, alg in ((TAG_SIGN1, ALG_EDDSA), (TAG_MAC0, ALG_HMAC_256)):
        if data[:1] == bytes([0xC0 | tag]):
            return _claimed_kid(data, tag, alg)
    raise BadMessage("malformed", "envelope")


def _open(kind: Kind, data: bytes, keyring: Keyring, *, tag: int, alg: int) -> Verified:
    if len(data) > kind.max_bytes:
        raise BadMessage("too_large", kind.value)
    kid = _claimed_kid(data, tag, alg)
    key = keyring(kid)
    if key is None:
        raise BadMessage("unknown_key", kid)
    try:
        payload: bytes = _COSE.decode(data, key.cose, external_aad=kind.aad)
    except (CWTError, ValueError) as error:
        raise BadMessage("bad_signature", kind.value) from error
    decoded = decode_canonical(payload)
    if not isinstance(decoded, dict) or not all(isinstance(name, str) for name in decoded):
        raise BadMessage("malformed", "payload is no map of text keys")
    return Verified(kid, decoded)


def _claimed_kid(data: bytes, tag: int, alg: int) -> str:
    outer = decode_canonical(data)
    match outer:
        case cbor2.CBORTag(tag=found, value=[bytes(protected), dict(unprotected), bytes(), bytes()]) if found == tag:
            headers = decode_canonical(protected)
        case _:
            raise BadMessage("malformed", "envelope")
    if unprotected or not isinstance(headers, dict) or set(headers) != {HEADER_ALG, HEADER_KID}:
        raise BadMessage("malformed", "headers")
    kid = headers[HEADER_KID]
    if headers[HEADER_ALG] != alg or not isinstance(kid, bytes) or not 0 < len(kid) <= 64:
        raise BadMessage("malformed", "headers")
    try:
        return kid.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadMessage("malformed", "kid") from error


def decode_canonical(data: bytes) -> Any:
    """Decode CBOR and refuse what is not its one deterministic encoding.

    cbor2 accepts duplicate keys and trailing bytes, so the value is encoded again and compared.
    Raises BadMessage: malformed, not_canonical.
    """
    try:
        value = cbor2.CBORDecoder(io.BytesIO(data)).decode()
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise BadMessage("malformed", "cbor") from error
    if again != data:
        raise BadMessage("not_canonical", "cbor")
    return value
