"""From bytes on an uplink topic to a message whose sender is proved (pure)."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from devices.wire.blocks import Want
from devices.wire.envelope import CheckingKey, Kind, signer, unseal, verify
from devices.wire.errors import BadMessage
from devices.wire.reports import Heartbeat, Hello, Receipt
from devices.wire.topics import Up, Uplink

KINDS: dict[Up, Kind] = {
    Up.HELLO: Kind.HELLO,
    Up.HEARTBEAT: Kind.HEARTBEAT,
    Up.RECEIPT: Kind.RECEIPT,
    Up.WANT: Kind.WANT,
}
MAX_BYE_BYTES = 256
MAX_CACHED_KEYS = 50_000

MAX_COUNT = 2**31 - 1
"""Boots and numbers no honest device reaches; a larger one would not fit its column."""

MacKeyOf = Callable[[str, int], bytes]
"""Gives the shared heartbeat key of a device's generation."""


class Identity(NamedTuple):
    """What proves who a device is: its Ed25519 public key, and the generation its secrets are derived from."""

    device_id: str
    commune_id: str
    public: bytes
    generation: int
    revoked: bool


Message = Hello | Heartbeat | Receipt | Want


class Report(NamedTuple):
    """A verified message and the very bytes it came in."""

    device_id: str
    message: Message
    envelope: bytes


class Checker:
    """Opens messages of known devices; prepared keys are kept, because preparing one costs as much as using it."""

    def __init__(self, mac_key_of: MacKeyOf) -> None:
        self._mac_key_of = mac_key_of
        self._keys: OrderedDict[tuple[str, object], CheckingKey] = OrderedDict()

    def open(self, uplink: Uplink, payload: bytes, identity: Identity | None) -> Report:
        """Verify and read. Raises BadMessage, "unknown_key" for a device not enrolled or revoked, "foreign" for a
        message whose topic, signer and payload do not name the same device.
        """
        kind = KINDS[uplink.kind]
        if len(payload) > kind.max_bytes:
            raise BadMessage("too_large", kind.value)
        if identity is None or identity.revoked:
            raise BadMessage("unknown_key", uplink.device)
        if signer(payload) != uplink.device:
            raise BadMessage("foreign", uplink.device)
        message = self._read(kind, payload, identity)
        if message.device != uplink.device:
            raise BadMessage("foreign", uplink.device)
        if message.boot > MAX_COUNT or (not isinstance(message, Hello) and message.n > MAX_COUNT):
            raise BadMessage("bad_field", "count")
        return Report(uplink.device, message, payload)

    def mac_key(self, identity: Identity) -> CheckingKey:
        """What checks a device's heartbeats."""
        return self._key(identity.device_id, identity.generation, lambda: self._mac(identity))

    def _read(self, kind: Kind, payload: bytes, identity: Identity) -> Message:
        if kind in {Kind.HEARTBEAT, Kind.WANT}:
            key = self.mac_key(identity)
            sealed = unseal(kind, payload, lambda _: key).payload
            return Heartbeat.from_map(sealed) if kind is Kind.HEARTBEAT else Want.from_map(sealed)
        key = self._key(
            identity.device_id, identity.public, lambda: CheckingKey.from_public(identity.device_id, identity.public)
        )
        opened = verify(kind, payload, lambda _: key).payload
        return Hello.from_map(opened) if kind is Kind.HELLO else Receipt.from_map(opened)

    def _mac(self, identity: Identity) -> CheckingKey:
        secret = self._mac_key_of(identity.device_id, identity.generation)
        return CheckingKey.from_secret(identity.device_id, secret)

    def _key(self, device_id: str, mark: object, make: Callable[[], CheckingKey]) -> CheckingKey:
        found = self._keys.get((device_id, mark))
        if found is None:
            found = self._keys[device_id, mark] = make()
            if len(self._keys) > MAX_CACHED_KEYS:
                self._keys.popitem(last=False)
        return found
