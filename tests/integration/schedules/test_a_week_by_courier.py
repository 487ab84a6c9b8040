"""A village without any network: one bundle brings a week's programme, one file brings the proof back."""

import io
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from audio.store import ContentStore
from base.times import to_ms
from devices.contacts import Reach
from devices.couriers import plans
from devices.couriers.files import BundleFiles
from devices.couriers.returns import ReturnDesk, TakenReturn
from devices.couriers.service import BundleState, CourierService
from devices.devicefile import Sound
from devices.enrolment import device_files
from devices.models import Delivery, DeliveryState
from devices.site import demo_site, enrol_site
from devices.wire.bundle import Bundle, read_bundle
from devices.wire.returns import write_return
from firmware_sim import events
from firmware_sim import speaker as speaker_module
from schedules.models import Occurrence
from tests.integration.schedules.conftest import COMMUNE, Room, issue
from tests.support.bench import Bench

VILLAGE = "bn-s05"
TIMES = ("05:00", "17:00")
ON_TIME_MS = 1_000
NOWHERE = Sound(broker_url="mqtt://127.0.0.1:1", content_urls=("http://127.0.0.1:1",), storage_root="x", offset_min=420)


class Courier:
    """Somebody who walks between the commune and one speaker."""

    def __init__(self, room: Room, speaker: Bench, store: ContentStore, folder: Path) -> None:
        self.room, self.speaker, self.held = room, speaker, list[bytes]()
        self.service = CourierService(room.keys, room.clock, BundleFiles(folder), store, cap_bytes=1 << 30)
        self.desk = ReturnDesk(room.clock)

    async def fetch(self) -> Path:
        """A bundle of all that the speaker is not known to have."""
        async with self.room.database.reading() as session:
            gathered = await self.service.gather(session, COMMUNE, [VILLAGE])
        written = await self.service.write(gathered)
        async with self.room.database.writing() as session:
            row = await self.service.save(session, written, label="", route_id=None, user_id=None)
        return self.service.file(row)

    def hand_over(self, path: Path) -> Bundle:
        """The speaker reads the bundle as it comes from a stick; its contents are then here."""

        def sink(sha: bytes, size: int) -> io.BytesIO:
            return io.BytesIO()

        with path.open("rb") as file:
            bundle = read_bundle(
                file,
                keyring=self.speaker.speaker.trusts,
                device=VILLAGE,
                commune=COMMUNE,
                now_ms=self.speaker.wall_ms,
                blob=sink,
            )
        manifest = bundle.manifest
        taken = events.BundleTaken(manifest.id, manifest.expires_ms, bundle.orders, bundle.beacons, bundle.acks)
        self.speaker.feed(taken)
        for sha, _ in bundle.blobs:
            self.held.append(sha)
            self.speaker.feed(events.ContentStored(sha))
        return bundle

    def take_back(self) -> bytes:
        """The speaker's return file."""
        report, out = self.speaker.speaker.report(self.speaker.now), io.BytesIO()
        write_return(
            out,
            heartbeat=report.heartbeat,
            held=self.held,
            bundles=report.bundles,
            receipts=report.receipts,
            key=self.speaker.file.key_material.signing,
        )
        return out.getvalue()

    async def give_up(self, file: bytes) -> TakenReturn:
        async with self.room.database.reading() as session:
            opened = await self.desk.open(session, io.BytesIO(file), len(file))
        for part in opened.parts():
            async with self.room.database.writing() as session:
                await self.desk.file(session, opened, part)
        async with self.room.database.writing() as session:
            return await self.desk.take(session, opened, None)


async def standing(room: Room, begins: datetime, ends: datetime) -> Counter[DeliveryState]:
    """How the village's airings of that time stand."""
    query = (
        select(Delivery.state)
        .join(Occurrence, col(Occurrence.id) == col(Delivery.occurrence_id))
        .where(col(Delivery.cluster_id) == VILLAGE, col(Occurrence.start_at) >= begins, col(Occurrence.start_at) < ends)
    )
    async with room.database.reading() as session:
        return Counter(await session.scalars(query))


async def test_one_bundle_brings_a_week_and_one_file_brings_its_receipts(
    room: Room, store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Nobody sets the clock of this week, so looking at it every five seconds would find nothing and cost minutes.
    monkeypatch.setattr(speaker_module, "CLOCK_POLL_MS", 86_400_000)
    async with room.database.writing() as session:
        enrolled = await enrol_site(session, demo_site(), keys=room.keys, clock=room.clock, only={VILLAGE})
        files = await device_files(session, enrolled, NOWHERE)
        await plans.set_contact(session, VILLAGE, reach=Reach.COURIER)
        await room.daily(session, await room.approved(session), times=list(TIMES))
    await issue(room)
    begins, ends = room.clock(), room.clock() + timedelta(days=7)
    courier = Courier(room, Bench.of(files[VILLAGE], to_ms(begins), fetch_ms=None), store, tmp_path)
    bundle = courier.hand_over(await courier.fetch())
    assert len(bundle.orders) == 30 * len(TIMES)

    courier.speaker.run_until(to_ms(ends))
    async with room.database.reading() as session:
        planned = {row.id: to_ms(row.start_at) for row in await session.scalars(select(Occurrence))}
    heard = courier.speaker.heard
    assert len(heard) == 7 * len(TIMES)
    assert all(abs(one.from_ms - planned[one.occurrence]) <= ON_TIME_MS for one in heard)
    assert await standing(room, begins, ends) == {DeliveryState.ORDERED: len(heard)}

    room.clock.move(days=7)
    file = courier.take_back()
    taken = await courier.give_up(file)
    assert (taken.refused, taken.latest, taken.handed) == (0, True, (bundle.manifest.id,))
    assert await standing(room, begins, ends) == {DeliveryState.PLAYED: len(heard)}
    assert (await courier.give_up(file)).again
    async with room.database.reading() as session:
        view = await courier.service.bundle(session, bundle.manifest.id)
    assert (view.state, view.progress.ended) == (BundleState.HANDED_OVER, len(heard))

    async with room.database.writing() as session:
        await room.programme.plan(session, room.clock())
    await issue(room)
    second = courier.hand_over(await courier.fetch())
    assert len(second.orders) == 7 * len(TIMES), "only the week that is new"
    assert second.blobs == (), "the same sound as before"
    assert courier.speaker.speaker.receipts_pending == 7 * len(TIMES), "only that the new ones are stored"
