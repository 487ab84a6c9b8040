"""Two who are at the same announcement or session at once: what they agree on holds, and nobody waits for ever."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from devices.wire.audience import Audience
from schedules.composition import Composition, Item
from schedules.models import Announcement, AnnouncementState
from tests.integration.schedules.conftest import OPERATOR, Room, issue
from tests.integration.schedules.test_sessions import approved_session, change, compose

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time."""


async def meanwhile(room: Room, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Start something that may have to wait for whoever has a transaction open, until it is done or does wait."""
    task = asyncio.create_task(work)
    while not (task.done() or await _waiting(room)):  # noqa: ASYNC110 - the database tells nobody who begins to wait
        await asyncio.sleep(0.01)
    return task


async def _waiting(room: Room) -> bool:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with room.database.reading() as session:
        return bool(await session.scalar(query))


async def put_away(room: Room, about: Announcement) -> None:
    async with room.database.writing() as session:
        await room.announcements.archive(session, about.id, OPERATOR)


async def _scheduled(room: Room, session: AsyncSession, *, in_session: bool) -> Announcement:
    """An announcement whose airing, by itself or in a session, is due."""
    one = await room.approved(session, "Một")
    await room.daily(session, await approved_session(room, session, one) if in_session else one)
    return one


@pytest.mark.parametrize("in_session", [True, False])
async def test_what_is_being_changed_is_not_ordered(room: Room, in_session: bool):
    async with room.database.writing() as session:
        one = await _scheduled(room, session, in_session=in_session)
    async with room.database.writing() as session:
        await change(room, session, one)
        ordering = await meanwhile(room, issue(room))
    assert await ordering == 0
    async with room.database.reading() as session:
        assert (await room.announcements.find(session, one.id)).state is AnnouncementState.DRAFT


async def test_what_is_being_ordered_cannot_be_changed(room: Room):
    async with room.database.writing() as session:
        one = await _scheduled(room, session, in_session=True)
    async with room.database.writing() as session:
        assert len(await room.programme.issue_due(session, room.clock())) > 0
        ending = await meanwhile(room, put_away(room, one))
    with pytest.raises(LoaError) as refusal:
        await ending
    assert refusal.value.code == "schedules.announcement_issued"


async def test_a_session_that_is_being_scheduled_keeps_its_items(room: Room):
    async with room.database.writing() as session:
        one = await room.draft(session)
        made = await compose(room, session, one)
    async with room.database.writing() as session:
        await room.daily(session, made)
        ending = await meanwhile(room, put_away(room, one))
    with pytest.raises(LoaError) as refusal:
        await ending
    assert refusal.value.code == "schedules.announcement_scheduled"


async def test_what_is_put_into_a_scheduled_session_is_not_put_away_meanwhile(room: Room):
    async with room.database.writing() as session:
        one, two = await room.draft(session, "Một"), await room.draft(session, "Hai")
        made = await compose(room, session, one)
        await room.daily(session, made)
    async with room.database.writing() as session:
        more = Composition(items=(Item(one.id), Item(two.id)))
        await room.announcements.edit(session, made.id, revision=1, user_id=OPERATOR, composition=more)
        ending = await meanwhile(room, put_away(room, two))
    with pytest.raises(LoaError) as refusal:
        await ending
    assert refusal.value.code == "schedules.announcement_scheduled"


async def test_ordering_and_planning_never_wait_for_each_other(room: Room):
    async with room.database.writing() as session:
        rows = [await room.approved(session, f"Tin {number}") for number in range(3)]
        for row in rows:
            await room.daily(session, row)
    room.clock.move(days=5)
    async with room.database.writing() as session:
        assert len(await room.programme.issue_due(session, room.clock())) > 0
        planning = await meanwhile(room, _plan(room))
        assert planning.done()
    assert await planning > 0


async def _plan(room: Room) -> int:
    async with room.database.writing() as session:
        return await room.programme.plan(session, room.clock())


async def test_two_who_air_the_same_session_and_its_item_both_do(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session)
        made = await approved_session(room, session, one)
    ids = [made.id, one.id] * 3
    await asyncio.gather(*(_air(room, announcement_id) for announcement_id in ids))
    async with room.database.reading() as session:
        assert len(await room.programme.upcoming(session, one.place_id, 20)) == len(ids)


async def _air(room: Room, announcement_id: str) -> None:
    async with room.database.writing() as session:
        await room.programme.broadcast_now(
            session, announcement_id=announcement_id, audience=Audience(), user_id=OPERATOR
        )
