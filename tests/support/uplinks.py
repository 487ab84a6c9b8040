"""The uplink of a small site: what devices say goes in, what the server tells them comes out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import SQLModel

from devices.ingest import Ingest
from devices.models import (
    Delivery,
    OrderEntry,
)
from devices.service import DeviceService
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.down import Frame
from devices.wire.haves import Haves
from devices.wire.reports import Ack, ReceiptState
from devices.wire.trust import open_ack
from tests.support.speakers import SmallSite, Speaker, bulletin
from tests.support.until import until

S = ReceiptState


@dataclass
class Uplink:
    """A running ingest, and what it told others."""

    site: SmallSite
    ingest: Ingest
    wants: list[tuple[str, dict[str, Haves], bool]]
    down: list[tuple[str, bytes]]
    told: list[object] = field(default_factory=list)

    async def say(self, speaker: Speaker, kind: str, payload: bytes) -> None:
        self.ingest.on_message(speaker.topic(kind), payload)
        await self.ingest.settled()

    def acks(self) -> list[Ack]:
        frames = [Frame.from_bytes(frame) for _, frame in self.down]
        return [open_ack(each, self.site.publics.get, lambda _: "bao-nhai") for frame in frames for each in frame.acks]

    def stored(self, device_id: str) -> set[bytes]:
        """Digests of the receipts of a device that were acknowledged."""
        return {digest for ack in self.acks() if ack.device == device_id for digest in ack.receipts}

    async def acked(self, device_id: str, *envelopes: bytes) -> None:
        """Wait until exactly these receipts of a device have been acknowledged; then begin anew."""
        digests = {trust.digest(envelope) for envelope in envelopes}
        await until(lambda: self.stored(device_id) >= digests)
        assert self.stored(device_id) == digests
        self.down.clear()


@asynccontextmanager
async def running(site: SmallSite, **options: Any) -> AsyncIterator[Uplink]:
    wants, down, told = [], [], []

    async def send_missing(device_id: str, haves: dict[str, Haves], *, fresh: bool) -> None:
        wants.append((device_id, haves, fresh))

    def send_down(device_id: str, frame: bytes) -> bool:
        down.append((device_id, frame))
        return True

    ingest = Ingest(
        site.database,
        site.keys,
        site.clock,
        send_missing=send_missing,
        send_down=send_down,
        watch=told.append,
        **options,
    )
    task = asyncio.create_task(ingest.run())
    try:
        yield Uplink(site, ingest, wants, down, told)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def row(site: SmallSite, model: type[SQLModel], key: Any):
    async with site.database.reading() as session:
        return await session.get(model, key)


async def count(site: SmallSite, model: type[SQLModel]) -> int:
    async with site.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def play(site: SmallSite, audience: Audience | None = None) -> OrderEntry:
    async with site.database.writing() as session:
        return await DeviceService(site.keys, site.clock).order_play(
            session, "bao-nhai", bulletin(), audience or Audience(), site.clock() + timedelta(hours=1)
        )


async def delivery(site: SmallSite, entry: OrderEntry, cluster_id: str = "s2") -> Delivery:
    return await row(site, Delivery, (entry.occurrence_id, cluster_id))
