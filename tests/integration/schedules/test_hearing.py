"""What a cluster will hear of a day, as the console says it before."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from base.times import to_ms
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
