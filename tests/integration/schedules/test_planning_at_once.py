"""Several who plan in one place at once are judged one after the other, and what is ordered late by what holds then."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from base.errors import LoaError
from devices.wire.audience import Audience
from schedules.allowances import Allowance, Kind, Limit
from schedules.edits import Change, Scope
from schedules.models import Occurrence, OccurrenceState, Off, Policy, Schedule
from schedules.policy import Rules
from schedules.stored_policy import policy_to_map
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, ZONE, Room, issue
from tests.integration.schedules.test_deciding import FIRST
from tests.integration.schedules.test_sessions_at_once import meanwhile

POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time."""


async def permit(room: Room, blocks: int) -> None:
    """At most so many programme blocks a day."""
    limits = (Limit(Kind.BLOCKS, blocks, "Số buổi", "QĐ 01/2026"),)
    allowance = policy_to_map(Allowance(Rules.of(ZONE), limits))
    async with room.database.writing() as session:
        session.add(Policy(place_id=COMMUNE, allowance=allowance, hours=[["05:00", "21:00"]], source="QĐ 01/2026"))


async def make(room: Room, announcement_id: str, time: str) -> Schedule:
    async with room.database.writing() as session:
        about = await room.announcements.find(session, announcement_id)
        return await room.daily(session, about, times=[time])


@POSTGRES
async def test_two_who_schedule_at_once_do_not_both_get_the_last_block_of_the_day(room: Room):
    await permit(room, 1)
    async with room.database.writing() as session:
        one, other = [await room.approved(session, title) for title in ("Một", "Hai")]
    async with room.database.writing() as session:
        await room.daily(session, one, times=["06:00"])
        second = await meanwhile(room, make(room, other.id, "17:00"))
        assert not second.done()
    with pytest.raises(LoaError) as refused:
        await second
    assert refused.value.code == "schedules.too_many_blocks"


@POSTGRES
async def test_two_who_change_different_schedules_at_once_are_judged_one_after_the_other(room: Room):
    await permit(room, 1)
    async with room.database.writing() as session:
        about = [await room.approved(session, title) for title in ("Một", "Hai")]
        near, far = [
            await room.daily(session, each, times=["06:00"], audience=Audience(places=(village,)))
            for each, village in zip(about, ("bn-v01", "bn-v02"), strict=True)
        ]
    first = FIRST + timedelta(hours=1)
    both = Audience(places=("bn-v01", "bn-v02"))
    async with room.database.writing() as session:
        await room.programme.edit(session, near.id, first, Scope.ALL, Change(audience=both), user_id=OPERATOR)

        async def change() -> None:
            async with room.database.writing() as mine:
                await room.programme.edit(mine, far.id, first, Scope.ALL, Change(time="17:00"), user_id=OPERATOR)

        second = await meanwhile(room, change())
        assert not second.done()
    with pytest.raises(LoaError) as refused:
        await second
    assert refused.value.code == "schedules.too_many_blocks"


@POSTGRES
async def test_the_horizon_passes_over_a_place_in_which_somebody_plans(room: Room):
    async with room.database.writing() as session:
        one, other = [await room.approved(session, title) for title in ("Một", "Hai")]
        await room.daily(session, one)
    room.clock.move(days=2)

    async def plan() -> int:
        async with room.database.writing() as session:
            return await room.programme.plan(session, room.clock())

    async with room.database.writing() as session:
        await room.daily(session, other, times=["17:00"])
        planning = await meanwhile(room, plan())
        assert planning.done()
        assert await planning == 0
    assert await plan() > 0


@BOTH
async def test_what_a_stricter_policy_counts_too_many_is_not_ordered_and_the_first_of_the_day_is(room: Room):
    async with room.database.writing() as session:
        one, other = [await room.approved(session, title) for title in ("Một", "Hai")]
        morning = await room.daily(session, one, times=["06:00"])
        evening = await room.daily(session, other, times=["17:00"])
    await permit(room, 1)
    # Today, after ten, only the evening is left.
    assert await issue(room) == 1 + 7
    async with room.database.reading() as session:
        rows = list(await session.scalars(select(Occurrence).where(col(Occurrence.state) == OccurrenceState.CANCELLED)))
        ordered = list(await session.scalars(select(Occurrence).where(col(Occurrence.state) == OccurrenceState.ISSUED)))
    assert {(row.schedule_id, row.off, row.reason) for row in rows} == {(evening.id, Off.UNFIT, "too_many_blocks")}
    assert [row.schedule_id for row in sorted(ordered, key=lambda row: row.start_at)] == [evening.id, *[morning.id] * 7]
