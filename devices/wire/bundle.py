"""The courier bundle: orders, beacons, acknowledgements and content in one signed file (pure streams).

`read_bundle` gives nothing back, and so nothing can take effect, before the last byte has been read and found right.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from base.ids import id_to_bytes
from devices.wire import ustar
from devices.wire.content import MAX_CONTENT_BYTES
from devices.wire.envelope import Keyring, Kind, SigningKey, sign, verify
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.fields import Fields
from devices.wire.packing import Entry, numbered, read_entries, read_first, read_rest, write_entry
from devices.wire.trust import authority_of
from devices.wire.version import VERSION

FIRST = "manifest.cose"
MAX_DEVICES = 256
MAX_BUNDLE_BYTES = 2 << 30
MAX_SMALL_BYTES = 64 << 20
"""All orders, beacons and acknowledgements of one bundle; they are held in memory while the rest is read."""
_LIMITS = {"orders": Kind.ORDER, "beacons": Kind.BEACON, "acks": Kind.ACK}

Blob = tuple[bytes, int, Callable[[], BinaryIO]]
"""SHA-256, size in bytes, and what opens it for reading."""
BlobSink = Callable[[bytes, int], BinaryIO | None]
"""Given SHA-256 and size, where to write a content; None when it is not wanted."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bundle is, for whom, until when, and everything in it."""

    id: str
    commune: str
    devices: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    entries: tuple[Entry, ...]

    def to_map(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "id": id_to_bytes(self.id),
            "commune": self.commune,
            "to": list(self.devices),
            "iat": self.issued_ms,
            "exp": self.expires_ms,
            "files": [entry.to_wire() for entry in self.entries],
        }

    @classmethod
    def from_map(cls, payload: Any) -> "Manifest":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = Fields(payload, "manifest")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "manifest")
        return cls(
            id=fields.ident("id"),
            commune=fields.name("commune"),
            devices=fields.names("to", MAX_DEVICES),
            issued_ms=fields.whole("iat"),
            expires_ms=fields.whole("exp"),
            entries=read_entries(fields, MAX_CONTENT_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read to its end. The messages in it are still to be verified, each for itself."""

    manifest: Manifest
    orders: tuple[bytes, ...]
    beacons: tuple[bytes, ...]
    acks: tuple[bytes, ...]
    blobs: tuple[tuple[bytes, int], ...]


def write_bundle(
    out: BinaryIO,
    *,
    bundle_id: str,
    commune: str,
    devices: Sequence[str],
    issued_ms: int,
    expires_ms: int,
    orders: Sequence[bytes],
    beacons: Sequence[bytes],
    acks: Sequence[bytes],
    blobs: Sequence[Blob],
    key: SigningKey,
) -> Manifest:
    """Write the whole file. Raises BadBundle: too_large, altered (a content that is not what its hash says)."""
    small = [*numbered("orders", orders), *numbered("beacons", beacons), *numbered("acks", acks)]
    large = [(Entry(f"blobs/{sha.hex()}", sha, size), source) for sha, size, source in blobs]
    entries = tuple(entry for entry, _ in small) + tuple(entry for entry, _ in large)
    manifest = Manifest(bundle_id, commune, tuple(devices), issued_ms, expires_ms, entries)
    _check(manifest)
    try:
        signed = sign(Kind.MANIFEST, manifest.to_map(), key)
    except BadMessage as error:
        raise BadBundle("too_large") from error
    write_entry(out, FIRST, signed)
    for entry, data in small:
        write_entry(out, entry.name, data)
    for entry, source in large:
        _write_blob(out, entry, source)
    out.write(ustar.end())
    return manifest


def read_manifest(file: BinaryIO, keyring: Keyring) -> Manifest:
    """Verify and read the first entry. Raises BadBundle."""
    data = read_first(file, FIRST, Kind.MANIFEST.max_bytes)
    try:
        verified = verify(Kind.MANIFEST, data, keyring)
        manifest = Manifest.from_map(verified.payload)
    except BadMessage as error:
        raise BadBundle("unknown_signer" if error.reason == "unknown_key" else "altered", error.reason) from error
    if authority_of(verified.kid) != manifest.commune:
        raise BadBundle("unknown_signer")
    _check(manifest)
    return manifest


def read_bundle(
    file: BinaryIO, *, keyring: Keyring, device: str, commune: str, now_ms: int | None, blob: BlobSink
) -> Bundle:
    """Read a bundle for this device to its end; contents go where `blob` says.

    now_ms: None while the clock is not sure. Raises BadBundle. What was written to the sinks is then to be thrown away.
    """
    manifest = read_manifest(file, keyring)
    if manifest.commune != commune or device not in manifest.devices:
        raise BadBundle("wrong_village")
    if now_ms is not None and now_ms >= manifest.expires_ms:
        raise BadBundle("expired")
    found: dict[str, list[bytes]] = {folder: [] for folder in _LIMITS}
    blobs: list[tuple[bytes, int]] = []
    for entry, data in read_rest(file, manifest.entries):
        folder, _, _ = entry.name.partition("/")
        if folder in found:
            found[folder].append(b"".join(data))
        elif _drain(data, blob(entry.sha256, entry.size)):
            blobs.append((entry.sha256, entry.size))
    return Bundle(manifest, tuple(found["orders"]), tuple(found["beacons"]), tuple(found["acks"]), tuple(blobs))


def _check(manifest: Manifest) -> None:
    """Raises BadBundle: altered for a name that does not belong, too_large."""
    sizes = [_small_size(entry) for entry in manifest.entries]
    if sum(sizes) > MAX_SMALL_BYTES or sum(entry.size for entry in manifest.entries) > MAX_BUNDLE_BYTES:
        raise BadBundle("too_large")


def _small_size(entry: Entry) -> int:
    """Bytes this entry will take in memory. Raises BadBundle."""
    if entry.name == f"blobs/{entry.sha256.hex()}":
        return 0
    folder, _, rest = entry.name.partition("/")
    number, _, suffix = rest.partition(".")
    if folder not in _LIMITS or len(number) != 6 or not number.isdigit() or suffix != "cose":
        raise BadBundle("altered", entry.name)
    if entry.size > _LIMITS[folder].max_bytes:
        raise BadBundle("too_large", entry.name)
    return entry.size


def _write_blob(out: BinaryIO, entry: Entry, source: Callable[[], BinaryIO]) -> None:
    out.write(ustar.header(entry.name, entry.size))
    with source() as file:
        left = entry.size
        while left and (chunk := file.read(min(left, ustar.COPY_BYTES))):
            out.write(chunk)
            left -= len(chunk)
        if left or file.read(1):
            raise BadBundle("altered", entry.name)
    out.write(bytes(ustar.padding(entry.size)))


def _drain(data: Iterator[bytes], out: BinaryIO | None) -> bool:
    for chunk in data:
        if out is not None:
            out.write(chunk)
    return out is not None
