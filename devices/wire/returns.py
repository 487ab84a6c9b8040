"""The return file: what a device hands a courier to bring back (pure streams)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from base.ids import id_to_bytes
from devices.wire import ustar
from devices.wire.envelope import Keyring, Kind, SigningKey, sign, verify
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.fields import Fields
from devices.wire.packing import Entry, numbered, read_entries, read_first, read_rest, write_entry
from devices.wire.reports import Heartbeat
from devices.wire.version import VERSION

FIRST = "return.cose"
MAX_RETURN_BYTES = 64 << 20
MAX_HELD = 10_000
MAX_BUNDLES = 256


@dataclass(frozen=True, slots=True)
class Return:
    """What the device states: its health, clock and haves as in a heartbeat, contents it holds, bundles it took."""

    heartbeat: Heartbeat
    held: tuple[bytes, ...]
    bundles: tuple[str, ...]
    entries: tuple[Entry, ...]

    def to_map(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "beat": self.heartbeat.to_map(),
            "held": list(self.held),
            "bundles": [id_to_bytes(bundle) for bundle in self.bundles],
            "files": [entry.to_wire() for entry in self.entries],
        }

    @classmethod
    def from_map(cls, payload: Any) -> "Return":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = Fields(payload, "return")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "return")
        return cls(
            heartbeat=Heartbeat.from_map(fields.mapping("beat", 64)),
            held=fields.digests("held", MAX_HELD),
            bundles=fields.idents("bundles", MAX_BUNDLES),
            entries=read_entries(fields, Kind.RECEIPT.max_bytes),
        )


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A return file whose device vouches for it. The receipts are still to be verified, each for itself."""

    device: str
    report: Return
    receipts: tuple[bytes, ...]


def write_return(
    out: BinaryIO,
    *,
    heartbeat: Heartbeat,
    held: Sequence[bytes],
    bundles: Sequence[str],
    receipts: Sequence[bytes],
    key: SigningKey,
) -> Return:
    """Write the whole file. Raises BadBundle("too_large")."""
    small = numbered("receipts", receipts)
    report = Return(heartbeat, tuple(held), tuple(bundles), tuple(entry for entry, _ in small))
    try:
        signed = sign(Kind.RETURN, report.to_map(), key)
    except BadMessage as error:
        raise BadBundle("too_large") from error
    write_entry(out, FIRST, signed)
    for entry, data in small:
        write_entry(out, entry.name, data)
    out.write(ustar.end())
    return report


def read_return(file: BinaryIO, *, keyring: Keyring) -> ReturnFile:
    """Verify and read the whole file. Raises BadBundle."""
    data = read_first(file, FIRST, Kind.RETURN.max_bytes)
    try:
        verified = verify(Kind.RETURN, data, keyring)
        report = Return.from_map(verified.payload)
    except BadMessage as error:
        raise BadBundle("unknown_signer" if error.reason == "unknown_key" else "altered", error.reason) from error
    if report.heartbeat.device != verified.kid:
        raise BadBundle("unknown_signer")
    expected = [f"receipts/{at:06d}.cose" for at in range(1, len(report.entries) + 1)]
    if [entry.name for entry in report.entries] != expected:
        raise BadBundle("altered")
    if sum(entry.size for entry in report.entries) > MAX_RETURN_BYTES:
        raise BadBundle("too_large")
    receipts = tuple(b"".join(chunks) for _, chunks in read_rest(file, report.entries))
    return ReturnFile(verified.kid, report, receipts)
