"""Changes of schedules, copies and undoing: with the speakers each airing exactly once."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import Conflict, LoaError, NotFound, Refused
from base.times import from_ms
from devices.wire.audience import Audience
from devices.wire.orders import Cancel, Order, Play
from schedules.allowances import Allowance, Kind, Limit
from schedules.edits import Change, Scope
from schedules.models import Occurrence, OccurrenceState, Off, Policy, Schedule, ScheduleState
from schedules.policy import Rules
from schedules.recurrence import Rule
from schedules.stored_policy import policy_to_map
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, TODAY, ZONE, Room, issue, orders

FIRST = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after `MORNING`."""
A_DAY = timedelta(days=1)


async def made(room: Room, **more: object) -> Schedule:
    """An approved announcement every day at 05:00, ordered for seven days."""
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session), **more)
    assert await issue(room) == 7
    return schedule


async def change(room: Room, schedule: Schedule, original: datetime, scope: Scope, **said: object) -> list[Schedule]:
    async with room.database.writing() as session:
        what = Change(**said)  # type: ignore[arg-type] # any part of a change
        done = await room.programme.edit(session, schedule.id, original, scope, what, user_id=OPERATOR)
        return list(done.schedules)


def sounding(found: list[Order]) -> Counter[datetime]:
    """What the speakers will begin: every play of the log less what is cancelled to everyone."""
    plays = {order.body.occurrence: order.body for order in found if isinstance(order.body, Play)}
    gone = {name for order in found if isinstance(order.body, Cancel) for name in order.body.occurrences}
    return Counter(from_ms(play.start_ms or 0) for name, play in plays.items() if name not in gone)


async def heard(room: Room) -> Counter[datetime]:
    async with room.database.reading() as session:
        return sounding(await orders(session))


async def open_rows(session: AsyncSession) -> list[Occurrence]:
    query = select(Occurrence).where(col(Occurrence.state).in_([OccurrenceState.PLANNED, OccurrenceState.ISSUED]))
    return list(await session.scalars(query.order_by(col(Occurrence.start_at))))


@BOTH
async def test_moving_one_airing_replaces_its_order_once_and_leaves_the_others(room: Room):
    schedule = await made(room)
    await change(room, schedule, FIRST + A_DAY, Scope.THIS, time="06:30")
    wanted = {FIRST + n * A_DAY for n in range(7)} - {FIRST + A_DAY} | {FIRST + A_DAY + timedelta(minutes=90)}
    assert await heard(room) == Counter(wanted)
    assert await issue(room) == 0
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 0
        [cancel] = await orders(session, "cancel")
        rows = list(await session.scalars(select(Occurrence).where(col(Occurrence.original_at) == FIRST + A_DAY)))
    old, new = sorted(rows, key=lambda row: row.generation)
    assert cancel.body == Cancel((old.id,), "replaced")
    assert (old.state, old.off, old.reason) == (OccurrenceState.CANCELLED, Off.NOT_WANTED, "replaced")
    assert (new.state, new.generation, new.replaces_id) == (OccurrenceState.ISSUED, 1, old.id)


@BOTH
async def test_following_airings_go_on_as_a_schedule_of_their_own(room: Room):
    schedule = await made(room)
    cut = FIRST + 3 * A_DAY
    old, new = await change(room, schedule, cut, Scope.FOLLOWING, time="17:00", volume=40)
    assert (old.id, new.follows_id, new.title) == (schedule.id, schedule.id, schedule.title)
    late = timedelta(hours=12)
    # The fourth at its new time lies beyond the seven days.
    assert await heard(room) == Counter(
        [*(FIRST + n * A_DAY for n in range(3)), *(cut + n * A_DAY + late for n in range(3))]
    )
    async with room.database.reading() as session:
        rows = await open_rows(session)
    assert Counter(row.volume for row in rows) == {80: 3, 40: 26}
    assert {row.schedule_id for row in rows if row.volume == 40} == {new.id}
    assert await issue(room) == 0


async def test_what_is_heard_instead_gives_its_title_where_the_schedule_has_none_of_its_own(room: Room):
    plain, named = await made(room, title=""), await made(room, title="Bản tin sáng", times=["17:00"])
    async with room.database.writing() as session:
        other = await room.approved(session, "Phòng cháy")
    for schedule, first in ((plain, FIRST), (named, FIRST + timedelta(hours=12))):
        await change(room, schedule, first + A_DAY, Scope.FOLLOWING, announcement=other.id)
    async with room.database.reading() as session:
        rows = [row for row in await open_rows(session) if row.announcement_id == other.id]
    assert {(row.start_at.hour, row.title) for row in rows} == {(22, "Phòng cháy"), (10, "Bản tin sáng")}


