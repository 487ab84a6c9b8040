"""What a cluster will hear of a day, as the console says it before."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from base.times import to_ms
from devices.models import Cluster, ClusterKind
from devices.site import demo_site, enrol_site
from devices.wire.audience import Audience
from devices.wire.content import Tone
from devices.wire.orders import AfterPreemption, Play
from devices.wire.reports import ReceiptState
from schedules.models import Occurrence, OccurrenceState, Policy, Schedule
from tests.integration.schedules.conftest import (
    COMMUNE,
    MORNING,
    OPERATOR,
    Room,
    orders,
)

TOMORROW_FIVE = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)


async def states(session: AsyncSession, schedule: Schedule) -> dict[OccurrenceState, int]:
    query = select(Occurrence.state, func.count()).where(col(Occurrence.schedule_id) == schedule.id)
    found = await session.execute(query.group_by(col(Occurrence.state)))
    return {state: count for state, count in found.all()}  # noqa: C416 - rows are no pairs to a type checker


async def test_what_a_cluster_will_hear_follows_audience_order_and_hours(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved, times=["05:00"])
        elsewhere = await room.daily(session, approved, times=["17:00"], audience=Audience(clusters=("bn-s02",)))
        clash = await room.daily(session, await room.approved(session, "Khác"), times=["05:00"])
    day = date(2026, 3, 12)
    async with room.database.reading() as session:
        heard = (await room.programme.hear(session, "bn-s01", day)).heard
        both = (await room.programme.hear(session, "bn-s02", day)).heard
        meeting = await room.programme.clashes(session, COMMUNE, MORNING, MORNING + timedelta(days=2))
        rows = {
            row.id: row
            for row in await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=4))
        }
    assert [stretch.state for stretch in heard] == [ReceiptState.PLAYED, ReceiptState.PLAYED]
    assert heard[0].to_ms == heard[1].from_ms
    assert heard[0].from_ms == to_ms(TOMORROW_FIVE + timedelta(days=1))
    assert elsewhere.id not in {rows[stretch.occurrence].schedule_id for stretch in heard}
    assert elsewhere.id in {rows[stretch.occurrence].schedule_id for stretch in both}
    assert [clash.id in {rows[o.first].schedule_id, rows[o.second].schedule_id} for o in meeting] == [True, True]
    assert {len(overlap.clusters) for overlap in meeting} == {57}


async def test_a_transmitter_asked_for_two_things_sends_one_after_the_other(room: Room):
    async with room.database.writing() as session:
        await enrol_site(session, demo_site(), keys=room.keys, clock=room.clock)
        query = select(Cluster).where(col(Cluster.kind) == ClusterKind.WIRELESS).order_by(col(Cluster.id))
        wireless = list(await session.scalars(query))
    gateway = wireless[0].device_id
    one, two, *_ = (cluster.id for cluster in wireless if cluster.device_id == gateway)
    other = next(cluster.id for cluster in wireless if cluster.device_id != gateway)
    async with room.database.writing() as session:
        approved = await room.approved(session)
        for cluster in (one, two, other):
            await room.daily(session, approved, times=["05:00"], audience=Audience(clusters=(cluster,)))
    day = date(2026, 3, 12)
    async with room.database.reading() as session:
        first, second, apart = [(await room.programme.hear(session, it, day)).heard for it in (one, two, other)]
        meeting = await room.programme.clashes(session, COMMUNE, MORNING, MORNING + timedelta(days=1))
    assert len(first) == len(second) == len(apart) == 1
    assert {first[0].from_ms, second[0].from_ms} == {apart[0].from_ms, apart[0].to_ms}
    assert [(overlap.clusters, overlap.transmitters) for overlap in meeting] == [(frozenset(), {gateway})]


async def test_a_dropped_item_expires_soon_after_its_time_and_a_quiet_place_is_quieter(room: Room):
    async with room.database.writing() as session:
        session.add(Policy(place_id=COMMUNE, hours=[], volume_max=60, source="Quy chế"))
        approved = await room.approved(session)
        await room.programme.broadcast_now(
            session,
            announcement_id=approved.id,
            audience=Audience(),
            volume=90,
            preempted=AfterPreemption.DROP,
            user_id=OPERATOR,
        )
        [order] = await orders(session)
    assert isinstance(order.body, Play)
    assert order.body.volume == 60
    assert order.body.preempted is AfterPreemption.DROP
    assert order.body.stale_ms == 60_000
    assert isinstance(order.body.parts[0], Tone)
