"""Twenty-four hours with server and broker gone: every cluster plays its whole programme, on time."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, select

from base.times import to_ms
from devices.devicefile import Sound
from devices.enrolment import device_files
from devices.models import OrderEntry
from devices.site import demo_site, enrol_site
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim import speaker as speaker_module
from schedules.models import Occurrence
from tests.integration.schedules.conftest import COMMUNE, Room, issue
from tests.support.bench import Bench

TIMES = ("05:00", "05:30", "11:00", "17:00", "17:30", "20:45")
ON_TIME_MS = 1_000
CITY = Sound(broker_url="mqtt://127.0.0.1:1", content_urls=("http://127.0.0.1:1",), storage_root="x", offset_min=420)


async def benches(room: Room) -> list[Bench]:
    """Every device of the commune, as it comes out of its own device file."""
    async with room.database.writing() as session:
        enrolled = await enrol_site(session, demo_site(), keys=room.keys, clock=room.clock)
        files = await device_files(session, enrolled, CITY)
    return [Bench.of(text, to_ms(room.clock())) for text in files.values()]


async def test_every_cluster_plays_a_whole_day_on_time_with_nobody_there(room: Room, monkeypatch: pytest.MonkeyPatch):
    # Nobody sets the clock of this day, so looking at it every five seconds would find nothing and cost a minute.
    monkeypatch.setattr(speaker_module, "CLOCK_POLL_MS", 3_600_000)
    speakers = await benches(room)
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=list(TIMES))
    await issue(room)
    begins_at, ends_at = room.clock(), room.clock() + timedelta(days=1)
    async with room.database.reading() as session:
        logged = select(OrderEntry).where(col(OrderEntry.log) == COMMUNE).order_by(col(OrderEntry.seq))
        orders = [entry.envelope for entry in await session.scalars(logged)]
        start = col(Occurrence.start_at)
        planned = list(await session.scalars(select(Occurrence).where(start >= begins_at, start < ends_at)))
    starts_ms = {occurrence.id: to_ms(occurrence.start_at) for occurrence in planned}
    assert len(starts_ms) == len(TIMES)
    clusters = Counter[str]()
    for speaker in speakers:
        for order in orders:
            speaker.feed(events.OrderReceived(order))
        speaker.run_until(to_ms(ends_at))
        for output, listeners in speaker.file.identity.outputs.items():
            heard = [one for one in speaker.heard if one.output == output]
            assert [one.occurrence for one in heard] == sorted(starts_ms, key=starts_ms.__getitem__)
            assert all(abs(one.from_ms - starts_ms[one.occurrence]) <= ON_TIME_MS for one in heard)
            clusters.update(listener.id for listener in listeners)
        final = Counter(receipt.state for receipt in speaker.told() if receipt.state.final)
        assert final == {
            ReceiptState.TRANSMITTED if output == "radio" else ReceiptState.PLAYED: len(TIMES)
            for output in speaker.file.identity.outputs
        }
    assert len(clusters) == 57
    assert set(clusters.values()) == {1}
