"""Who may sign what: an authority its own log, a commune also the logs of its devices (pure)."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from devices.wire.beacon import Beacon
from devices.wire.envelope import Keyring, Kind, verify
from devices.wire.errors import BadMessage
from devices.wire.keys import Keys
from devices.wire.orders import Order
from devices.wire.reports import Ack
from devices.wire.topics import log_device

CommuneOf = Callable[[str], str | None]
"""The authority of a device's commune, or None for a device that is not known here."""


def kid(authority: str, epoch: int) -> str:
    """The key id of an authority's key."""
    return f"{authority}#{epoch}"


def authority_of(key_id: str) -> str:
    """The authority a key id belongs to; empty for a device's key, so that a device named like one gains nothing."""
    authority, mark, _ = key_id.partition("#")
    return authority if mark else ""


def epoch_of(key_id: str) -> int:
    """The epoch of an authority's key; 0 for a device's key."""
    _, mark, epoch = key_id.partition("#")
    return int(epoch) if mark else 0


def digest(envelope: bytes) -> bytes:
    """What `prev` and `tip` hold: the SHA-256 of the whole signed message."""
    return sha256(envelope).digest()


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order that was verified, with the very bytes that were signed."""

    order: Order
    envelope: bytes


def open_order(data: bytes, keyring: Keyring, commune_of: CommuneOf) -> SignedOrder:
    """Verify and read an order. Raises BadMessage; `expired` and audience are the receiver's to judge."""
    verified = verify(Kind.ORDER, data, keyring)
    order = Order.from_map(verified.payload)
    _check_authority(verified.kid, order.log, commune_of)
    if isinstance(order.body, Keys):
        _check_keys(verified.kid, order.log, order.body)
    return SignedOrder(order, data)


def open_beacon(data: bytes, keyring: Keyring, commune_of: CommuneOf) -> Beacon:
    """Verify and read a beacon. Raises BadMessage."""
    verified = verify(Kind.BEACON, data, keyring)
    beacon = Beacon.from_map(verified.payload)
    _check_authority(verified.kid, beacon.log, commune_of)
    return beacon


def open_ack(data: bytes, keyring: Keyring, commune_of: CommuneOf) -> Ack:
    """Verify and read an acknowledgement of receipts. Raises BadMessage."""
    verified = verify(Kind.ACK, data, keyring)
    ack = Ack.from_map(verified.payload)
    if commune_of(ack.device) != authority_of(verified.kid):
        raise BadMessage("wrong_authority", ack.device)
    return ack


def _check_authority(key_id: str, log: str, commune_of: CommuneOf) -> None:
    device = log_device(log)
    owner = log if device is None else commune_of(device)
    if owner != authority_of(key_id):
        raise BadMessage("wrong_authority", log)


def _check_keys(key_id: str, log: str, body: Keys) -> None:
    """Keys are spoken of in the authority's own log alone, and never by a key that the order itself does away with."""
    if log_device(log) is not None or key_id not in {kid(log, entry.epoch) for entry in body.keys}:
        raise BadMessage("bad_field", "keys")
