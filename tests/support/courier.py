"""A courier's day in tests: bundles prepared by the real service, devices that read them, return files given back."""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from base.times import to_ms
from devices.couriers.files import BundleFiles
from devices.couriers.models import CourierBundle
from devices.couriers.returns import ReturnDesk, TakenReturn
from devices.couriers.service import CourierService
from devices.models import OrderEntry
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.bundle import Bundle, read_bundle
from devices.wire.content import Rendition, Speech, Version
from devices.wire.envelope import SigningKey
from devices.wire.haves import Haves
from devices.wire.orders import Play
from devices.wire.reports import Heartbeat
from devices.wire.returns import write_return
from tests.support.speakers import SmallSite, Speaker, bulletin


class MemoryContents:
    """Sounds in memory, as `ContentFiles`."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}

    def put(self, data: bytes) -> bytes:
        sha = hashlib.sha256(data).digest()
        self.bytes[sha.hex()] = data
        return sha

    def has(self, sha256: str) -> bool:
        return sha256 in self.bytes

    def open(self, sha256: str) -> BinaryIO:
        return io.BytesIO(self.bytes[sha256])

    def rendition(self, data: bytes, codec: str = "opus16") -> Rendition:
        return Rendition(self.put(data), len(data), codec, 5_000)


@dataclass
class Couriers:
    """A small site with its courier service and the desk for return files."""

    site: SmallSite
    contents: MemoryContents
    service: CourierService
    desk: ReturnDesk
    files: BundleFiles

    @classmethod
    def of(cls, site: SmallSite, folder: Path, cap_bytes: int = 1 << 30) -> "Couriers":
        contents, files = MemoryContents(), BundleFiles(folder / "couriers")
        service = CourierService(site.keys, site.clock, files, contents, cap_bytes)
        return cls(site, contents, service, ReturnDesk(site.clock), files)

    async def announce(self, text: str, start: datetime | None = None, audience: Audience | None = None) -> OrderEntry:
        """Order an airing of a sound of its own, in two renditions."""
        heavy, light = self.contents.rendition(f"{text} 16".encode() * 100), self.contents.rendition(text.encode())
        speech = Speech((Version("vi", (heavy, Rendition(light.sha256, light.size, "opus8", 5_000))),))
        start = start or self.site.clock() + timedelta(days=1)
        body = Play(bulletin().occurrence, to_ms(start), (speech,))
        async with self.site.database.writing() as session:
            return await DeviceService(self.site.keys, self.site.clock).order_play(
                session, "bao-nhai", body, audience or Audience(), start + timedelta(hours=1)
            )

    async def prepare(self, *device_ids: str, whole: bool = False) -> CourierBundle:
        async with self.site.database.reading() as session:
            gathered = await self.service.gather(session, "bao-nhai", device_ids, whole=whole)
        written = await self.service.write(gathered)
        async with self.site.database.writing() as session:
            return await self.service.save(session, written, label="", route_id=None, user_id=None)

    def read(self, bundle: CourierBundle, device_id: str) -> tuple[Bundle, dict[bytes, bytes]]:
        """What a device finds in it, with the bytes of its contents."""
        sinks: dict[bytes, io.BytesIO] = {}
        with self.service.file(bundle).open("rb") as file:
            found = read_bundle(
                file,
                keyring=self.site.publics.get,
                device=device_id,
                commune="bao-nhai",
                now_ms=to_ms(self.site.clock()),
                blob=lambda sha, _size: sinks.setdefault(sha, io.BytesIO()),
            )
        return found, {sha: sink.getvalue() for sha, sink in sinks.items()}

    async def give_back(self, file: bytes, user_id: str | None = None) -> TakenReturn:
        """As the server does: open, file the receipts part by part, take the rest last."""
        async with self.site.database.reading() as session:
            opened = await self.desk.open(session, io.BytesIO(file), len(file))
        for part in opened.parts():
            async with self.site.database.writing() as session:
                await self.desk.file(session, opened, part)
        async with self.site.database.writing() as session:
            return await self.desk.take(session, opened, user_id)


@dataclass
class Pocket:
    """What a device puts into its return files."""

    speaker: Speaker
    bundles: list[str] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)

    def took(self, bundle: CourierBundle, found: Bundle, entries: Iterable[OrderEntry]) -> None:
        """Note a bundle as taken: its orders are held, and its contents."""
        self.bundles.append(bundle.id)
        self.held += [sha for sha, _ in found.blobs]
        for entry in entries:
            self.speaker.haves[entry.log] = self.speaker.haves.get(entry.log, Haves()).add(entry.seq)

    def file(self, receipts: Sequence[bytes] | None = None, **said: object) -> bytes:
        """A signed return file, numbered like a heartbeat."""
        self.speaker.beats += 1
        fields: dict[str, object] = {
            "device": self.speaker.id,
            "boot": self.speaker.boot,
            "n": self.speaker.beats,
            "clock": self.speaker.report(),
            "haves": dict(self.speaker.haves),
        }
        out = io.BytesIO()
        write_return(
            out,
            heartbeat=Heartbeat(**(fields | said)),  # type: ignore[arg-type]  # one test gives one field
            held=self.held,
            bundles=self.bundles,
            receipts=self.receipts if receipts is None else receipts,
            key=SigningKey.from_seed(self.speaker.id, self.speaker.enrolled.seed),
        )
        return out.getvalue()
