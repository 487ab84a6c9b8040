"""What was changed after it was approved is not heard until it is approved again, by the rule that holds for it."""

import pytest
from sqlmodel import select

from base.errors import Conflict, Forbidden
from devices.wire.audience import Audience
from devices.wire.orders import Level, Play, PlayClass
from schedules.composition import Composition, Item
from schedules.models import AnnouncementState, Occurrence, Schedule
from schedules.signatures import SignatureDesk
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, issue, orders
from tests.integration.schedules.test_approval_rules import (
    CHAIR,
    DEPUTY,
    approve,
    certify,
    desk,
    hand_in,
    rule,
    submitted,
)
from tests.support.signing import person

__all__ = ["desk"]


async def session_of(room: Room, part: str, play_class: int = PlayClass.PRIORITY) -> str:
    async with room.database.writing() as session:
        made = await room.announcements.compose(
            session,
            place_id=COMMUNE,
            title="Buổi sáng",
            play_class=play_class,
            composition=Composition(items=(Item(part),)),
            user_id=OPERATOR,
        )
        await room.announcements.submit(session, made.id, OPERATOR)
        return made.id


async def reworded(room: Room, part: str, revision: int = 1) -> None:
    async with room.database.writing() as session:
        sound = {"vi": await room.asset(session)}
        await room.announcements.edit(session, part, revision=revision, user_id=OPERATOR, versions=sound, title="Khác")
        await room.announcements.submit(session, part, OPERATOR)


async def state(room: Room, announcement_id: str) -> AnnouncementState:
    async with room.database.reading() as session:
        return (await room.announcements.find(session, announcement_id)).state


async def scheduled(room: Room, announcement_id: str) -> Schedule:
    async with room.database.writing() as session:
        return await room.daily(session, await room.announcements.find(session, announcement_id))


@BOTH
async def test_a_signed_session_is_not_heard_with_words_nobody_signed(room: Room, desk: SignatureDesk):
    await rule(room, play_class=PlayClass.PRIORITY, signed=True)
    chair = person("Chủ tịch")
    await certify(room, desk, chair)
    part = await submitted(room, "Giá lúa")
    await approve(room, part)
    made = await session_of(room, part)
    await hand_in(room, desk, made, chair)
    await approve(room, made)
    await scheduled(room, made)
    await reworded(room, part)
    assert await issue(room) == 0
    await approve(room, part)
    assert (await issue(room), await state(room, made)) == (0, AnnouncementState.DRAFT)
    with pytest.raises(Conflict, match="not_approved"):
        async with room.database.writing() as session:
            await room.programme.broadcast_now(session, announcement_id=made, audience=Audience(), user_id=OPERATOR)
    async with room.database.writing() as session:
        await room.announcements.submit(session, made, OPERATOR)
    with pytest.raises(Conflict, match="approve_unsigned"):
        await approve(room, made)
    await hand_in(room, desk, made, chair)
    await approve(room, made)
    assert await issue(room) == 7


@BOTH
async def test_who_may_not_approve_a_session_does_not_change_it_through_what_stands_in_it(room: Room):
    await rule(room, play_class=PlayClass.PRIORITY, roles=("administrator",))
    part = await submitted(room, "Giá lúa")
    await approve(room, part, CHAIR, "approver")
    made, other = await session_of(room, part), await session_of(room, part, PlayClass.NORMAL)
    await approve(room, made, DEPUTY, "administrator")
    await approve(room, other, CHAIR, "approver")
    await scheduled(room, made)
    await reworded(room, part)
    await approve(room, part, CHAIR, "approver")
    assert (await state(room, made), await state(room, other)) == (AnnouncementState.DRAFT, AnnouncementState.APPROVED)
    assert await issue(room) == 0
    async with room.database.writing() as session:
        await room.announcements.submit(session, made, OPERATOR)
    await approve(room, made, DEPUTY, "administrator")
    await reworded(room, part, 2)
    await approve(room, part, DEPUTY, "administrator")
    assert await state(room, made) is AnnouncementState.APPROVED, "who may approve both has approved both"


async def test_who_wrote_what_stands_in_a_session_does_not_approve_it_where_another_is_asked_for(room: Room):
    await rule(room, play_class=PlayClass.PRIORITY, other_than_author=True)
    part = await submitted(room, "Giá lúa")
    await approve(room, part)
    made = await session_of(room, part)
    await approve(room, made)
    async with room.database.writing() as session:
        await room.announcements.edit(session, part, revision=1, user_id=DEPUTY, title="Khác")
        await room.announcements.submit(session, part, DEPUTY)
    await approve(room, part, DEPUTY)
    assert await state(room, made) is AnnouncementState.DRAFT
    async with room.database.writing() as session:
        await room.announcements.submit(session, made, OPERATOR)
    with pytest.raises(Forbidden, match="approve_own"):
        await approve(room, made, DEPUTY)
    assert (await approve(room, made, CHAIR)).state is AnnouncementState.APPROVED


@BOTH
async def test_what_is_heard_has_the_class_and_level_it_was_approved_in(room: Room):
    await rule(room, play_class=PlayClass.PRIORITY, roles=("administrator",))
    async with room.database.writing() as session:
        draft = await room.draft(session)
        await room.announcements.edit(
            session, draft.id, revision=1, user_id=OPERATOR, play_class=PlayClass.PRIORITY, level=Level.PROVINCE
        )
    schedule = await scheduled(room, draft.id)
    async with room.database.writing() as session:
        await room.announcements.edit(
            session, draft.id, revision=2, user_id=OPERATOR, play_class=PlayClass.NORMAL, level=Level.COMMUNE
        )
        await room.announcements.submit(session, draft.id, OPERATOR)
        [row] = set(await session.execute(select(Occurrence.play_class, Occurrence.level).distinct()))
        assert tuple(row) == (PlayClass.NORMAL, Level.COMMUNE), "the calendar shows it as well"
    await approve(room, draft.id, CHAIR, "approver")
    assert await issue(room) == 7
    async with room.database.reading() as session:
        plays = [order.body for order in await orders(session, "play")]
        assert {(play.play_class, play.level) for play in plays if isinstance(play, Play)} == {
            (PlayClass.NORMAL, Level.COMMUNE)
        }
        found = await room.programme.schedule(session, schedule.id)
        assert found.play_class == PlayClass.NORMAL
