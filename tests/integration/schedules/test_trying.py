"""A change, a copy and an undoing looked at first: everything is told, nothing is ordered, written or kept."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from base.errors import Refused
from base.times import from_ms
from devices.models import Delivery, OrderEntry
from devices.orderlog import appended
from devices.wire.orders import AfterPreemption, Play
from schedules.edits import Change, Scope
from schedules.models import Occurrence, Policy, ProgrammeChange, Schedule
from schedules.plans import Preempted
from schedules.trying import CopyEffect, Effect
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, issue, orders
from tests.integration.schedules.test_editing import A_DAY, FIRST, change, made

TABLES = (Schedule, Occurrence, OrderEntry, Delivery, ProgrammeChange)
PLACE_HOURS = ["05:00", "21:00"]


async def everything(room: Room) -> list[str]:
    """All rows that a change touches, as they are kept."""
    async with room.database.reading() as session:
        found = [repr(row.model_dump()) for table in TABLES for row in await session.scalars(select(table))]
    return sorted(found)


async def look(room: Room, schedule: Schedule, scope: Scope, original: datetime = FIRST, **said: object) -> Effect:
    what = Change(**said)  # type: ignore[arg-type] # any part of a change
    async with room.database.writing() as session:
        effect = await room.programme.trials.edit(
            session, schedule.id, original, scope, what, revision=None, now=room.clock(), user_id=OPERATOR
        )
        assert appended(session) == []
    return effect


async def copied(room: Room, first: date, by_days: int) -> CopyEffect:
    async with room.database.writing() as session:
        return await room.programme.trials.copy(
            session, COMMUNE, first, 1, by_days=by_days, now=room.clock(), user_id=OPERATOR
        )


@BOTH
async def test_looking_tells_what_a_change_does_and_keeps_nothing(room: Room):
    schedule = await made(room)
    before = await everything(room)
    effect = await look(room, schedule, Scope.FOLLOWING, FIRST + A_DAY, time="06:30", volume=60)
    assert {each.after.start - each.before.start for each in effect.differences} == {timedelta(minutes=90)}
    assert {each.after.volume for each in effect.differences} == {60}
    assert (effect.differences[0].before.start, effect.ordered) == (FIRST + A_DAY, 6)
    gone = await look(room, schedule, Scope.THIS, cancel=True)
    assert [(each.before.start, each.after) for each in gone.differences] == [(FIRST, None)]
    day = (FIRST + timedelta(hours=7)).date()
    there = await copied(room, day, 1)
    assert (there.copied.plans, [each.start for each in there.copied.already]) == ((), [FIRST + A_DAY])
    assert there.refusal is not None
    assert there.refusal.code == "schedules.copy_empty"
    assert await everything(room) == before
    await change(room, schedule, FIRST + A_DAY, Scope.FOLLOWING, time="06:30", volume=60)
    async with room.database.reading() as session:
        offer = await room.programme.history.offer(session, COMMUNE, room.clock())
    assert offer is not None
    assert offer.touches(schedule.id)
    forth = [(each.before.start, each.after.start) for each in effect.differences]
    assert [(each.after.start, each.before.start) for each in offer.differences][: len(forth)] == forth
    room.clock.move(days=3)
    async with room.database.reading() as session:
        late = await room.programme.history.offer(session, COMMUNE, room.clock())
    assert late is not None
    assert late.refusal is not None
    assert late.refusal.code == "schedules.undo_aired"


async def test_looking_is_refused_as_the_change_would_be_and_says_whom_it_meets(room: Room):
    schedule = await made(room)
    async with room.database.writing() as session:
        other = await room.daily(session, await room.approved(session, "Họp thôn"), times=("06:00",), title="Họp thôn")
    effect = await look(room, schedule, Scope.THIS, time="06:00")
    assert [(each.title, each.other, each.wins) for each in effect.meetings] == [("Bản tin sáng", "Họp thôn", None)]
    assert effect.meetings[0].clusters == 57
    assert (await look(room, other, Scope.THIS, FIRST + timedelta(hours=1), volume=50)).meetings == ()
    async with room.database.writing() as session:
        await session.merge(Policy(place_id=COMMUNE, hours=[PLACE_HOURS], source="QĐ 12"))
    before = await everything(room)
    with pytest.raises(Refused) as refused:
        await look(room, schedule, Scope.THIS, time="03:15")
    assert (refused.value.code, refused.value.params["nearest"]) == ("schedules.outside_hours", "05:00")
    assert await everything(room) == before


async def test_a_copy_that_the_policy_refuses_says_so_when_it_is_looked_at(room: Room):
    await made(room)
    day = (FIRST + timedelta(hours=7)).date()
    async with room.database.writing() as session:
        extra = await room.daily(
            session, await room.approved(session, "Hội làng"), rrule="", times=("05:30",), first_day=day + A_DAY
        )
        await session.merge(Policy(place_id=COMMUNE, hours=[["06:00", "21:00"]], source="QĐ 12"))
    before = await everything(room)
    found = await copied(room, day + A_DAY, 1)
    assert [plan.announcement for plan in found.copied.plans] == [extra.announcement_id]
    assert found.titles[found.copied.plans[0].id] == "Hội làng"
    assert found.refusal is not None
    assert found.refusal.code == "schedules.outside_hours"
    assert await everything(room) == before


async def test_what_becomes_of_it_after_giving_way_reaches_its_order_and_a_change_of_it_replaces_the_order(room: Room):
    schedule = await made(room, preempted=AfterPreemption.RESTART, stale_s=300)
    async with room.database.reading() as session:
        plays = [order.body for order in await orders(session, "play")]
    assert {(play.preempted, play.stale_ms) for play in plays if isinstance(play, Play)} == {
        (AfterPreemption.RESTART, 300_000)
    }
    way = Preempted(AfterPreemption.RESUME, 600)
    [changed] = await change(room, schedule, FIRST, Scope.THIS, preempted=way)
    assert (changed.preempted, changed.stale_s) == (AfterPreemption.RESTART, 300)
    async with room.database.reading() as session:
        newest = (await orders(session, "play"))[-1]
        assert len(await orders(session, "cancel")) == 1
    assert isinstance(newest.body, Play)
    assert (newest.body.preempted, newest.body.stale_ms) == (AfterPreemption.RESUME, 600_000)
    lasts = from_ms(newest.expires_ms) - from_ms(newest.body.start_ms or 0)
    assert timedelta(seconds=660) < lasts < timedelta(seconds=690), "late, its own length, and ten minutes"
    await change(room, schedule, FIRST, Scope.ALL, preempted=replace(way, stale_s=None))
    async with room.database.reading() as session:
        rows = list(await session.scalars(select(Occurrence).where(Occurrence.state == "issued")))
    assert {(row.preempted, row.stale_s) for row in rows} == {(AfterPreemption.RESUME, None)}
    assert await issue(room) == 0
