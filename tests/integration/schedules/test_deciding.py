"""Two airings that meet: what can be done is spelled out, a person's word is kept, and the speakers are told once."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import LoaError
from devices.wire.orders import AfterPreemption, Cancel, Play, PlayClass
from schedules import clashes as looking
from schedules.clashes import Clash, Ways
from schedules.composition import Composition, Item
from schedules.deciding import Asked, Decided
from schedules.decisions import Choice
from schedules.edits import Change, Scope
from schedules.models import Announcement, AnnouncementState, Occurrence, OccurrenceState, Schedule
from schedules.resolving import Option
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, issue, orders
from tests.integration.schedules.test_editing import sounding

FIRST = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after `MORNING`."""
A_DAY = timedelta(days=1)


async def priority(room: Room, session: AsyncSession, title: str, play_class: int = PlayClass.PRIORITY) -> Announcement:
    """An approved announcement of a class."""
    versions = {"vi": await room.asset(session)}
    made = await room.announcements.create(
        session, place_id=COMMUNE, title=title, play_class=play_class, versions=versions, user_id=OPERATOR
    )
    await room.announcements.submit(session, made.id, OPERATOR)
    return await room.announcements.approve(session, made.id, "approver")


async def two(room: Room, classes: tuple[int, int] = (2, 2), **more: object) -> tuple[Schedule, Schedule]:
    """Two every day at 05:00."""
    async with room.database.writing() as session:
        one, other = [
            await room.daily(session, await priority(room, session, title, of), title=title, **more)
            for title, of in zip(("Một", "Hai"), classes, strict=True)
        ]
    return one, other


async def clashes(room: Room, days: int = 30) -> list[Clash]:
    async with room.database.reading() as session:
        now = room.clock()
        return await room.programme.clash_desk.of_place(session, COMMUNE, now, now + days * A_DAY, now)


async def ways(room: Room, clash: Clash) -> Ways:
    async with room.database.reading() as session:
        return await room.programme.clash_desk.ways(session, COMMUNE, clash.first.id, clash.second.id, room.clock())


async def decide(room: Room, clash: Clash, option: Option, *, always: bool = True) -> Decided:
    asked = Asked(option.choice, option.yields, option.start, option.fate, always)
    async with room.database.writing() as session:
        return await room.programme.clash_desk.decide(
            session, COMMUNE, clash.first.id, clash.second.id, asked, now=room.clock(), user_id=OPERATOR
        )


def of(found: Ways, choice: Choice, schedule: Schedule) -> Option:
    """The first option of a kind in which that schedule yields."""
    names = {row.id: row.schedule_id for row in (found.clash.first, found.clash.second)}
    return next(each for each in found.options if each.choice is choice and names[each.yields] == schedule.id)


async def plays(room: Room) -> dict[str, Play]:
    """What the speakers have, less what is cancelled."""
    async with room.database.reading() as session:
        found = await orders(session)
    gone = {name for order in found if isinstance(order.body, Cancel) for name in order.body.occurrences}
    every = {order.body.occurrence: order.body for order in found if isinstance(order.body, Play)}
    return {name: play for name, play in every.items() if name not in gone}


@BOTH
async def test_who_waits_for_whom_reaches_the_orders_that_are_out_exactly_once(room: Room):
    one, other = await two(room)
    assert await issue(room) == 14
    met = await clashes(room)
    assert [clash.open for clash in met] == [True] * 30
    found = await ways(room, met[0])
    done = await decide(room, met[0], of(found, Choice.QUEUE_AFTER, one))
    assert (done.decision.by, done.decision.day, done.decision.yields) == (OPERATOR, None, one.id)
    out = await plays(room)
    async with room.database.reading() as session:
        assert sounding(await orders(session)) == Counter({FIRST + n * A_DAY: 2 for n in range(7)})
        named = {row.id: row.schedule_id for row in await session.scalars(select(Occurrence))}
    assert Counter((named[name] == one.id, play.turn) for name, play in out.items()) == {(True, 1): 7, (False, 0): 7}
    assert {play.late_ms for name, play in out.items() if named[name] == one.id} > {60_000} or len(out) == 14
    assert not any(clash.open for clash in await clashes(room))
    assert await issue(room) == 0
    async with room.database.reading() as session:
        heard = (await room.programme.hear(session, "bn-s01", FIRST.date() + A_DAY)).heard
    assert [named[each.occurrence] for each in heard] == [other.id, one.id]


