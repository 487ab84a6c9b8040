"""Stations on a real database: relayed as approved, changed with a new approval, never under a speaker."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, LoaError, Refused
from devices.wire.audience import Audience
from devices.wire.content import Stream
from devices.wire.orders import Play, PlayClass
from schedules.composing import ItemKind
from schedules.composition import Composition, Item, Music, Relay
from schedules.models import Announcement, AnnouncementState, RelaySource, ScheduleState
from schedules.relays import MAX_SOURCES, Station, stamp
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, OPERATOR, Room, issue, orders

VOV = Station("Đài Tiếng nói Việt Nam, VOV1", "https://stream.example.vn/vov1", 15, 3)
ADMIN = "admin"


async def station(room: Room, session: AsyncSession, *, fallback: Announcement | None = None) -> RelaySource:
    said = replace(VOV, fallback_id=None if fallback is None else fallback.id)
    return await room.programme.relays.add(session, COMMUNE, said, ADMIN)


async def slot(
    room: Room, session: AsyncSession, source: RelaySource, minutes: int = 30, **more: object
) -> Announcement:
    given = {"opening": None, "closing": None, "items": (Relay(source.id, minutes * 60),)} | more
    return await room.announcements.compose(
        session,
        place_id=COMMUNE,
        title="Tiếp âm VOV1",
        composition=Composition(**given),  # type: ignore[arg-type] # any of them
        user_id=OPERATOR,
    )


async def approve(room: Room, session: AsyncSession, about: Announcement) -> Announcement:
    await room.announcements.submit(session, about.id, OPERATOR)
    return await room.announcements.approve(session, about.id, APPROVER)


def code(caught: pytest.ExceptionInfo[LoaError]) -> str:
    return caught.value.code.removeprefix("schedules.")


@BOTH
async def test_a_relay_is_one_order_with_the_stream_its_fallback_and_the_level_of_the_station(room: Room):
    async with room.database.writing() as session:
        sorry = await room.approved(session, "Mất tín hiệu")
        source = await station(room, session, fallback=sorry)
        made = await approve(room, session, await slot(room, session, source))
        view = await room.announcements.get(session, made.id)
        await room.daily(session, made, times=("17:00",))
    [item] = view.items
    assert (item.kind, item.title, item.state, item.duration_ms) == (ItemKind.RELAY, VOV.name, None, 1_800_000)
    assert item.fallback is not None
    assert item.fallback.title == "Mất tín hiệu"
    assert item.ready
    assert await issue(room) == 7
    async with room.database.reading() as session:
        play = (await orders(session, "play"))[0].body
        assert isinstance(play, Play)
        [row] = (await room.programme.upcoming(session, COMMUNE, 1))[:1]
    [stream] = play.parts
    assert isinstance(stream, Stream)
    assert (stream.url, stream.duration_ms, stream.quiet_ms) == (VOV.url, 1_800_000, 15_000)
    assert stream.instead is not None
    assert stream.again_ms == 60_000, "a station that stays dead is no silence"
    assert play.level == 3
    assert row.ends_at - row.start_at == timedelta(minutes=30), "a relay's minutes count like all others"


async def test_a_mistyped_relay_time_is_refused_with_the_rule_and_the_nearest_time(room: Room):
    async with room.database.writing() as session:
        source = await station(room, session, fallback=await room.approved(session))
        made = await approve(room, session, await slot(room, session, source))
        for time in ("03:15", "21:45"):
            with pytest.raises(Refused) as refused:
                await room.daily(session, made, times=(time,))
            assert code(refused) in {"outside_hours", "too_long_for_hours"}
            assert {"rule", "source", "nearest"} <= set(refused.value.params)


@BOTH
async def test_a_change_of_the_address_needs_a_new_approval_of_what_relays_it(room: Room):
    relays = room.programme.relays
    async with room.database.writing() as session:
        source = await station(room, session, fallback=await room.approved(session, "Mất tín hiệu"))
        made = await approve(room, session, await slot(room, session, source))
        other = await room.approved(session, "Họp thôn")
        said = replace(VOV, url="https://stream.example.vn/vov2", fallback_id=source.fallback_announcement_id)
        changed = await relays.change(session, source.id, said, ADMIN, seen=stamp(source))
    assert [each.id for each in changed.sessions] == [made.id]
    async with room.database.reading() as session:
        now, untouched = [await room.announcements.get(session, each.id) for each in (made, other)]
        [stream] = await room.programme.parts(session, made.id)
    assert (now.announcement.state, now.announcement.revision) == (AnnouncementState.DRAFT, 2)
    assert now.steps[-1].comment == VOV.name
    assert isinstance(stream, Stream)
    assert stream.url == said.url
    assert untouched.announcement.state is AnnouncementState.APPROVED


async def test_saying_the_same_again_asks_nobody(room: Room):
    async with room.database.writing() as session:
        source = await station(room, session, fallback=await room.approved(session))
        made = await approve(room, session, await slot(room, session, source))
        said = replace(VOV, fallback_id=source.fallback_announcement_id)
        assert (await room.programme.relays.change(session, source.id, said, ADMIN)).sessions == ()
        assert made.state is AnnouncementState.APPROVED


async def test_another_name_is_not_heard_and_asks_nobody_even_while_the_speakers_have_it(room: Room):
    async with room.database.writing() as session:
        source = await station(room, session, fallback=await room.approved(session))
        made = await approve(room, session, await slot(room, session, source))
        await room.daily(session, made, times=("17:00",))
    assert await issue(room) == 7
    async with room.database.writing() as session:
        said = replace(VOV, name="VOV1", fallback_id=source.fallback_announcement_id)
        changed = await room.programme.relays.change(session, source.id, said, ADMIN, seen=stamp(source))
        assert (changed.source.name, changed.sessions) == ("VOV1", ())
        assert (await room.announcements.find(session, made.id)).state is AnnouncementState.APPROVED


@BOTH
async def test_what_the_speakers_have_keeps_its_station_as_it_was_approved(room: Room):
    relays = room.programme.relays
    async with room.database.writing() as session:
        sorry = await room.approved(session)
        source = await station(room, session, fallback=sorry)
        made = await approve(room, session, await slot(room, session, source))
        schedule = await room.daily(session, made, times=("17:00",))
        with pytest.raises(Conflict) as running:
            await relays.retire(session, source.id, ADMIN)
        assert code(running) == "relay_scheduled"
    await issue(room)
    for said in (replace(VOV, url="https://x.example.vn/a"), replace(VOV, quiet_s=60), replace(VOV, level=2)):
        async with room.database.writing() as session:
            with pytest.raises(Conflict) as caught:
                await relays.change(session, source.id, replace(said, fallback_id=sorry.id), ADMIN)
            assert (code(caught), caught.value.params["airings"]) == ("relay_issued", 7)
            await session.rollback()
    async with room.database.writing() as session:
        with pytest.raises(Conflict) as fallback:
            await room.announcements.edit(session, sorry.id, revision=1, user_id=OPERATOR, title="Khác")
        assert code(fallback) == "announcement_issued", "the fallback is with the speakers too"
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
    async with room.database.writing() as session:
        assert (await room.programme.schedule(session, schedule.id)).state is ScheduleState.ENDED
        retired = await relays.retire(session, source.id, ADMIN)
        assert [each.id for each in retired.sessions] == [made.id]
        again = await relays.retire(session, source.id, ADMIN)
        assert (again.source.retired_at, again.sessions) == (retired.source.retired_at, ())
        await room.announcements.submit(session, made.id, OPERATOR)
        with pytest.raises(Conflict) as unheard:
            await room.announcements.approve(session, made.id, APPROVER)
        assert code(unheard) == "relay_retired"
        assert await relays.sources(session, COMMUNE) == []
        assert [each.id for each in await relays.sources(session, COMMUNE, retired=True)] == [source.id]
        with pytest.raises(Conflict) as late:
            await slot(room, session, source)
        assert code(late) == "relay_retired"


async def test_no_relay_is_approved_that_would_leave_people_in_silence(room: Room):
    async with room.database.writing() as session:
        bare = await slot(room, session, await station(room, session))
        waiting = await slot(room, session, await station(room, session, fallback=await room.draft(session, "Nháp")))
        for made, wanted in ((bare, "relay_no_fallback"), (waiting, "session_items_not_approved")):
            [item] = (await room.announcements.get(session, made.id)).items
            assert not item.ready
            await room.announcements.submit(session, made.id, OPERATOR)
            with pytest.raises(Conflict) as caught:
                await room.announcements.approve(session, made.id, APPROVER)
            assert code(caught) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (replace(VOV, name=" "), "relay_name_wrong"),
        (replace(VOV, name="x" * 121), "relay_name_wrong"),
        (replace(VOV, url="http://127.0.0.1:8000/live"), "relay_address_private"),
        (replace(VOV, quiet_s=2), "relay_quiet_wrong"),
        (replace(VOV, quiet_s=121), "relay_quiet_wrong"),
        (replace(VOV, again_s=-1), "relay_again_wrong"),
        (replace(VOV, again_s=3_601), "relay_again_wrong"),
        (replace(VOV, level=9), "level_wrong"),
        (replace(VOV, fallback_id="01JZZZZZZZZZZZZZZZZZZZZZZZ"), "session_item_unknown"),
    ],
)
async def test_what_no_station_can_be_is_refused(room: Room, said: Station, wanted: str):
    async with room.database.writing() as session:
        with pytest.raises(Refused) as refused:
            await room.programme.relays.add(session, COMMUNE, said, ADMIN)
        assert code(refused) == wanted


async def test_a_station_has_neither_a_session_nor_something_put_away_to_fall_back_on(room: Room):
    relays = room.programme.relays
    async with room.database.writing() as session:
        away = await room.draft(session)
        await room.announcements.archive(session, away.id, OPERATOR)
        composed = await slot(room, session, await station(room, session))
        for fallback, wanted in ((away, "session_item_archived"), (composed, "session_nested")):
            with pytest.raises(Refused) as refused:
                await relays.add(session, COMMUNE, replace(VOV, fallback_id=fallback.id), ADMIN)
            assert code(refused) == wanted


async def test_there_is_an_end_to_stations_and_nobody_overwrites_what_another_said(room: Room):
    relays = room.programme.relays
    async with room.database.writing() as session:
        for _ in range(MAX_SOURCES):
            source = await station(room, session)
        with pytest.raises(Refused) as many:
            await station(room, session)
        assert code(many) == "relay_too_many"
        seen = stamp(source)
        await relays.change(session, source.id, replace(VOV, quiet_s=20), ADMIN, seen=seen)
        with pytest.raises(Conflict) as stale:
            await relays.change(session, source.id, replace(VOV, quiet_s=30), ADMIN, seen=seen)
        assert code(stale) == "relay_changed"


async def test_music_and_a_station_at_fixed_times_are_one_background_session(room: Room):
    async with room.database.writing() as session:
        sorry, song = await room.approved(session, "Mất tín hiệu"), await room.approved(session, "Dân ca")
        source = await station(room, session, fallback=sorry)
        items = (Music(song.id), Relay(source.id, 300, at_s=120), Item(sorry.id, at_s=420))
        made = await slot(room, session, source, items=items)
        with pytest.raises(Refused) as late:
            await slot(room, session, source, items=(*items[:2], Item(sorry.id, at_s=400)))
        assert (code(late), late.value.params["earliest"]) == ("session_fixed_late", "07:00")
        view = await room.announcements.get(session, (await approve(room, session, made)).id)
        occurrence = await room.programme.broadcast_now(
            session, announcement_id=made.id, audience=Audience(), user_id=OPERATOR
        )
        lacks = await room.announcements.get(session, made.id)
    assert [(each.kind, each.at_s) for each in view.items] == [("music", None), ("relay", 120), ("announcement", 420)]
    assert made.level == 1, "only what does nothing but relay has the station's level"
    assert lacks.announcement.play_class == PlayClass.NORMAL
    assert occurrence.ends_at - occurrence.start_at > timedelta(seconds=420)


@BOTH
async def test_what_stands_in_an_approved_session_does_not_grow_over_a_fixed_time_of_it(room: Room):
    async with room.database.writing() as session:
        first, fixed = await room.approved(session, "Mở đầu"), await room.approved(session, "Tin 17 giờ")
        lasts_s = (await room.announcements.get(session, first.id)).versions[0].asset.duration_ms // 1_000 + 2
        items = (Item(first.id), Item(fixed.id, at_s=lasts_s))
        made = await room.announcements.compose(
            session,
            place_id=COMMUNE,
            title="Giờ cố định",
            composition=Composition(None, None, items, None),
            user_id=OPERATOR,
        )
        both = {"vi": await room.asset(session), "tay": await room.asset(session)}
        await approve(room, session, made)
    async with room.database.writing() as session:
        with pytest.raises(Conflict) as late:
            await room.announcements.edit(session, first.id, revision=1, user_id=OPERATOR, versions=both)
        assert (code(late), late.value.params["session"]) == ("session_times_lost", "Giờ cố định")
        await session.rollback()
    async with room.database.writing() as session:
        await room.announcements.edit(session, made.id, revision=1, user_id=OPERATOR, title="Nháp")
        await room.announcements.edit(session, first.id, revision=1, user_id=OPERATOR, versions=both)
