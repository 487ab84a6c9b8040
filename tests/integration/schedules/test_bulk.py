"""Many schedules are changed at once: all of them or none, with the effect known before, undone by one undo."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import Conflict, NotFound, Refused
from devices.wire.audience import Audience
from schedules.bulk import Chosen
from schedules.many import ForMany
from schedules.models import Occurrence, OccurrenceState, Schedule, ScheduleState
from schedules.undoing import MAX_BULK
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, TODAY, ZONE, Room, issue

FIRST = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after the test's."""
A_DAY = timedelta(days=1)


async def two(room: Room) -> tuple[Schedule, Schedule]:
    async with room.database.writing() as session:
        morning = await room.daily(session, await room.approved(session), title="Sáng")
        evening = await room.daily(session, await room.approved(session, "Chiều"), times=["17:00"], title="Chiều")
        return morning, evening


def whole(*schedules: Schedule) -> Chosen:
    return Chosen({each.id: () for each in schedules})


async def heard(session: AsyncSession, day: int = 1) -> list[str]:
    open_states = [OccurrenceState.PLANNED, OccurrenceState.ISSUED]
    query = select(Occurrence).where(col(Occurrence.state).in_(open_states)).order_by(col(Occurrence.start_at))
    starts = [row.start_at.astimezone(ZONE) for row in await session.scalars(query)]
    return [f"{start:%H:%M}" for start in starts if start.date() == TODAY + day * A_DAY]


@BOTH
async def test_many_schedules_move_together_keep_their_names_and_come_back_together(room: Room) -> None:
    morning, evening = await two(room)
    assert await issue(room) > 0
    async with room.database.writing() as session:
        looked = await room.programme.bulk.look(session, COMMUNE, whole(morning, evening), ForMany(shift_min=20))
        assert looked.possible
        assert {effect.schedule.id: len(effect.new) for effect in looked.each} == {morning.id: 35, evening.id: 35}
        assert await heard(session) == ["05:00", "17:00"]
    async with room.database.writing() as session:
        done = await room.programme.bulk.change(
            session, COMMUNE, whole(morning, evening), ForMany(shift_min=20, volume=60), user_id=OPERATOR
        )
        assert done.change.what == "bulk"
    async with room.database.writing() as session:
        assert await heard(session) == ["05:20", "17:20"]
        going_on = await session.scalars(select(Schedule).where(col(Schedule.state) == ScheduleState.ACTIVE))
        assert Counter(each.title for each in going_on if each.follows_id is not None) <= Counter(["Sáng", "Chiều"])
        await room.programme.undo(session, COMMUNE, OPERATOR)
    async with room.database.writing() as session:
        assert await heard(session) == ["05:00", "17:00"]


async def test_one_that_cannot_be_changed_keeps_all_back_and_is_told(room: Room) -> None:
    morning, evening = await two(room)
    what = ForMany(shift_min=420)
    async with room.database.writing() as session:
        looked = await room.programme.bulk.look(session, COMMUNE, whole(morning, evening), what)
        refused = {each.schedule.id: each.refusal.code for each in looked.each if each.refusal is not None}
        assert (refused, looked.possible) == ({evening.id: "schedules.bulk_midnight"}, False)
        with pytest.raises(Conflict, match="bulk_refused"):
            await room.programme.bulk.change(session, COMMUNE, whole(morning, evening), what, user_id=OPERATOR)
        assert await heard(session) == ["05:00", "17:00"]


async def test_what_the_policy_forbids_is_told_before_and_refused_after(room: Room) -> None:
    morning, evening = await two(room)
    async with room.database.writing() as session:
        looked = await room.programme.bulk.look(session, COMMUNE, whole(morning, evening), ForMany(shift_min=-180))
        assert {each.refusal.code for each in looked.problems} == {"schedules.outside_hours"}
    async with room.database.writing() as session:
        with pytest.raises(Refused, match="outside_hours"):
            await room.programme.bulk.change(
                session, COMMUNE, whole(morning, evening), ForMany(shift_min=-180), user_id=OPERATOR
            )


async def test_days_are_called_off_single_airings_changed_and_schedules_ended(room: Room) -> None:
    morning, evening = await two(room)
    bulk = room.programme.bulk
    async with room.database.writing() as session:
        off = ForMany(off=(TODAY + A_DAY, TODAY + 2 * A_DAY))
        looked = await bulk.look(session, COMMUNE, whole(morning, evening), off)
        assert [len(each.gone) for each in looked.each] == [2, 2]
        await bulk.change(session, COMMUNE, whole(morning, evening), off, user_id=OPERATOR)
        assert [await heard(session, day) for day in (1, 2, 3)] == [[], [], ["05:00", "17:00"]]
        one = Chosen({morning.id: (FIRST + 2 * A_DAY,)})
        await bulk.change(session, COMMUNE, one, ForMany(shift_min=90), user_id=OPERATOR)
        assert await heard(session, 3) == ["06:30", "17:00"]
        await bulk.change(session, COMMUNE, one, ForMany(cancel=True), user_id=OPERATOR)
        assert await heard(session, 3) == ["17:00"]
        await bulk.change(session, COMMUNE, whole(morning, evening), ForMany(end=True), user_id=OPERATOR)
        assert await heard(session, 4) == []


async def test_wrong_input_changes_nothing(room: Room) -> None:
    morning, _ = await two(room)
    bulk = room.programme.bulk
    with pytest.raises(Refused, match="bulk_count"):
        Chosen({})
    with pytest.raises(Refused, match="bulk_count"):
        Chosen({str(n): () for n in range(MAX_BULK + 1)})
    wrong = [
        (Chosen({"0" * 26: ()}), ForMany(volume=30), "schedule_unknown"),
        (whole(morning), ForMany(announcement="0" * 26), "announcement_unknown"),
        (whole(morning), ForMany(audience=Audience(zones=("nowhere",))), "audience_unknown"),
        (Chosen({morning.id: ()}, {morning.id: 7}), ForMany(volume=30), "stale_revision"),
    ]
    for chosen, what, code in wrong:
        async with room.database.writing() as session:
            with pytest.raises(Refused, match=code):
                await bulk.change(session, COMMUNE, chosen, what, user_id=OPERATOR)
    with pytest.raises(NotFound, match="schedule_unknown"):
        async with room.database.reading() as session:
            await bulk.look(session, COMMUNE, Chosen({"0" * 26: ()}), ForMany(volume=30))
