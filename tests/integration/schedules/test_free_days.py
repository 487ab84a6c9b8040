"""Holidays a place adds or takes out: what is planned follows, now and as the horizon moves on, each airing once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from base.errors import Refused
from devices.wire.orders import Cancel, Play
from schedules import free_days
from schedules.approving import path_of
from schedules.calendar_vn import Override
from schedules.free_days import Difference
from schedules.models import Occurrence, OccurrenceState, Schedule, ScheduleState
from schedules.recurrence import OnHolidays, Rule
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, TODAY, ZONE, Room, issue, orders

DAY = date(2026, 3, 13)
LATER = date(2026, 5, 20)
"""Beyond the horizon as the tests begin."""
ADDED = Override(DAY, "Ngày hội Gầu Tào")
DAILY = Rule("FREQ=DAILY", TODAY, None, ("05:00",), ZONE, takes_hours=True)


async def schedule(room: Room, on: OnHolidays, **more: object) -> str:
    async with room.database.writing() as session:
        rule = replace(DAILY, on_holidays=on, **more)  # type: ignore[arg-type] # fields of a rule
        return (await room.daily(session, await room.approved(session), rule=rule)).id


async def put(room: Room, day: date, said: Override | None, place: str = COMMUNE) -> None:
    async with room.database.writing() as session:
        await room.programme.free_days.put(session, place, day, said, now=room.clock(), user_id=OPERATOR)


async def difference(room: Room, day: date, said: Override | None) -> Difference:
    async with room.database.reading() as session:
        return await room.programme.free_days.difference(session, COMMUNE, day, said, room.clock())


async def days(room: Room) -> list[date]:
    """The local days with an airing that stands, each as often as it does."""
    async with room.database.reading() as session:
        query = select(Occurrence).where(col(Occurrence.state) != OccurrenceState.CANCELLED)
        return sorted(row.start_at.astimezone(ZONE).date() for row in await session.scalars(query))


async def sounding(room: Room) -> list[date]:
    """The days on which the speakers were told to sound something."""
    async with room.database.reading() as session:
        log = await orders(session)
    off = {name for order in log if isinstance(order.body, Cancel) for name in order.body.occurrences}
    plays = [order.body for order in log if isinstance(order.body, Play) and order.body.occurrence not in off]
    return sorted(datetime.fromtimestamp(play.start_ms / 1000, UTC).astimezone(ZONE).date() for play in plays)


@BOTH
async def test_a_day_that_becomes_a_holiday_is_skipped_and_heard_again_when_it_is_none(room: Room):
    await schedule(room, OnHolidays.SKIP)
    await issue(room)
    before, told = await days(room), await sounding(room)
    assert DAY in told
    shown = await difference(room, DAY, ADDED)
    assert ([each.start.astimezone(ZONE).date() for each in shown.gone], shown.new) == ([DAY], [])
    for _ in range(2):
        await put(room, DAY, ADDED)
        assert await days(room) == [day for day in before if day != DAY]
        assert await sounding(room) == [day for day in told if day != DAY]
    back = await difference(room, DAY, None)
    assert (back.gone, [each.start.astimezone(ZONE).date() for each in back.new]) == ([], [DAY])
    for _ in range(2):
        await put(room, DAY, None)
        await issue(room)
        assert (await days(room), await sounding(room)) == (before, told)


async def test_a_day_beyond_the_horizon_counts_once_it_comes_near(room: Room):
    await schedule(room, OnHolidays.SKIP)
    await put(room, LATER, Override(LATER, "Ngày hội"))
    for _ in range(60):
        room.clock.move(days=1)
        async with room.database.writing() as session:
            await room.programme.plan(session, room.clock())
    found = await days(room)
    assert LATER not in found
    assert {LATER - timedelta(days=1), LATER + timedelta(days=1)} <= set(found)
    assert len(found) == len(set(found))


async def test_a_public_holiday_that_is_taken_out_is_a_day_like_others(room: Room):
    room.clock.now = datetime(2026, 4, 20, 3, tzinfo=UTC)
    await schedule(room, OnHolidays.SKIP, first_day=date(2026, 4, 20))
    may_day = date(2026, 5, 1)
    assert may_day not in await days(room)
    await put(room, may_day, Override(may_day, "Làm bù", free=False))
    assert (await days(room)).count(may_day) == 1
    async with room.database.reading() as session:
        year = await room.programme.free_days.year(session, COMMUNE, 2026, "vi")
    own = next(each for each in year if each.day == may_day)
    assert (own.free, own.name, own.place_id, bool(own.national)) == (False, "Làm bù", COMMUNE, True)


async def test_what_ended_for_want_of_holidays_begins_again_with_a_new_one(room: Room):
    room.clock.now = datetime(2026, 8, 25, 3, tzinfo=UTC)
    schedule_id = await schedule(room, OnHolidays.ONLY, first_day=date(2026, 8, 25), last_day=date(2026, 9, 25))
    room.clock.now = datetime(2026, 9, 10, 3, tzinfo=UTC)
    async with room.database.writing() as session:
        found = await session.get(Schedule, schedule_id)
        assert found is not None
        found.planned_until = None
    async with room.database.writing() as session:
        await room.programme.plan(session, room.clock())
    added = date(2026, 9, 20)
    async with room.database.reading() as session:
        assert (await room.programme.schedule(session, schedule_id)).state is ScheduleState.ENDED
    shown = await difference(room, added, Override(added, "Tết cơm mới"))
    assert [each.start.astimezone(ZONE).date() for each in shown.new] == [added]
    await put(room, added, Override(added, "Tết cơm mới"))
    assert (await days(room)).count(added) == 1


async def test_a_schedule_a_person_ended_stays_ended(room: Room):
    schedule_id = await schedule(room, OnHolidays.ONLY, last_day=date(2026, 12, 31))
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, schedule_id, OPERATOR)
    await put(room, DAY, ADDED)
    assert DAY not in await days(room)


async def test_a_province_adds_a_day_and_a_commune_of_it_takes_it_out_again(room: Room):
    await schedule(room, OnHolidays.SKIP)
    async with room.database.reading() as session:
        province = (await path_of(session, COMMUNE))[1]
    await put(room, DAY, ADDED, province)
    assert DAY not in await days(room)
    await put(room, DAY, Override(DAY, "Không nghỉ ở xã này", free=False))
    assert (await days(room)).count(DAY) == 1
    await put(room, DAY, None, province)
    assert (await days(room)).count(DAY) == 1


async def test_what_is_no_correction_is_refused(room: Room, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(Refused, match="holiday_name"):
        Override(DAY, " ")
    with pytest.raises(Refused, match="day_wrong"):
        await put(room, date(1999, 1, 1), Override(date(1999, 1, 1), "Xưa"))
    with pytest.raises(Refused, match="day_wrong"):
        async with room.database.reading() as session:
            await room.programme.free_days.year(session, COMMUNE, 99_999, "vi")
    monkeypatch.setattr(free_days, "MAX_OVERRIDES", 1)
    await put(room, DAY, ADDED)
    await put(room, DAY, Override(DAY, "Tên khác"))
    with pytest.raises(Refused, match="holidays_wrong"):
        await put(room, LATER, Override(LATER, "Thêm nữa"))
