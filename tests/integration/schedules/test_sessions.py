"""Sessions on a real database: composed, approved, planned, ordered, and kept from changing under a speaker."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, LoaError, Refused
from devices.wire.audience import Audience
from devices.wire.content import Gap, Speech, Tone
from devices.wire.orders import Play, PlayClass
from schedules.composition import Composition, Item
from schedules.dispatch import tone
from schedules.models import Announcement, AnnouncementState, OccurrenceState, Schedule
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, MORNING, OPERATOR, Room, issue, orders

UNKNOWN = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


async def compose(room: Room, session: AsyncSession, *items: Announcement, **more: object) -> Announcement:
    given = {"items": tuple(Item(each.id) for each in items)} | more
    return await room.announcements.compose(
        session,
        place_id=COMMUNE,
        title="Chương trình sáng",
        composition=Composition(**given),  # type: ignore[arg-type] # any of them
        user_id=OPERATOR,
    )


async def approve(room: Room, session: AsyncSession, announcement: Announcement) -> Announcement:
    await room.announcements.submit(session, announcement.id, OPERATOR)
    return await room.announcements.approve(session, announcement.id, APPROVER)


async def approved_session(room: Room, session: AsyncSession, *items: Announcement) -> Announcement:
    return await approve(room, session, await compose(room, session, *items))


async def change(room: Room, session: AsyncSession, about: Announcement, title: str = "Khác") -> Announcement:
    return await room.announcements.edit(session, about.id, revision=about.revision, user_id=OPERATOR, title=title)


async def plays(session: AsyncSession) -> list[Play]:
    return [order.body for order in await orders(session, "play") if isinstance(order.body, Play)]


@BOTH
async def test_a_session_is_shown_with_what_stands_in_it_as_that_is_now(room: Room):
    async with room.database.writing() as session:
        who, one = await room.approved(session, "Xưng danh"), await room.draft(session, "Tiêm chủng")
        await room.announcements.edit(
            session,
            one.id,
            revision=1,
            user_id=OPERATOR,
            versions={"hmn": await room.asset(session), "vi": await room.asset(session)},
        )
        items = (Item(one.id), Item(one.id, 3_000))
        made = await compose(room, session, identification=who.id, items=items, opening="station")
    async with room.database.reading() as session:
        view = await room.announcements.get(session, made.id)
        [listed] = [each for each in await room.announcements.list(session, COMMUNE) if each.announcement.id == made.id]
        plain = await room.announcements.get(session, one.id)
        parts = await room.programme.parts(session, made.id)
    assert view.versions == ()
    assert view.composition == Composition("station", who.id, items, "closing") == listed.composition
    assert [(each.id, each.title, each.state) for each in view.items] == [(one.id, "Tiêm chủng", "draft")] * 2
    assert view.items[0].languages == ("vi", "hmn")
    assert view.items[0].duration_ms == plain.versions[0].asset.duration_ms > 1_000
    assert view.identification is not None
    assert (view.identification.id, view.identification.state) == (who.id, AnnouncementState.APPROVED)
    assert (plain.composition, plain.identification, plain.items) == (None, None, ())
    assert [type(part).__name__ for part in parts] == [
        "Tone",
        "Gap",
        "Speech",
        "Gap",
        "Speech",
        "Gap",
        "Speech",
        "Gap",
        "Tone",
    ]


@BOTH
async def test_a_session_is_one_order_with_all_its_parts_and_no_second_chime(room: Room):
    async with room.database.writing() as session:
        who, one, two = [await room.approved(session, title) for title in ("Xưng danh", "Một", "Hai")]
        made = await compose(room, session, one, two, identification=who.id, opening="gong")
        await approve(room, session, made)
        now = await room.programme.broadcast_now(
            session, announcement_id=made.id, audience=Audience(), user_id=OPERATOR
        )
    async with room.database.reading() as session:
        [play] = await plays(session)
        assert play.parts == await room.programme.parts(session, made.id)
    first, *_, last = play.parts
    assert (first, last) == (tone("gong"), tone("closing"))
    assert [part.duration_ms for part in play.parts if isinstance(part, Gap)] == [500, 700, 700, 700]
    spoken_ms = sum(p.versions[0].renditions[0].duration_ms for p in play.parts if isinstance(p, Speech))
    rest_ms = tone("gong").duration_ms + tone("closing").duration_ms + 2_600
    assert now.ends_at - now.start_at == timedelta(milliseconds=spoken_ms + rest_ms)


async def test_a_background_session_opens_and_closes_as_it_says(room: Room):
    async with room.database.writing() as session:
        made = await compose(room, session, await room.approved(session), opening="chime", closing=None)
        await room.announcements.edit(session, made.id, revision=1, user_id=OPERATOR, play_class=PlayClass.BACKGROUND)
        parts = await room.programme.parts(session, made.id)
        bare = await compose(room, session, await room.approved(session), opening=None, closing=None)
        assert parts[0] == tone("chime")
        assert [type(part) for part in await room.programme.parts(session, bare.id)] == [Speech]


async def test_a_session_is_planned_heard_and_issued_like_any_other(room: Room):
    async with room.database.writing() as session:
        made = await approved_session(room, session, await room.approved(session, "Một"), await room.approved(session))
        schedule = await room.daily(session, made)
        planned = await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=40))
        one = await room.programme.parts(session, made.id)
    assert len({row.start_at for row in planned}) == 30
    assert {row.schedule_id for row in planned} == {schedule.id}
    assert {row.ends_at - row.start_at for row in planned} == {planned[0].ends_at - planned[0].start_at}
    assert planned[0].ends_at - planned[0].start_at > timedelta(seconds=8)
    assert await issue(room) == 7
    async with room.database.reading() as session:
        assert {play.parts for play in await plays(session)} == {one}
        heard = await room.programme.hear(session, "bn-s01", date(2026, 3, 11))
    assert [airing.to_ms - airing.from_ms for airing in heard.heard] == [
        (planned[0].ends_at - planned[0].start_at) // timedelta(milliseconds=1)
    ]


async def test_a_session_too_long_for_the_permitted_hours_is_not_planned(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session)
        pauses = tuple(Item(one.id, 60_000) for _ in range(20))
        made = await compose(room, session, items=pauses)
        with pytest.raises(Refused) as refusal:
            await room.daily(session, made, times=["20:45"])
    assert refusal.value.code == "schedules.outside_hours"


async def test_only_what_is_wholly_approved_can_be_approved_and_the_rest_is_named(room: Room):
    async with room.database.writing() as session:
        one, two = await room.approved(session, "Một"), await room.draft(session, "Hai")
        three = await room.draft(session, "Xưng danh")
        made = await compose(room, session, one, two, identification=three.id)
        await room.announcements.submit(session, made.id, OPERATOR)
        with pytest.raises(Conflict) as refusal:
            await room.announcements.approve(session, made.id, APPROVER)
        assert refusal.value.code == "schedules.session_items_not_approved"
        assert refusal.value.params["items"] == "“Xưng danh”, “Hai”"
        await approve(room, session, two)
        await approve(room, session, three)
        assert (await room.announcements.approve(session, made.id, APPROVER)).state is AnnouncementState.APPROVED


@BOTH
async def test_while_an_item_is_not_approved_no_order_is_written_and_nobody_else_waits(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session, "Một")
        made = await approved_session(room, session, one, await room.approved(session))
        await room.daily(session, made, times=["05:00", "06:00", "07:00"])
        await room.daily(session, await room.approved(session, "Riêng"), times=["08:00"])
        await change(room, session, one)
        with pytest.raises(Conflict) as refusal:
            await room.programme.broadcast_now(session, announcement_id=made.id, audience=Audience(), user_id=OPERATOR)
        assert refusal.value.code == "schedules.session_items_not_approved"
    assert await issue(room) == 7
    async with room.database.writing() as session:
        await approve(room, session, one)
    assert await issue(room) == 21


async def test_one_whose_item_was_never_approved_again_is_over_with_that_reason(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session)
        made = await approved_session(room, session, one)
        await room.daily(session, made, rrule="", first_day=date(2026, 3, 11))
        await change(room, session, one)
    assert await issue(room) == 0
    room.clock.move(days=2)
    async with room.database.writing() as session:
        assert len(await room.programme.close_over(session, room.clock())) == 1
        [row] = await room.programme.occurrences(session, COMMUNE, MORNING, room.clock())
    assert (row.state, row.reason) == (OccurrenceState.OVER, "items_not_approved")


@BOTH
async def test_what_speakers_have_in_a_session_cannot_be_changed_or_put_away(room: Room):
    async with room.database.writing() as session:
        one, free = await room.approved(session), await room.approved(session, "Riêng")
        made = await approved_session(room, session, one)
        schedule = await room.daily(session, made)
    assert await issue(room) == 7
    async with room.database.writing() as session:
        for step in (change(room, session, one), room.announcements.archive(session, one.id, OPERATOR)):
            with pytest.raises(Conflict) as refusal:
                await step
            assert (refusal.value.code, refusal.value.params) == ("schedules.announcement_issued", {"airings": 7})
        await change(room, session, free)
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
        assert (await change(room, session, one)).state is AnnouncementState.DRAFT


async def test_what_a_scheduled_session_needs_cannot_be_put_away(room: Room):
    async with room.database.writing() as session:
        one = await room.draft(session)
        await room.daily(session, await compose(room, session, one))
        with pytest.raises(Conflict) as refusal:
            await room.announcements.archive(session, one.id, OPERATOR)
        assert refusal.value.code == "schedules.announcement_scheduled"


async def test_a_session_with_something_put_away_is_not_scheduled_for_it_would_never_air(room: Room):
    async with room.database.writing() as session:
        one, two = await room.draft(session, "Cũ"), await room.draft(session, "Mới")
        made = await compose(room, session, one)
        await room.announcements.archive(session, one.id, OPERATOR)
        with pytest.raises(Refused) as refusal:
            await room.daily(session, made)
        assert (refusal.value.code, refusal.value.params) == ("schedules.session_item_archived", {"title": "Cũ"})
        composition = Composition(items=(Item(two.id),))
        await room.announcements.edit(session, made.id, revision=1, user_id=OPERATOR, composition=composition)
        await room.daily(session, made)


async def test_an_announcement_in_a_session_still_airs_by_itself(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session)
        await compose(room, session, one)
        await room.programme.broadcast_now(session, announcement_id=one.id, audience=Audience(), user_id=OPERATOR)
    async with room.database.reading() as session:
        [play] = await plays(session)
    assert [type(part) for part in play.parts] == [Tone, Gap, Speech]


@BOTH
async def test_editing_a_session_makes_it_a_draft_with_the_new_content(room: Room):
    async with room.database.writing() as session:
        one, two = await room.approved(session, "Một"), await room.approved(session, "Hai")
        made = await approved_session(room, session, one)
        edited = await room.announcements.edit(
            session, made.id, revision=1, user_id=OPERATOR, composition=Composition(items=(Item(two.id, 0),))
        )
        assert (edited.state, edited.revision) == (AnnouncementState.DRAFT, 2)
    async with room.database.writing() as session:
        assert [each.id for each in (await room.announcements.get(session, made.id)).items] == [two.id]
        # What it no longer contains is free again.
        await approve(room, session, edited)
        await room.programme.broadcast_now(session, announcement_id=made.id, audience=Audience(), user_id=OPERATOR)
        await change(room, session, one)


@BOTH
async def test_what_is_planned_lasts_as_long_as_the_session_does_now(room: Room):
    async with room.database.writing() as session:
        one = await room.approved(session, "Một")
        made = await approved_session(room, session, one)
        schedule = await room.daily(session, made, times=["05:00", "05:05"])
        assert await _clashes(room, session) == 0
        long = Composition(items=(Item(one.id), *(Item(one.id, 60_000),) * 5))
        made = await room.announcements.edit(session, made.id, revision=1, user_id=OPERATOR, composition=long)
        assert await _clashes(room, session) == 2
        await room.announcements.edit(
            session, made.id, revision=2, user_id=OPERATOR, composition=Composition(items=(Item(one.id, 0),))
        )
        before = await _lengths(room, session, schedule)
        sounds = {"vi": await room.asset(session), "hmn": await room.asset(session)}
        await room.announcements.edit(session, one.id, revision=1, user_id=OPERATOR, versions=sounds)
        after = await _lengths(room, session, schedule)
        speech = timedelta(milliseconds=(await room.announcements.get(session, one.id)).versions[0].asset.duration_ms)
    assert len(before) == len(after) == 1
    assert abs(after.pop() - before.pop() - speech) < timedelta(milliseconds=100)


async def _clashes(room: Room, session: AsyncSession) -> int:
    return len(await room.programme.clashes(session, COMMUNE, MORNING, MORNING + timedelta(days=2)))


async def _lengths(room: Room, session: AsyncSession, schedule: Schedule) -> set[timedelta]:
    found = await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=40))
    assert {row.schedule_id for row in found} == {schedule.id}
    return {row.ends_at - row.start_at for row in found}


async def test_neither_kind_becomes_the_other(room: Room):
    async with room.database.writing() as session:
        one = await room.draft(session)
        made = await compose(room, session, one)
        own = {"vi": await room.asset(session)}
        other = Composition(items=(Item(one.id),))
        for about, wrong in ((made, {"versions": own}), (one, {"composition": other})):
            with pytest.raises(Refused) as refusal:
                await room.announcements.edit(session, about.id, revision=1, user_id=OPERATOR, **wrong)  # type: ignore[arg-type] # wrong on purpose
            assert refusal.value.code == "schedules.content_mixed"


async def _foreign(room: Room, session: AsyncSession) -> Announcement:
    asset = await room.audio.save(session, room.speech, commune_id="bac-ha", title="Tin", user_id=None)
    return await room.announcements.create(
        session, place_id="bac-ha", title="Tin", versions={"vi": asset.id}, user_id=OPERATOR
    )


async def test_what_cannot_stand_in_a_session_is_refused_and_nothing_kept(room: Room):
    async with room.database.writing() as session:
        one, put_away = await room.draft(session, "Một"), await room.draft(session, "Cũ")
        await room.announcements.archive(session, put_away.id, OPERATOR)
        nested, foreign = await compose(room, session, one), await _foreign(room, session)
        good = Item(one.id)
        wrong: Sequence[tuple[dict[str, object], str]] = (
            ({"items": (good, Item(put_away.id))}, "session_item_archived"),
            ({"items": (Item(nested.id),)}, "session_nested"),
            ({"items": (good, Item(foreign.id))}, "session_item_unknown"),
            ({"items": (Item(UNKNOWN),)}, "session_item_unknown"),
            ({"items": (Item("' OR 1=1 --" * 100),)}, "session_item_unknown"),
            ({"items": (good,), "identification": nested.id}, "session_nested"),
            ({"items": (good,), "identification": one.id}, "session_identification_twice"),
            ({"items": (good,) * 21}, "session_items_count"),
        )
        for given, code in wrong:
            with pytest.raises(Refused) as refusal:
                await compose(room, session, **given)
            assert refusal.value.code == f"schedules.{code}"
    async with room.database.reading() as session:
        assert len(await room.announcements.list(session, COMMUNE)) == 3


async def test_one_that_grew_too_large_for_an_order_is_not_approved(room: Room):
    async with room.database.writing() as session:
        sound = await room.asset(session)
        rows = [await room.approved(session, f"Tin {number}") for number in range(20)]
        made = await compose(room, session, *rows)
        await room.announcements.submit(session, made.id, OPERATOR)
        for row in rows:
            versions = dict.fromkeys(("vi", "hmn", "tay", "nut", "ium", "tyj"), sound)
            await room.announcements.edit(session, row.id, revision=1, user_id=OPERATOR, versions=versions)
            await approve(room, session, row)
        with pytest.raises(LoaError) as refusal:
            await room.announcements.approve(session, made.id, APPROVER)
        assert refusal.value.code == "schedules.session_too_large"
