"""Several who change one place at once on PostgreSQL: what they agree on holds, and nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.ids import new_id
from devices.models import OrderLog
from devices.wire.audience import Audience
from schedules.calendar_vn import Override
from schedules.edits import Change, Scope
from schedules.models import Schedule
from schedules.pauses import Occasion, Pause
from schedules.recurrence import OnHolidays, Rule
from schedules.repository.places import lock_place
from schedules.said_policy import SaidPolicy
from tests.integration.schedules.conftest import COMMUNE, OPERATOR, TODAY, ZONE, Room, issue
from tests.integration.schedules.test_pausing import ears
from tests.integration.schedules.test_sessions_at_once import meanwhile

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time."""

A_DAY = timedelta(days=1)
FIRST = datetime.combine(TODAY + A_DAY, datetime.min.time(), ZONE) + timedelta(hours=5)
LATER = FIRST + timedelta(hours=12)


async def ordered(room: Room, **more: Any) -> Schedule:
    """A schedule of every day at 05:00, with the speakers for seven days."""
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session), **more)
    await issue(room)
    return schedule


async def move(room: Room, session: AsyncSession, schedule: Schedule) -> None:
    await room.programme.edit(session, schedule.id, FIRST, Scope.THIS, Change(time="17:00"), user_id=OPERATOR)


async def in_its_own(room: Room, work: Callable[[AsyncSession], Awaitable[Any]]) -> None:
    """Do something in a transaction of its own."""
    async with room.database.writing() as session:
        await work(session)


async def waiting_for(room: Room, count: int, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start something, until so many wait for locks or it is done."""
    task = asyncio.create_task(work)
    query = text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    while not task.done():
        async with room.database.reading() as session:
            if (await session.scalar(query) or 0) >= count:
                break
        await asyncio.sleep(0.01)
    return task


async def test_a_pause_reaches_what_is_being_put_in_the_place_of_an_order(room: Room):
    schedule = await ordered(room)
    hour = timedelta(hours=1)
    whom = Audience(places=("bn-v01",))
    funeral = Pause(new_id(), whom, LATER - hour, LATER + hour, Occasion.FUNERAL, OPERATOR)
    async with room.database.writing() as session:
        await move(room, session, schedule)
        pausing = await meanwhile(room, in_its_own(room, lambda mine: room.programme.pause(mine, COMMUNE, funeral)))
    await pausing
    async with room.database.reading() as session:
        nodes = await room.devices.cluster_nodes(session, COMMUNE)
    assert set(await ears(room, LATER)) == {each.id for each in nodes if each.village_id != "bn-v01"}


async def test_a_new_policy_and_a_change_do_not_wait_in_a_circle(room: Room):
    schedule = await ordered(room)
    said = SaidPolicy([["05:00", "20:00"]], 80, "QĐ 02/2026")

    async def put(session: AsyncSession) -> None:
        await room.programme.policies.put(session, COMMUNE, said, now=room.clock(), user_id=OPERATOR)

    async with room.database.writing() as session:
        await lock_place(session, COMMUNE)
        writing = await meanwhile(room, in_its_own(room, put))
        await move(room, session, schedule)
    await writing


async def test_a_holiday_and_a_change_do_not_wait_in_a_circle(room: Room):
    rule = Rule("FREQ=DAILY", TODAY, None, ("05:00",), ZONE, on_holidays=OnHolidays.SKIP, takes_hours=True)
    schedule = await ordered(room, rule=rule)
    day = TODAY + 3 * A_DAY

    async def put(session: AsyncSession) -> None:
        override = Override(day, "Hội làng", True)
        await room.programme.free_days.put(session, COMMUNE, day, override, now=room.clock(), user_id=OPERATOR)

    async with room.database.writing() as session:
        await lock_place(session, COMMUNE)
        writing = await meanwhile(room, in_its_own(room, put))
        await move(room, session, schedule)
    await writing


async def test_replacing_an_order_and_ordering_more_of_the_same_do_not_wait_in_a_circle(room: Room):
    schedule = await ordered(room)
    room.clock.move(days=1)
    second = FIRST + A_DAY

    async def change(session: AsyncSession) -> None:
        await room.programme.edit(session, schedule.id, second, Scope.THIS, Change(time="17:00"), user_id=OPERATOR)

    async with room.database.writing() as session:
        await session.scalars(select(OrderLog).where(col(OrderLog.log) == COMMUNE).with_for_update())
        changing = await waiting_for(room, 1, in_its_own(room, change))
        ordering = await waiting_for(room, 2, issue(room))
    await changing
    assert await ordering + await issue(room) == 1


async def test_ending_a_schedule_waits_for_who_plans_in_its_place(room: Room):
    schedule = await ordered(room)

    async def end(session: AsyncSession) -> None:
        await room.programme.end_schedule(session, schedule.id, OPERATOR)

    async with room.database.writing() as session:
        await lock_place(session, COMMUNE)
        ending = await meanwhile(room, in_its_own(room, end))
        assert not ending.done()
    await ending