@BOTH
async def test_making_a_schedule_is_taken_back_as_long_as_nothing_of_it_was_heard(room: Room):
    kept = await made(room)
    async with room.database.writing() as session:
        new = await room.daily(session, await room.approved(session), times=["17:00"])
    assert await issue(room) == 7
    async with room.database.writing() as session:
        done = await room.programme.undo(session, COMMUNE, OPERATOR)
    assert (done.change.what, done.schedules) == ("create", ())
    async with room.database.reading() as session:
        assert {row.schedule_id for row in await open_rows(session)} == {kept.id}
        assert (await room.programme.schedule(session, new.id)).state is ScheduleState.ENDED
    assert await heard(room) == Counter(FIRST + n * A_DAY for n in range(7))
    room.clock.now = FIRST + timedelta(minutes=1)
    with pytest.raises(Conflict, match="undo_aired"):
        async with room.database.writing() as session:
            await room.programme.undo(session, COMMUNE, OPERATOR)


async def test_a_place_in_which_nothing_was_done_has_nothing_to_undo(room: Room):
    async with room.database.writing() as session:
        with pytest.raises(NotFound, match="undo_nothing"):
            await room.programme.undo(session, COMMUNE, OPERATOR)


async def test_what_was_taken_back_is_not_brought_to_life_by_an_old_page(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), rrule="", first_day=TODAY + A_DAY)
        _, done = await room.programme.copy(session, COMMUNE, TODAY + A_DAY, 1, by_days=1, user_id=OPERATOR)
        [copied] = done.schedules
        seen = copied.revision
        await room.programme.undo(session, COMMUNE, OPERATOR)
    for scope in (Scope.THIS, Scope.ALL):
        with pytest.raises(NotFound, match="airing_gone"):
            async with room.database.writing() as session:
                await room.programme.edit(
                    session, copied.id, FIRST + A_DAY, scope, Change(volume=20), revision=seen, user_id=OPERATOR
                )
    async with room.database.reading() as session:
        assert [row.start_at for row in await open_rows(session)] == [FIRST]


@BOTH
async def test_what_is_heard_just_the_same_under_a_new_name_needs_no_order(room: Room):
    schedule = await made(room)
    async with room.database.reading() as session:
        before = {row.start_at: row.id for row in await open_rows(session)}
        written = len(await orders(session))
    rule = Rule("FREQ=DAILY;INTERVAL=2", TODAY + 3 * A_DAY, None, ("05:00",), ZONE)
    await change(room, schedule, FIRST + 2 * A_DAY, Scope.FOLLOWING, rule=rule)
    async with room.database.reading() as session:
        after = {row.start_at: row.id for row in await open_rows(session)}
        log = await orders(session)
    assert {start: name for start, name in before.items() if start in after} == after
    assert len(after) == 2 + 14
    [cancel] = log[written:]
    assert isinstance(cancel.body, Cancel)
    assert len(cancel.body.occurrences) == 2


@BOTH
async def test_all_still_to_come_change_and_what_was_heard_stays(room: Room):
    schedule = await made(room)
    room.clock.now = FIRST + A_DAY + timedelta(minutes=1)
    old, new = await change(room, schedule, FIRST + 4 * A_DAY, Scope.ALL, audience=Audience(places=("bn-v01",)))
    async with room.database.reading() as session:
        rows = list(await session.scalars(select(Occurrence).order_by(col(Occurrence.start_at))))
    kept = [row for row in rows if row.schedule_id == old.id and row.state is OccurrenceState.ISSUED]
    assert [row.start_at for row in kept] == [FIRST, FIRST + A_DAY]
    assert all(row.audience == {"places": ["bn-v01"]} for row in rows if row.schedule_id == new.id)
    assert await heard(room) == Counter(FIRST + n * A_DAY for n in range(9))


@BOTH
async def test_undo_brings_back_what_was_and_the_speakers_hear_it_once(room: Room):
    schedule = await made(room)
    before = await heard(room)
    await change(room, schedule, FIRST + 2 * A_DAY, Scope.FOLLOWING, time="17:00")
    await change(room, schedule, FIRST, Scope.THIS, cancel=True)
    assert (await heard(room))[FIRST] == 0
    for _ in range(2):
        async with room.database.writing() as session:
            await room.programme.undo(session, COMMUNE, OPERATOR)
    await issue(room)
    assert await heard(room) == before
    async with room.database.writing() as session:
        assert len(await open_rows(session)) == 30
        assert await room.programme.plan(session, room.clock.move(hours=2)) == 0
    async with room.database.reading() as session:
        states = [each.state for each in await room.programme.schedules(session, COMMUNE)]
    assert Counter(states) == {ScheduleState.ACTIVE: 1, ScheduleState.ENDED: 1}


async def test_ending_a_schedule_can_be_undone_and_an_older_change_does_not_revive_it(room: Room):
    schedule = await made(room)
    await change(room, schedule, FIRST, Scope.THIS, volume=30)
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
    assert await heard(room) == Counter()
    async with room.database.writing() as session:
        await room.programme.undo(session, COMMUNE, OPERATOR)
    assert await issue(room) == 7
    assert await heard(room) == Counter(FIRST + n * A_DAY for n in range(7))