async def test_what_must_be_decided_is_found_behind_whatever_else_is_planned(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    await two(room)
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=["06:00", "07:00"])
    monkeypatch.setattr(looking, "MOST", 4)
    async with room.database.reading() as session:
        now = room.clock()
        found = await room.programme.clash_desk.undecided(session, COMMUNE, now, now + 30 * A_DAY, now)
    assert [clash.first.start_at for clash in found] == [FIRST, FIRST + A_DAY]


async def test_what_waits_may_begin_as_late_as_what_it_waits_for_ends(room: Room):
    one, _ = await two(room)
    [met, *_] = await clashes(room)
    option = of(await ways(room, met), Choice.QUEUE_AFTER, one)
    await decide(room, met, option)
    async with room.database.reading() as session:
        rows = list(await session.scalars(select(Occurrence).where(col(Occurrence.schedule_id) == one.id)))
    assert option.late is not None
    assert {row.turn for row in rows} == {1}
    assert all(row.late_s >= max(60, option.late.total_seconds()) for row in rows)
    assert all(row.expires_at >= row.ends_at + timedelta(seconds=row.late_s) for row in rows)


async def test_a_word_for_one_day_holds_on_that_day_and_the_later_of_two_words_holds(room: Room):
    one, other = await two(room)
    [met, *_] = await clashes(room)
    await decide(room, met, of(await ways(room, met), Choice.QUEUE_AFTER, one), always=False)
    assert [clash.open for clash in await clashes(room)] == [False] + [True] * 29
    await decide(room, met, of(await ways(room, met), Choice.QUEUE_AFTER, other), always=False)
    async with room.database.reading() as session:
        waiting = list(await session.scalars(select(Occurrence).where(col(Occurrence.turn) > 0)))
        history = await room.programme.clash_desk.history(session, COMMUNE, 10)
    assert [(row.schedule_id, row.start_at) for row in waiting] == [(other.id, FIRST)]
    assert [row.yields for row in history] == [other.id, one.id]


async def test_a_word_for_always_reaches_what_is_planned_later_and_what_goes_on_after_a_change(room: Room):
    one, other = await two(room)
    [met, *_] = await clashes(room)
    await decide(room, met, of(await ways(room, met), Choice.QUEUE_AFTER, one))
    room.clock.move(days=3)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) > 0
    async with room.database.writing() as session:
        cut = FIRST + 10 * A_DAY
        changed = await room.programme.edit(session, one.id, cut, Scope.FOLLOWING, Change(volume=40), user_id=OPERATOR)
    [_, going_on] = changed.schedules
    async with room.database.reading() as session:
        ahead = col(Occurrence.start_at) > room.clock()
        open_rows = col(Occurrence.state) == OccurrenceState.PLANNED
        rows = list(await session.scalars(select(Occurrence).where(ahead, open_rows)))
    assert {(row.schedule_id, row.turn) for row in rows} == {(one.id, 1), (going_on.id, 1), (other.id, 0)}
    assert not any(clash.open for clash in await clashes(room))


async def test_one_that_has_changed_is_asked_anew_and_waits_for_nobody(room: Room):
    one, other = await two(room)
    [met, *_] = await clashes(room)
    await decide(room, met, of(await ways(room, met), Choice.QUEUE_AFTER, one))
    async with room.database.writing() as session:
        change = Change(time="09:00")
        changed = await room.programme.edit(session, other.id, FIRST, Scope.ALL, change, user_id=OPERATOR)
    assert await clashes(room) == []
    async with room.database.reading() as session:
        query = select(Occurrence).where(col(Occurrence.state) == OccurrenceState.PLANNED)
        assert {(row.turn, row.late_s) for row in await session.scalars(query)} == {(0, 60)}
    async with room.database.writing() as session:
        first = FIRST + timedelta(hours=4)
        going_on = changed.schedules[-1].id
        await room.programme.edit(session, going_on, first, Scope.ALL, Change(time="05:00"), user_id=OPERATOR)
    assert len(await clashes(room)) == 30
    assert not any(clash.open for clash in await clashes(room)), "the same two meet again as they were"


