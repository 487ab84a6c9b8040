"""Broadcast now, schedules and their occurrences: from a rule to signed orders, each exactly once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from base.errors import Conflict, Refused
from base.times import to_ms
from devices.wire.audience import Audience
from devices.wire.content import Gap, Speech
from devices.wire.orders import Cancel, Play, PlayClass, Stop
from schedules.dispatch import tone
from schedules.keeping import rule_of
from schedules.models import Occurrence, OccurrenceState, Policy, Schedule, ScheduleState
from tests.integration.schedules.conftest import (
    APPROVER,
    BOTH,
    COMMUNE,
    MORNING,
    OPERATOR,
    Room,
    deliveries,
    issue,
    orders,
)

TOMORROW_FIVE = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)


async def states(session: AsyncSession, schedule: Schedule) -> dict[OccurrenceState, int]:
    query = select(Occurrence.state, func.count()).where(col(Occurrence.schedule_id) == schedule.id)
    found = await session.execute(query.group_by(col(Occurrence.state)))
    return {state: count for state, count in found.all()}  # noqa: C416 - rows are no pairs to a type checker


async def test_broadcast_now_is_one_signed_order_for_every_cluster(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        occurrence = await room.programme.broadcast_now(
            session, announcement_id=approved.id, audience=Audience(), volume=70, user_id=OPERATOR
        )
    async with room.database.reading() as session:
        [order] = await orders(session)
        assert len(await deliveries(session, occurrence.id)) == 57
    play = order.body
    assert isinstance(play, Play)
    assert play.start_ms == to_ms(MORNING + timedelta(seconds=8))
    assert (play.occurrence, play.volume, play.play_class) == (occurrence.id, 70, PlayClass.NORMAL)
    chime, gap, speech = play.parts
    assert chime == tone("chime")
    assert gap == Gap(500)
    assert isinstance(speech, Speech)
    assert [rendition.codec for rendition in speech.versions[0].renditions] == ["opus16", "opus8", "mp3-32"]
    assert occurrence.state is OccurrenceState.ISSUED
    assert (occurrence.clusters, occurrence.people > 10_000) == (57, True)
    sounds_ms = 2_000 + speech.versions[0].renditions[0].duration_ms
    assert occurrence.ends_at == occurrence.start_at + timedelta(milliseconds=sounds_ms)
    assert order.expires_ms == to_ms(occurrence.expires_at)
    assert occurrence.expires_at > occurrence.ends_at + timedelta(seconds=60)


async def test_what_is_not_approved_is_not_broadcast(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        with pytest.raises(Conflict) as refusal:
            await room.programme.broadcast_now(session, announcement_id=draft.id, audience=Audience(), user_id=OPERATOR)
        assert refusal.value.code == "schedules.not_approved"
        assert await orders(session) == []


async def test_a_broadcast_at_night_is_refused_with_the_nearest_time(room: Room):
    room.clock.now = datetime(2026, 3, 9, 20, 15, tzinfo=UTC)  # 03:15 in the commune
    async with room.database.writing() as session:
        approved = await room.approved(session)
        session.add(Policy(place_id="lao-cai", hours=[["05:30", "20:00"]], source="Quyết định 12/2025"))
    with pytest.raises(Refused) as refusal:
        async with room.database.writing() as session:
            await room.programme.broadcast_now(
                session, announcement_id=approved.id, audience=Audience(), user_id=OPERATOR
            )
    assert refusal.value.code == "schedules.outside_hours"
    assert refusal.value.params["time"] == "03:15"
    assert refusal.value.params["nearest"] == "05:30"
    assert refusal.value.params["source"] == "Quyết định 12/2025"
    async with room.database.reading() as session:
        assert await orders(session) == []
        assert await session.scalar(select(func.count()).select_from(Occurrence)) == 0


@pytest.mark.parametrize(
    ("audience", "code"),
    [
        (Audience(clusters=("bn-s99",)), "schedules.audience_unknown"),
        (Audience(places=("bac-ha",)), "schedules.audience_unknown"),
        (Audience(zones=("cho",)), "schedules.audience_unknown"),
        (Audience(but=("bn-s99",)), "schedules.audience_unknown"),
        (Audience(clusters=("bn-s01",), but=("bn-s01",)), "schedules.nobody_meant"),
    ],
)
async def test_an_audience_that_means_nobody_is_refused(room: Room, audience: Audience, code: str):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        with pytest.raises(Refused) as refusal:
            await room.programme.broadcast_now(
                session, announcement_id=approved.id, audience=audience, user_id=OPERATOR
            )
        assert refusal.value.code == code


async def test_villages_zones_and_clusters_are_counted_together(room: Room):
    async with room.database.writing() as session:
        await room.devices.save_zone(
            session, zone_id="cho", commune_id=COMMUNE, name="Chợ", cluster_ids=["bn-s05", "bn-s06"]
        )
        approved = await room.approved(session)
        audience = Audience(places=("bn-v01",), zones=("cho",), clusters=("bn-s07",), but=("bn-s06",))
        occurrence = await room.programme.broadcast_now(
            session, announcement_id=approved.id, audience=audience, user_id=OPERATOR
        )
        meant = await deliveries(session, occurrence.id)
    assert {"bn-s01", "bn-s05", "bn-s07"} <= meant
    assert "bn-s06" not in meant
    assert occurrence.clusters == len(meant)


@BOTH
async def test_a_daily_schedule_fills_the_horizon_and_planning_again_adds_nothing(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session), times=["17:00", "05:00"])
    async with room.database.reading() as session:
        # 30 days twice a day; today's 05:00 is past and the horizon ends at 10:00.
        assert await states(session, schedule) == {OccurrenceState.PLANNED: 60}
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 0
    room.clock.move(days=1)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 2
        assert await room.programme.plan(session, room.clock()) == 0


async def test_a_plan_that_was_lost_halfway_is_completed_without_duplicates(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
        row = await room.programme.schedule(session, schedule.id)
        row.planned_until = None
        for occurrence in (await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=9)))[
            3:
        ]:
            await session.delete(occurrence)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 6
        starts = await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=31))
    assert [row.start_at for row in starts] == rule_of(schedule).expand(MORNING, MORNING + timedelta(days=30))


@BOTH
async def test_two_planners_at_once_make_every_occurrence_once(room: Room):
    async with room.database.writing() as session:
        schedules = [await room.daily(session, await room.draft(session, f"Tin {n}")) for n in range(3)]
    room.clock.move(days=3)

    async def plan() -> int:
        async with room.database.writing() as session:
            return await room.programme.plan(session, room.clock())

    assert sum(await asyncio.gather(plan(), plan(), plan())) == 9
    async with room.database.reading() as session:
        for schedule in schedules:
            assert await states(session, schedule) == {OccurrenceState.PLANNED: 33}


async def test_orders_are_written_seven_days_ahead_and_only_for_what_is_approved(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
        waiting = await room.draft(session, "Chưa duyệt")
        unapproved = await room.daily(session, waiting)
    assert await issue(room) == 7
    assert await issue(room) == 0
    async with room.database.reading() as session:
        assert (await states(session, schedule))[OccurrenceState.ISSUED] == 7
        assert await states(session, unapproved) == {OccurrenceState.PLANNED: 30}
    async with room.database.writing() as session:
        await room.announcements.submit(session, waiting.id, OPERATOR)
        await room.announcements.approve(session, waiting.id, APPROVER)
    assert await issue(room) == 7
    room.clock.move(days=1)
    assert await issue(room) == 2


@BOTH
async def test_issuing_twice_at_once_writes_each_order_once(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session))
    issued = await asyncio.gather(issue(room), issue(room), issue(room))
    assert sum(issued) == 7
    async with room.database.reading() as session:
        plays = [order.body.occurrence for order in await orders(session) if isinstance(order.body, Play)]
        assert len(plays) == len(set(plays)) == 7
        assert [order.seq for order in await orders(session)] == list(range(1, 8))


@BOTH
async def test_one_that_cannot_be_ordered_does_not_keep_back_the_others(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        schedule = await room.daily(session, approved, times=["05:00", "17:00"])
        session.add(Policy(place_id=COMMUNE, hours=[["06:00", "18:00"]], source="Quy chế mới"))
    assert await issue(room) == 7
    async with room.database.reading() as session:
        assert await states(session, schedule) == {
            OccurrenceState.CANCELLED: 7,
            OccurrenceState.ISSUED: 7,
            OccurrenceState.PLANNED: 46,
        }
        rows = await room.programme.occurrences(session, COMMUNE, MORNING, MORNING + timedelta(days=7))
    called_off = [row for row in rows if row.state is OccurrenceState.CANCELLED]
    assert {row.reason for row in called_off} == {"outside_hours"}
    assert {row.start_at.hour for row in called_off} == {22}


@BOTH
async def test_what_was_ordered_behind_our_back_is_not_ordered_again_and_keeps_nothing_back(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved)
        first = (await room.programme.upcoming(session, COMMUNE))[0]
        play = Play(first.id, None, (tone("chime"),))
        await room.devices.order_play(session, COMMUNE, play, Audience(), MORNING + timedelta(days=2))
    assert await issue(room) == 6
    async with room.database.reading() as session:
        plays = [order.body.occurrence for order in await orders(session) if isinstance(order.body, Play)]
        assert len(plays) == len(set(plays)) == 7
        assert (await room.programme.occurrence(session, first.id)).state is OccurrenceState.PLANNED


async def test_without_the_signing_key_nothing_is_ordered_and_nothing_called_off(room: Room, tmp_path: Path):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
    hidden = tmp_path / "elsewhere"
    keys = tmp_path / "keys"
    keys.rename(hidden)
    assert await issue(room) == 0
    async with room.database.reading() as session:
        assert await states(session, schedule) == {OccurrenceState.PLANNED: 30}
    hidden.rename(keys)
    assert await issue(room) == 7


@BOTH
async def test_what_was_issued_in_the_past_or_never_is_over_with_its_reason(room: Room):
    async with room.database.writing() as session:
        played = await room.daily(session, await room.approved(session), rrule="", first_day=date(2026, 3, 11))
        late = await room.daily(session, await room.approved(session), rrule="", first_day=date(2026, 3, 18))
        waiting = await room.daily(session, await room.draft(session), rrule="", first_day=date(2026, 3, 11))
    assert await issue(room) == 1
    room.clock.now = TOMORROW_FIVE + timedelta(seconds=59)
    async with room.database.writing() as session:
        assert await room.programme.close_over(session, room.clock()) == []
    room.clock.move(days=30)
    async with room.database.writing() as session:
        changed = await room.programme.close_over(session, room.clock())
        assert {change.noun for change in changed} == {"occurrence"}
        assert await room.programme.close_over(session, room.clock()) == []
        rows = await room.programme.occurrences(session, COMMUNE, MORNING, room.clock())
    assert len(changed) == 3
    assert {row.state for row in rows} == {OccurrenceState.OVER}
    reasons = {row.schedule_id: row.reason for row in rows}
    assert reasons == {played.id: "", late.id: "too_late", waiting.id: "not_approved"}
    assert await issue(room) == 0


async def test_after_a_night_with_the_server_off_only_what_can_still_begin_is_ordered(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=["05:00", "05:10"])
    room.clock.now = TOMORROW_FIVE + timedelta(minutes=10, seconds=30)
    assert await issue(room) == 15
    async with room.database.reading() as session:
        starts = [order.body.start_ms for order in await orders(session) if isinstance(order.body, Play)]
    assert min(start for start in starts if start) == to_ms(TOMORROW_FIVE + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"rrule": "", "first_day": date(2026, 3, 9)}, "schedules.in_the_past"),
        ({"rrule": "", "first_day": date(2026, 3, 10), "times": ["09:59"]}, "schedules.in_the_past"),
        ({"first_day": date(2026, 1, 1), "last_day": date(2026, 3, 1)}, "schedules.in_the_past"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "schedules.rule_never_day"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO", "last_day": date(2026, 3, 14)}, "schedules.rule_never_in_span"),
        ({"rrule": "FREQ=HOURLY"}, "schedules.outside_hours"),
        ({"rrule": "FREQ=MINUTELY"}, "schedules.times_count"),
        ({"last_day": date(2026, 3, 1)}, "schedules.days_reversed"),
        ({"times": []}, "schedules.times_count"),
        ({"times": ["5 giờ"]}, "schedules.time_wrong"),
        ({"times": ["05:00", "03:15"]}, "schedules.outside_hours"),
        ({"times": ["21:00"]}, "schedules.outside_hours"),
        ({"volume": 101}, "schedules.volume_wrong"),
        ({"audience": Audience(clusters=("bn-s99",))}, "schedules.audience_unknown"),
        ({"title": "x" * 201}, "schedules.title_wrong"),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused_when_it_is_written(room: Room, wrong: dict[str, object], code: str):
    async with room.database.writing() as session:
        approved = await room.approved(session)
    with pytest.raises(Refused) as refusal:
        async with room.database.writing() as session:
            await room.daily(session, approved, **wrong)
    assert refusal.value.code == code
    async with room.database.reading() as session:
        assert await room.programme.schedules(session, COMMUNE) == []


@pytest.mark.parametrize("name", ["Asia/Hanoi", "../etc/passwd", ""])
async def test_a_zone_nobody_knows_is_refused(room: Room, name: str):
    async with room.database.reading() as session:
        assert (await room.programme.zone(session, COMMUNE)).key == "Asia/Ho_Chi_Minh"
        with pytest.raises(Refused, match=r"schedules\.zone_unknown"):
            await room.programme.zone(session, COMMUNE, name)


async def test_a_mistyped_0315_is_refused_with_the_nearest_permitted_time(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        with pytest.raises(Refused) as refusal:
            await room.daily(session, approved, times=["03:15"])
    assert refusal.value.params["time"] == "03:15"
    assert refusal.value.params["rule"] == "05:00–21:00"
    assert refusal.value.params["nearest"] == "05:00"


async def test_once_happens_once_and_then_its_schedule_is_ended(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(
            session, await room.approved(session), rrule="", first_day=date(2026, 3, 11), times=["05:00", "17:00"]
        )
    async with room.database.writing() as session:
        assert await states(session, schedule) == {OccurrenceState.PLANNED: 2}
        await room.programme.plan(session, room.clock.move(days=2))
        assert (await room.programme.schedule(session, schedule.id)).state is ScheduleState.ENDED


async def test_a_schedule_that_begins_after_the_horizon_waits_and_is_planned_then(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session), first_day=date(2026, 6, 1))
        assert await states(session, schedule) == {}
        await room.programme.plan(session, room.clock.move(days=60))
        assert (await room.programme.schedule(session, schedule.id)).state is ScheduleState.ACTIVE
        assert (await states(session, schedule))[OccurrenceState.PLANNED] > 0


@BOTH
async def test_stop_all_ends_what_sounds_and_what_is_about_to(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved)
        about_to = await room.programme.broadcast_now(
            session, announcement_id=approved.id, audience=Audience(), user_id=OPERATOR
        )
    await issue(room)
    async with room.database.writing() as session:
        await room.programme.stop_all(session, COMMUNE, OPERATOR, PlayClass.PRIORITY)
    async with room.database.reading() as session:
        [stop] = await orders(session, "stop")
        [cancel] = await orders(session, "cancel")
        assert (await room.programme.occurrence(session, about_to.id)).reason == "stopped"
        # What is planned for later stays.
        assert len(await room.programme.upcoming(session, COMMUNE)) == 5
    assert stop.body == Stop(PlayClass.PRIORITY)
    assert stop.expires_ms == to_ms(MORNING + timedelta(seconds=60))
    assert cancel.body == Cancel((about_to.id,), "stopped")