async def test_what_has_begun_cannot_be_undone(room: Room):
    schedule = await made(room)
    await change(room, schedule, FIRST, Scope.THIS, time="06:00")
    room.clock.now = FIRST + timedelta(hours=2)
    with pytest.raises(Conflict, match="undo_aired"):
        async with room.database.writing() as session:
            await room.programme.undo(session, COMMUNE, OPERATOR)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"time": "03:15"}, "schedules.outside_hours"),
        ({"time": "25:00"}, "schedules.time_wrong"),
        ({"day": date(2026, 3, 9)}, "schedules.in_the_past"),
        ({"day": date(2027, 3, 9), "time": "23:00"}, "schedules.outside_hours"),
        ({"volume": 101}, "schedules.volume_wrong"),
        ({}, "schedules.edit_wrong"),
        ({"audience": Audience(places=("bac-ha",))}, "schedules.audience_unknown"),
        ({"announcement": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "schedules.announcement_unknown"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(room: Room, said: dict[str, object], code: str):
    schedule = await made(room)
    before = await heard(room)
    with pytest.raises(LoaError) as refusal:
        await change(room, schedule, FIRST + A_DAY, Scope.THIS, **said)
    assert refusal.value.code == code
    if code == "schedules.outside_hours":
        assert refusal.value.params["rule"] == "05:00–21:00"
    assert await heard(room) == before


async def test_a_change_that_breaks_a_limit_is_refused_with_the_rule(room: Room):
    limit = Limit(Kind.BLOCKS, 1, "Một buổi phát thanh mỗi ngày", "Quy chế 1")
    schedule = await made(room)
    async with room.database.writing() as session:
        allowance = policy_to_map(Allowance(Rules.of(ZONE), (limit,)))
        session.add(Policy(place_id=COMMUNE, hours=[["05:00", "20:00"]], source="Quy chế 1", allowance=allowance))
    with pytest.raises(Refused, match="too_many_blocks"):
        await change(room, schedule, FIRST + A_DAY, Scope.THIS, day=date(2026, 3, 11), time="12:00")
    await change(room, schedule, FIRST + A_DAY, Scope.THIS, time="12:00")


async def test_who_saw_an_older_version_is_told(room: Room):
    schedule = await made(room)
    await change(room, schedule, FIRST, Scope.THIS, volume=30)
    with pytest.raises(Conflict, match="stale_revision"):
        async with room.database.writing() as session:
            await room.programme.edit(
                session, schedule.id, FIRST, Scope.THIS, Change(volume=31), revision=1, user_id=OPERATOR
            )


@BOTH
async def test_two_who_change_the_same_airing_at_once_leave_one_order(room: Room):
    schedule = await made(room)
    times = ("06:00", "07:00", "08:00")
    await asyncio.gather(*(change(room, schedule, FIRST + A_DAY, Scope.THIS, time=time) for time in times))
    found = await heard(room)
    assert sum(found.values()) == 7
    assert len([at for at in found if at.date() == (FIRST + A_DAY).date() or at.hour < 2]) == 1
    assert FIRST + A_DAY not in found


@BOTH
async def test_changing_while_orders_are_written_loses_and_doubles_nothing(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
    cut = FIRST + 2 * A_DAY
    await asyncio.gather(issue(room), change(room, schedule, cut, Scope.FOLLOWING, time="17:00"), issue(room))
    await issue(room)
    late = timedelta(hours=12)
    # The seventh at its new time lies beyond the seven days.
    assert await heard(room) == Counter([FIRST, FIRST + A_DAY, *(cut + n * A_DAY + late for n in range(4))])


@BOTH
async def test_a_copied_day_is_heard_again_by_the_clock(room: Room):
    await made(room, times=["05:00"])
    async with room.database.writing() as session:
        evening = await room.daily(
            session, await room.approved(session), rrule="", first_day=date(2026, 3, 11), times=["17:00", "18:00"]
        )
        seen = await room.programme.look_at_copy(session, COMMUNE, date(2026, 3, 11), 1, by_days=3)
        copied, done = await room.programme.copy(session, COMMUNE, date(2026, 3, 11), 1, by_days=3, user_id=OPERATOR)
    assert [len(plan.rule.times) for plan in seen.plans] == [len(plan.rule.times) for plan in copied.plans] == [2]
    assert len(copied.already) == 1
    [new] = done.schedules
    assert (new.title, new.announcement_id) == ("Lịch tiêm chủng", evening.announcement_id)
    await issue(room)
    found = await heard(room)
    at = datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert [found[at], found[at + timedelta(hours=1)], found[FIRST + 3 * A_DAY]] == [1, 1, 1]
    async with room.database.writing() as session:
        with pytest.raises(Conflict, match="copy_empty"):
            await room.programme.copy(session, COMMUNE, date(2026, 3, 11), 1, by_days=3, user_id=OPERATOR)
    async with room.database.writing() as session:
        await room.programme.undo(session, COMMUNE, OPERATOR)
    assert (await heard(room))[at] == 0
