"""Calling off: one airing, a schedule, everything; each with exactly one signed order."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from base.errors import Conflict
from base.times import to_ms
from devices import orderlog
from devices.wire.audience import Audience
from devices.wire.orders import Cancel, Status
from schedules.models import EmergencyState, Occurrence, OccurrenceState, Schedule
from tests.integration.schedules.conftest import (
    BOTH,
    COMMUNE,
    MORNING,
    OFFICER,
    OPERATOR,
    Room,
    issue,
    orders,
)
from tests.support.until import until

TOMORROW_FIVE = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)


async def states(session: AsyncSession, schedule: Schedule) -> dict[OccurrenceState, int]:
    query = select(Occurrence.state, func.count()).where(col(Occurrence.schedule_id) == schedule.id)
    found = await session.execute(query.group_by(col(Occurrence.state)))
    return {state: count for state, count in found.all()}  # noqa: C416 - rows are no pairs to a type checker


@BOTH
async def test_cancelling_what_was_issued_is_exactly_one_signed_cancel(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session))
    await issue(room)
    async with room.database.writing() as session:
        first = (await room.programme.upcoming(session, COMMUNE))[0]

    async def cancel() -> Occurrence:
        async with room.database.writing() as session:
            return await room.programme.cancel_occurrence(session, first.id, OPERATOR, "Có đám tang")

    found = await asyncio.gather(cancel(), cancel())
    assert {(row.state, row.reason) for row in found} == {(OccurrenceState.CANCELLED, "Có đám tang")}
    async with room.database.reading() as session:
        [order] = await orders(session, "cancel")
    assert order.body == Cancel((first.id,), "Có đám tang")
    assert order.audience == Audience()
    assert order.expires_ms > to_ms(first.expires_at)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock.move(days=1)) == 1
        assert (await room.programme.occurrence(session, first.id)).state is OccurrenceState.CANCELLED


async def test_cancelling_what_is_only_planned_needs_no_order(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session))
        far = (await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=30)))[-1]
        await room.programme.cancel_occurrence(session, far.id, OPERATOR)
        assert (far.state, far.reason) == (OccurrenceState.CANCELLED, "by_hand")
        assert await orders(session) == []


async def test_what_is_over_cannot_be_cancelled(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        occurrence = await room.programme.broadcast_now(
            session, announcement_id=approved.id, audience=Audience(), user_id=OPERATOR
        )
    room.clock.now = occurrence.expires_at
    with pytest.raises(Conflict) as refusal:
        async with room.database.writing() as session:
            await room.programme.cancel_occurrence(session, occurrence.id, OPERATOR)
    assert refusal.value.code == "schedules.occurrence_over"


@BOTH
async def test_ending_a_schedule_takes_back_all_it_had_ahead_in_one_order(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
    await issue(room)
    room.clock.now = TOMORROW_FIVE + timedelta(seconds=3)
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock.move(days=5)) == 0
        # What has begun goes on.
        assert await states(session, schedule) == {OccurrenceState.ISSUED: 1, OccurrenceState.CANCELLED: 29}
        [order] = await orders(session, "cancel")
    assert isinstance(order.body, Cancel)
    assert len(order.body.occurrences) == 6


async def somebody_waits(room: Room) -> bool:
    """Whether a transaction of this database stands in the way of another."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with room.database.reading() as session:
        return bool(await session.scalar(query))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_people_who_end_an_alarm_at_once_in_different_ways_do_not_block_each_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))["flood"]
        emergency = await room.emergencies.launch(
            session, template_id=template.id, audience=Audience(), status=Status.ACTUAL, user_id=OFFICER
        )
    append, in_order = orderlog.append, asyncio.Event()

    async def append_and_wait(session: AsyncSession, **order: object) -> object:
        entry = await append(session, **order)
        if not in_order.is_set():
            in_order.set()
            await until(lambda: somebody_waits(room))
        return entry

    monkeypatch.setattr(orderlog, "append", append_and_wait)

    async def stop_all() -> None:
        async with room.database.writing() as session:
            await room.programme.stop_all(session, COMMUNE, OFFICER)

    async def all_clear() -> None:
        await in_order.wait()
        async with room.database.writing() as session:
            await room.emergencies.all_clear(session, emergency.id, OPERATOR)

    await asyncio.gather(stop_all(), all_clear())
    async with room.database.reading() as session:
        assert (await room.emergencies.get(session, emergency.id)).state is EmergencyState.CLEARED


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_alarm_started_while_somebody_stops_everything_is_stopped_too(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))["flood"]
    append = orderlog.append

    async def launch_and_append(session: AsyncSession, **order: object) -> object:
        monkeypatch.setattr(orderlog, "append", append)
        async with room.database.writing() as other:
            await room.emergencies.launch(
                other, template_id=template.id, audience=Audience(), status=Status.ACTUAL, user_id=OFFICER
            )
        return await append(session, **order)

    monkeypatch.setattr(orderlog, "append", launch_and_append)
    async with room.database.writing() as session:
        await room.programme.stop_all(session, COMMUNE, OFFICER)
    async with room.database.reading() as session:
        [emergency] = await room.emergencies.list(session, COMMUNE)
        [cancel] = await orders(session, "cancel")
    assert emergency.state is EmergencyState.STOPPED
    assert cancel.body == Cancel((emergency.occurrence_id,), "stopped")
