"""What is put away is heard nowhere any more: not in a single airing, nor in place of a silent station."""

import pytest
from sqlmodel import col, select

from base.errors import Conflict
from schedules.edits import Change, Scope
from schedules.models import AnnouncementState, Occurrence
from schedules.relays import Station
from tests.integration.schedules.conftest import COMMUNE, OPERATOR, Room


async def test_what_one_airing_of_a_schedule_announces_is_not_put_away_before_that_is_ended(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
        other = await room.approved(session, "Khác")
        query = select(Occurrence).order_by(col(Occurrence.start_at))
        last = list(await session.scalars(query))[-1]
        assert last.original_at is not None
        change = Change(announcement=other.id)
        await room.programme.edit(session, schedule.id, last.original_at, Scope.THIS, change, user_id=OPERATOR)
    with pytest.raises(Conflict, match="announcement_scheduled"):
        async with room.database.writing() as session:
            await room.announcements.archive(session, other.id, OPERATOR)
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
    async with room.database.writing() as session:
        archived = await room.announcements.archive(session, other.id, OPERATOR)
        assert archived.state is AnnouncementState.ARCHIVED


async def test_what_sounds_for_a_silent_station_is_not_put_away(room: Room):
    async with room.database.writing() as session:
        other = await room.approved(session, "Nhạc thay thế")
        station = Station("Đài tỉnh", "https://dai.example.vn/live.mp3", fallback_id=other.id)
        source = await room.programme.relays.add(session, COMMUNE, station, OPERATOR)
    with pytest.raises(Conflict, match="announcement_fallback"):
        async with room.database.writing() as session:
            await room.announcements.archive(session, other.id, OPERATOR)
    async with room.database.writing() as session:
        await room.programme.relays.retire(session, source.id, OPERATOR)
        archived = await room.announcements.archive(session, other.id, OPERATOR)
        assert archived.state is AnnouncementState.ARCHIVED
