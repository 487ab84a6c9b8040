"""Villages left in peace: who is silent, what is missed, and the orders that change, each exactly once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import to_ms
from devices.wire.audience import Audience
from devices.wire.orders import Cancel, Play
from schedules.edits import Change, Scope
from schedules.models import Occurrence, OccurrenceState, Off
from schedules.pauses import Occasion, Pause, Remedy
from schedules.pausing import Paused
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, deliveries, issue, orders

FIRST = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after the tests begin."""
A_DAY = timedelta(days=1)
VILLAGE = Audience(places=("bn-v01",))
EVERYONE = Audience()


def pause_of(whom: Audience = VILLAGE, start: datetime = FIRST, end: datetime = FIRST + 2 * A_DAY) -> Pause:
    return Pause(new_id(), whom, start, end, Occasion.FUNERAL, OPERATOR)


async def daily(room: Room, **more: object) -> None:
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), **more)


async def begin(room: Room, pause: Pause) -> Paused:
    async with room.database.writing() as session:
        return await room.programme.pause(session, COMMUNE, pause)


async def end(room: Room, pause: Pause) -> Paused:
    async with room.database.writing() as session:
        return await room.programme.end_pause(session, pause.id, OPERATOR)


async def rows_at(session: AsyncSession, start: datetime) -> list[Occurrence]:
    query = select(Occurrence).where(col(Occurrence.start_at) == start)
    return list(await session.scalars(query.order_by(col(Occurrence.generation))))


async def ears(room: Room, start: datetime) -> list[str]:
    """Every cluster that will sound the airing of a moment, once for each order that makes it."""
    async with room.database.reading() as session:
        log = await orders(session)
        village = {
            view.cluster.id: view.cluster.village_id
            for view in await room.devices.clusters(session, COMMUNE, limit=100)
        }
    plays = [o for o in log if isinstance(o.body, Play) and o.body.start_ms == to_ms(start)]
    cancels = [o for o in log if isinstance(o.body, Cancel)]

    def meant(audience: Audience, cluster: str) -> bool:
        named = cluster in audience.clusters or village[cluster] in audience.places
        return (audience.everyone or named) and cluster not in audience.but

    return [
        cluster
        for cluster in village
        for play in plays
        if meant(play.audience, cluster)
        and not any(
            play.body.occurrence in c.body.occurrences and meant(c.audience, cluster)  # type: ignore[union-attr]
            for c in cancels
        )
    ]


@BOTH
async def test_what_is_planned_leaves_the_paused_out_when_it_is_ordered(room: Room):
    await daily(room)
    done = await begin(room, pause_of())
    assert done.remedies == {}
    assert await issue(room) == 7
    async with room.database.reading() as session:
        [row] = await rows_at(session, FIRST)
        [after] = await rows_at(session, FIRST + 2 * A_DAY)
        silent = set(row.paused)
        assert silent
        assert silent.isdisjoint(await deliveries(session, row.id))
        assert (row.clusters, after.clusters, after.paused) == (57 - len(silent), 57, [])
    assert set(await ears(room, FIRST)) == set(await ears(room, FIRST + 2 * A_DAY)) - silent


@BOTH
async def test_what_is_with_the_speakers_is_cancelled_for_the_paused_alone(room: Room):
    await daily(room)
    await issue(room)
    everyone = await ears(room, FIRST)
    done = await begin(room, pause_of())
    assert done.remedies == {Remedy.LEAVE_OUT: 2}
    async with room.database.reading() as session:
        cancels = await orders(session, "cancel")
        [row] = await rows_at(session, FIRST)
    assert {order.audience.clusters for order in cancels} == {tuple(row.paused)}
    assert row.state is OccurrenceState.ISSUED
    assert sorted(await ears(room, FIRST)) == sorted(set(everyone) - set(row.paused))
    async with room.database.writing() as session:
        # All of it can still be called off.
        await room.programme.cancel_occurrence(session, row.id, OPERATOR)
    assert await ears(room, FIRST) == []


@BOTH
async def test_a_pause_that_ends_early_lets_everyone_hear_it_once(room: Room):
    await daily(room)
    await issue(room)
    everyone = await ears(room, FIRST)
    pause = pause_of()
    await begin(room, pause)
    done = await end(room, pause)
    assert done.remedies == {Remedy.REPLACE: 2}
    assert await ears(room, FIRST) == everyone
    assert await issue(room) == 0
    async with room.database.writing() as session:
        first, again = await rows_at(session, FIRST)
        assert (first.state, again.state) == (OccurrenceState.CANCELLED, OccurrenceState.ISSUED)
        assert (again.replaces_id, again.generation, again.paused) == (first.id, 1, [])
        assert await room.programme.plan(session, room.clock.move(hours=2)) == 0
    with pytest.raises(Conflict, match="pause_over"):
        await end(room, pause)


@BOTH
async def test_when_nobody_is_left_it_is_called_off_and_comes_back_with_the_end_of_the_pause(room: Room):
    await daily(room, audience=VILLAGE)
    await issue(room)
    before = await ears(room, FIRST)
    pause = pause_of()
    assert (await begin(room, pause)).remedies == {Remedy.CALL_OFF: 2}
    assert await ears(room, FIRST) == []
    async with room.database.writing() as session:
        [row] = await rows_at(session, FIRST)
        assert (row.state, row.off, row.reason) == (OccurrenceState.CANCELLED, Off.UNFIT, "paused")
        assert await room.programme.plan(session, room.clock.move(hours=2)) == 0
    await end(room, pause)
    await issue(room)
    assert await ears(room, FIRST) == before


