"""A courier village for the parts around a device: real bundles, and a box that verifies them as a device does."""

import hashlib
import io
from dataclasses import dataclass, field
from typing import BinaryIO

from base.ids import new_id
from devices.wire.bundle import read_bundle, write_bundle
from devices.wire.envelope import CheckingKey, SigningKey
from devices.wire.errors import BadBundle
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.returns import write_return
from firmware_sim.hand_over import Result
from tests.unit.firmware_sim.rig import SEEDS, T0, public_of

DAY_MS = 86_400_000
CONTENT = b"OggS" + bytes(200_000)


def bundle(*, devices: tuple[str, ...] = ("bn-s01",), expires_ms: int = T0 + DAY_MS, signer: str = "bao-nhai") -> bytes:
    """A bundle with one sound and no orders."""
    out = io.BytesIO()
    write_bundle(
        out,
        bundle_id=new_id(),
        commune="bao-nhai",
        devices=devices,
        issued_ms=T0,
        expires_ms=expires_ms,
        orders=(),
        beacons=(),
        acks=(),
        blobs=[(hashlib.sha256(CONTENT).digest(), len(CONTENT), lambda: io.BytesIO(CONTENT))],
        key=SigningKey.from_seed(f"{signer}#1", SEEDS[signer]),
    )
    return out.getvalue()


@dataclass
class Box:
    """Takes bundles at T0. `taken`: their ids. `read`: bytes seen of every file brought."""

    name: str = "bn-s01"
    taken: list[str] = field(default_factory=list)
    tries: int = 0
    fails: bool = False

    async def take_bundle(self, file: BinaryIO) -> Result:
        self.tries += 1
        if self.fails:
            raise OSError(5, "Input/output error")
        keys = {f"{name}#1": CheckingKey.from_public(f"{name}#1", public_of(SEEDS[name])) for name in ("bao-nhai",)}
        sound = io.BytesIO()
        try:
            read = read_bundle(
                file, keyring=keys.get, device=self.name, commune="bao-nhai", now_ms=T0, blob=lambda _sha, _size: sound
            )
        except BadBundle as refusal:
            return Result(refusal.reason)
        if read.manifest.id in self.taken:
            return Result("replayed", read.manifest.id)
        self.taken.append(read.manifest.id)
        return Result("taken", read.manifest.id, len(read.orders), len(read.blobs))

    async def make_return(self, out: BinaryIO) -> str:
        beat = Heartbeat(device=self.name, boot=3, n=7, clock=ClockReport(ClockState.SYNCED, T0, 40), haves={})
        write_return(
            out,
            heartbeat=beat,
            held=(),
            bundles=tuple(self.taken),
            receipts=(),
            key=SigningKey.from_seed(self.name, SEEDS["device"]),
        )
        return f"{self.name}-return-3-7.loa"


def read_back(data: bytes) -> tuple[str, ...]:
    """The bundles a return file says were taken."""
    from devices.wire.returns import read_return

    keys = {"bn-s01": CheckingKey.from_public("bn-s01", public_of(SEEDS["device"]))}
    return read_return(io.BytesIO(data), keyring=keys.get).report.bundles