async def test_one_is_moved_to_the_nearest_free_time_for_good(room: Room):
    one, _ = await two(room)
    [met, *_] = await clashes(room)
    later = [each for each in (await ways(room, met)).options if each.choice is Choice.MOVE and each.start > FIRST]
    option = next(each for each in later if met.first.schedule_id == one.id or each.yields == met.second.id)
    done = await decide(room, met, option)
    assert done.changed is not None
    assert option.start == FIRST + timedelta(minutes=1)
    assert await clashes(room) == []


async def test_a_session_is_cut_to_its_first_items_which_wait_for_approval(room: Room):
    async with room.database.writing() as session:
        item = await room.approved(session)
        whole = Composition(items=tuple(Item(item.id, 15_000) for _ in range(10)))
        long = await room.announcements.compose(
            session, place_id=COMMUNE, title="Buổi dài", composition=whole, user_id=OPERATOR
        )
        await room.announcements.submit(session, long.id, OPERATOR)
        await room.announcements.approve(session, long.id, "approver")
        one = await room.daily(session, long, title="Buổi dài")
        await room.daily(session, item, times=["05:01"], title="Sau")
    [met, *_] = await clashes(room)
    found = await ways(room, met)
    option = of(found, Choice.SHORTEN, one)
    assert option.items is not None
    assert FIRST + option.lasts <= FIRST + timedelta(minutes=1)
    done = await decide(room, met, option, always=False)
    async with room.database.reading() as session:
        shorter = await room.announcements.find(session, done.shortened or "")
        named = select(Occurrence).where(col(Occurrence.announcement_id) == shorter.id)
        [airing] = await session.scalars(named)
    assert shorter.state is AnnouncementState.SUBMITTED
    assert (airing.start_at, airing.ends_at - airing.start_at) == (FIRST, option.lasts)
    assert met.first.start_at.date() not in {clash.first.start_at.date() for clash in await clashes(room)}


async def test_the_lower_class_gives_way_with_the_fate_that_was_decided(room: Room):
    async with room.database.writing() as session:
        low = await priority(room, session, "Thường", PlayClass.NORMAL)
        session_of = Composition(items=tuple(Item(low.id, 15_000) for _ in range(10)))
        long = await room.announcements.compose(
            session, place_id=COMMUNE, title="Buổi dài", composition=session_of, user_id=OPERATOR
        )
        await room.announcements.submit(session, long.id, OPERATOR)
        await room.announcements.approve(session, long.id, "approver")
        one = await room.daily(session, long)
        await room.daily(session, await priority(room, session, "Ưu tiên"), times=["05:01"])
    [met, *_] = await clashes(room)
    assert not met.must
    found = await ways(room, met)
    fates = {each.fate: each for each in found.options if each.choice is Choice.HIGHER_WINS}
    resumed, dropped = fates[AfterPreemption.RESUME].outcome, fates[AfterPreemption.DROP].outcome
    assert resumed is not None
    assert dropped is not None
    assert (resumed.whole, dropped.whole) == (True, False)
    assert dropped.heard_ms <= 61_000 < resumed.heard_ms
    await decide(room, met, fates[AfterPreemption.DROP])
    async with room.database.reading() as session:
        schedules = [each for each in await room.programme.schedules(session, COMMUNE) if each.title == one.title]
        names = {row.id: row.preempted for row in await session.scalars(select(Occurrence))}
    assert AfterPreemption.DROP in {each.preempted for each in schedules}
    settled = await clashes(room)
    assert [clash.settled for clash in settled] == [True] * 30
    assert {names[clash.first.id] for clash in settled} == {AfterPreemption.DROP}


async def test_what_cannot_be_done_any_more_is_refused_and_nothing_kept(room: Room):
    one, other = await two(room)
    [met, *_] = await clashes(room)
    option = of(await ways(room, met), Choice.QUEUE_AFTER, one)
    wrong = Asked(Choice.MOVE, option.yields, FIRST + timedelta(hours=20))
    with pytest.raises(LoaError) as refused:
        async with room.database.writing() as session:
            await room.programme.clash_desk.decide(
                session, COMMUNE, met.first.id, met.second.id, wrong, now=room.clock(), user_id=OPERATOR
            )
    assert refused.value.code == "schedules.option_gone"
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, other.id, OPERATOR)
    with pytest.raises(LoaError) as gone:
        await decide(room, met, option)
    assert gone.value.code == "schedules.clash_gone"
    async with room.database.reading() as session:
        assert list(await room.programme.clash_desk.history(session, COMMUNE, 10)) == []