async def test_what_is_ordered_in_a_pause_of_everyone_is_kept_off_with_the_reason(room: Room):
    await daily(room, audience=VILLAGE)
    await begin(room, pause_of())
    assert await issue(room) == 5
    async with room.database.reading() as session:
        [row] = await rows_at(session, FIRST)
        assert (row.state, row.off, row.reason) == (OccurrenceState.CANCELLED, Off.UNFIT, "paused")


async def test_of_two_pauses_the_other_still_holds_when_one_ends(room: Room):
    await daily(room)
    await issue(room)
    one, other = pause_of(), pause_of(Audience(clusters=("bn-s01",)))
    await begin(room, one)
    await begin(room, other)
    assert "bn-s01" not in await ears(room, FIRST)
    await end(room, one)
    found = await ears(room, FIRST)
    assert (len(found), len(set(found)), "bn-s01" in found) == (56, 56, False)


async def test_an_airing_under_way_ends_for_the_paused_and_nobody_gets_the_rest_of_it(room: Room):
    await daily(room)
    await issue(room)
    room.clock.now = FIRST + timedelta(seconds=1)
    pause = pause_of(start=FIRST, end=FIRST + timedelta(hours=1))
    assert (await begin(room, pause)).remedies == {Remedy.LEAVE_OUT: 1}
    assert (await end(room, pause)).remedies == {}


async def test_what_a_pause_would_miss_is_listed_and_nothing_is_written(room: Room):
    await daily(room, times=["05:00", "17:00"])
    async with room.database.reading() as session:
        found = await room.programme.misses(session, COMMUNE, pause_of())
    assert {len(slots) for slots in found.values()} == {4}
    assert 1 <= len(found) < 57
    assert await issue(room) == 14
    assert len(await ears(room, FIRST)) == 57


async def test_the_rehearsal_knows_who_is_left_in_peace(room: Room):
    await daily(room)
    await begin(room, pause_of(EVERYONE))
    async with room.database.reading() as session:
        day = FIRST.date() + A_DAY
        assert (await room.programme.hear(session, "bn-s01", day)).heard == ()
        assert (await room.programme.hear(session, "bn-s01", day + 2 * A_DAY)).heard != ()


async def test_a_broadcast_now_into_a_pause_reaches_the_others_or_is_refused(room: Room):
    now = room.clock()
    await begin(room, pause_of(start=now, end=now + A_DAY))
    async with room.database.writing() as session:
        about = await room.approved(session)
        made = await room.programme.broadcast_now(
            session, announcement_id=about.id, audience=EVERYONE, user_id=OPERATOR
        )
        assert made.clusters == 57 - len(made.paused) < 57
        with pytest.raises(Refused, match=r"schedules\.paused"):
            await room.programme.broadcast_now(session, announcement_id=about.id, audience=VILLAGE, user_id=OPERATOR)


async def test_pauses_of_nobody_of_the_past_and_of_no_name_are_refused(room: Room):
    with pytest.raises(Refused, match="audience_unknown"):
        await begin(room, pause_of(Audience(places=("bac-ha",))))
    with pytest.raises(Conflict, match="pause_over"):
        await begin(room, pause_of(start=FIRST - 9 * A_DAY, end=FIRST - 5 * A_DAY))
    with pytest.raises(NotFound, match="pause_unknown"):
        await end(room, pause_of())


@BOTH
async def test_a_pause_written_while_orders_are_lets_nobody_slip_through(room: Room):
    await daily(room)
    pause = pause_of(end=FIRST + 7 * A_DAY)
    await asyncio.gather(issue(room), begin(room, pause), issue(room))
    await issue(room)
    async with room.database.reading() as session:
        silent = set((await rows_at(session, FIRST))[-1].paused)
    assert silent
    for n in range(7):
        found = await ears(room, FIRST + n * A_DAY)
        assert len(found) == len(set(found)) == 57 - len(silent)
        assert silent.isdisjoint(found)


@BOTH
async def test_a_schedule_can_be_changed_while_everybody_is_paused_on_one_of_its_days(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
    assert await issue(room) == 7
    pause = pause_of(EVERYONE, end=FIRST + A_DAY / 2)
    await begin(room, pause)
    everyone = await ears(room, FIRST + A_DAY)
    async with room.database.writing() as session:
        await room.programme.edit(session, schedule.id, FIRST, Scope.ALL, Change(volume=40), user_id=OPERATOR)
    async with room.database.reading() as session:
        *_, row = await rows_at(session, FIRST)
    assert (row.state, row.off, row.reason, row.volume) == (OccurrenceState.CANCELLED, Off.UNFIT, "paused", 40)
    assert (await ears(room, FIRST), await ears(room, FIRST + A_DAY)) == ([], everyone)
    await end(room, pause)
    assert await ears(room, FIRST) == everyone


async def test_what_was_ended_or_called_off_in_a_pause_is_not_heard_again_when_it_ends(room: Room):
    async with room.database.writing() as session:
        ended = await room.daily(session, await room.approved(session))
        off = await room.daily(session, await room.approved(session), times=["06:00"])
    assert await issue(room) == 14
    pause = pause_of(EVERYONE, end=FIRST + A_DAY / 2)
    assert (await begin(room, pause)).remedies == {Remedy.CALL_OFF: 2}
    hour = timedelta(hours=1)
    async with room.database.writing() as session:
        await room.programme.end_schedule(session, ended.id, OPERATOR)
        gone = Change(cancel=True)
        await room.programme.edit(session, off.id, FIRST + hour, Scope.THIS, gone, user_id=OPERATOR)
    assert (await end(room, pause)).remedies == {}
    await issue(room)
    assert await ears(room, FIRST) == await ears(room, FIRST + hour) == []
