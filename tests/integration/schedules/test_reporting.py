"""The as-run log and its totals, by both databases: what was planned, and no more than what was proved."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import NotFound, Refused
from base.ids import new_id
from devices.models import Cluster, ClusterKind, Delivery, DeliveryState, Place
from devices.site import demo_site, enrol_site
from devices.wire.audience import Audience
from devices.wire.orders import Status
from schedules import reporting
from schedules.asrun import Claim, Row, claim
from schedules.edits import Change, Scope
from schedules.models import Occurrence, OccurrenceState
from schedules.pauses import Occasion, Pause
from schedules.reporting import Period, Wanted
from schedules.totals import alone, report, silences
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, MORNING, OPERATOR, TODAY, ZONE, Room, issue

TOMORROW = TODAY + timedelta(days=1)
LATER = MORNING + timedelta(days=40)
KINDS = tuple(product(DeliveryState, (False, True), (0, 4_000, 1_000_000)))
"""States, whether it began, and for how long it sounded."""


async def aired(room: Room, *, times: Sequence[str] = ("05:00",), days: int = 2) -> list[Occurrence]:
    """A bulletin in two languages that was ordered for everybody."""
    async with room.database.writing() as session:
        versions = {"vi": await room.asset(session), "hmn": await room.asset(session)}
        draft = await room.announcements.create(
            session, place_id=COMMUNE, title="Tin", versions=versions, user_id=OPERATOR
        )
        await room.announcements.submit(session, draft.id, OPERATOR)
        approved = await room.announcements.approve(session, draft.id, APPROVER)
        schedule = await room.daily(
            session, approved, times=times, first_day=TOMORROW, last_day=TODAY + timedelta(days=days)
        )
    await issue(room)
    async with room.database.reading() as session:
        query = select(Occurrence).where(col(Occurrence.schedule_id) == schedule.id)
        return list(await session.scalars(query.order_by(col(Occurrence.start_at))))


async def proved(room: Room, of: Sequence[Occurrence]) -> None:
    """Let every kind of proof stand at some cluster."""
    async with room.database.writing() as session:
        query = select(Delivery).where(col(Delivery.occurrence_id).in_([each.id for each in of]))
        found = list(await session.scalars(query.order_by(col(Delivery.cluster_id), col(Delivery.occurrence_id))))
        for at, delivery in enumerate(found):
            state, began, sounded_ms = KINDS[at % len(KINDS)]
            delivery.state, delivery.sounded_ms = state, sounded_ms
            delivery.started_at = of[0].start_at if began else None
            played = ("", "silent_stream")[at // len(KINDS) % 2]
            delivery.reason = played if state is DeliveryState.PLAYED else ("busy", "late")[at % 2]


async def rows_of(room: Room, first: date, last: date, now: datetime) -> list[Row]:
    async with room.database.reading() as session:
        scope = await room.programme.reports.scope(session, COMMUNE, first, last)
    return [row async for batch in room.programme.reports.batches(room.database, scope, now) for row in batch]


async def period_of(room: Room, first: date, last: date, now: datetime, place: str = COMMUNE) -> Period:
    async with room.database.reading() as session:
        scope = await room.programme.reports.scope(session, place, first, last)
        return await room.programme.reports.period(session, scope, now)


async def paged(
    session: AsyncSession, room: Room, wanted: Wanted, now: datetime, limit: int
) -> AsyncIterator[tuple[Row, ...]]:
    reports, after = room.programme.reports, None
    scope = await reports.scope(session, COMMUNE, TODAY, TODAY + timedelta(days=9))
    while True:
        page = await reports.page(session, scope, wanted, after=after, limit=limit, now=now)
        yield page.rows
        after = page.next
        if after is None:
            return


@BOTH
async def test_sums_of_the_database_are_those_of_the_rows_one_by_one(room: Room):
    found = await aired(room, times=("05:00", "17:00"))
    await proved(room, found)
    for now in (found[0].start_at, LATER):
        rows = await rows_of(room, TODAY, TODAY + timedelta(days=9), now)
        period = await period_of(room, TODAY, TODAY + timedelta(days=9), now)
        each = [alone(row) for row in rows]
        assert len(rows) == 4 * 57
        assert period.report == report(each, ZONE, now)
        assert {said for row in rows for said in [claim(row, now)]} >= set(Claim) - {
            Claim.NOT_ORDERED,
            *({Claim.AHEAD} if now == LATER else {Claim.NO_WORD, Claim.BEGAN}),
        }
        assert sum(one.clusters for one in period.silences) == sum(one.clusters for one in silences(each, now))
        counted = [cluster for village in period.villages for cluster in village.clusters]
        for cluster in counted:
            own = [row for row in rows if row.cluster == cluster.id]
            assert cluster.claims == {said: sum(claim(row, now) is said for row in own) for said in cluster.claims}
            heard = sum(row.sounded_ms for row in own if claim(row, now) in {Claim.PLAYED, Claim.PARTLY, Claim.BEGAN})
            assert cluster.heard_ms == heard
        assert len(counted) == 57


@BOTH
async def test_pages_hold_every_row_once_and_filters_only_what_they_name(room: Room):
    found = await aired(room)
    await proved(room, found)
    async with room.database.writing() as session:
        await room.daily(session, await room.draft(session, "Chưa duyệt"), first_day=TOMORROW, last_day=TOMORROW)
    rows = await rows_of(room, TODAY, TODAY + timedelta(days=9), LATER)
    assert len(rows) == 3 * 57
    async with room.database.reading() as session:
        assert [row async for page in paged(session, room, Wanted(), LATER, 50) for row in page] == rows
        for said in Claim:
            wanted = Wanted(claims=frozenset({said}))
            got = [row async for page in paged(session, room, wanted, LATER, 7) for row in page]
            assert got == [row for row in rows if claim(row, LATER) is said]
        wanted = Wanted(cluster="bn-s04")
        got = [row async for page in paged(session, room, wanted, LATER, 2) for row in page]
        assert got == [row for row in rows if row.cluster == "bn-s04"]
        village = got[0].village_id
        here = [row async for page in paged(session, room, Wanted(village=village), LATER, 50) for row in page]
        assert here == [row for row in rows if row.village_id == village]


@BOTH
async def test_a_report_of_the_past_stays_when_clusters_move_retire_and_speak_otherwise(room: Room):
    found = await aired(room)
    await proved(room, found)
    before = await period_of(room, TODAY, TODAY + timedelta(days=9), LATER)
    async with room.database.writing() as session:
        villages = select(Place.id).where(col(Place.parent_id) == COMMUNE).order_by(col(Place.id)).limit(1)
        one = (await session.scalars(villages)).one()
        await session.execute(update(Cluster).values(village_id=one, languages=["en"], retired_at=LATER))
    after = await period_of(room, TODAY, TODAY + timedelta(days=9), LATER)
    assert (after.report, after.villages) == (before.report, before.villages)
    assert set(after.report.languages) == {"vi", "hmn"}


async def test_minutes_of_a_language_are_counted_where_it_was_heard(room: Room):
    [first, _] = await aired(room)
    async with room.database.writing() as session:
        query = select(Delivery).where(col(Delivery.occurrence_id) == first.id)
        for delivery in await session.scalars(query):
            delivery.languages = ["hmn"] if delivery.cluster_id == "bn-s04" else ["vi"]
            delivery.state = DeliveryState.PLAYED
            delivery.sounded_ms = 1_000_000_000 if delivery.cluster_id == "bn-s04" else 1_000
    period = await period_of(room, TOMORROW, TOMORROW, LATER)
    hmong = period.report.languages["hmn"]
    assert (hmong.airings, hmong.clusters) == (1, 1)
    assert hmong.heard_ms > 0


async def test_what_never_had_an_order_is_told_with_its_reason_and_what_may_still_come_is_not(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session, "Chưa duyệt")
        await room.daily(session, draft, first_day=TOMORROW, last_day=TOMORROW, audience=Audience(clusters=("bn-s04",)))
    [ahead] = await rows_of(room, TOMORROW, TOMORROW, MORNING)
    assert (ahead.cluster, claim(ahead, MORNING)) == ("bn-s04", Claim.AHEAD)
    room.clock.move(days=2)
    async with room.database.writing() as session:
        await room.programme.close_over(session, room.clock())
    [never] = await rows_of(room, TOMORROW, TOMORROW, room.clock())
    assert (claim(never, room.clock()), never.reason) == (Claim.NOT_ORDERED, "not_approved")
    [told] = (await period_of(room, TOMORROW, TOMORROW, room.clock())).silences
    assert (told.row.reason, told.clusters) == ("not_approved", 1)


async def test_who_was_left_in_peace_was_not_ordered_to_play_for_that_reason(room: Room):
    pause = Pause(
        new_id(), Audience(clusters=("bn-s04",)), MORNING, MORNING + timedelta(days=3), Occasion.FUNERAL, OPERATOR
    )
    async with room.database.writing() as session:
        await room.programme.pause(session, COMMUNE, pause)
    await aired(room, days=1)
    rows = await rows_of(room, TOMORROW, TOMORROW, LATER)
    [left] = [row for row in rows if row.cluster == "bn-s04"]
    assert (claim(left, LATER), left.reason) == (Claim.NOT_ORDERED, "paused")
    assert len(rows) == 57


async def test_what_was_replaced_counts_once_unless_it_sounded(room: Room):
    [first, _] = await aired(room)
    assert first.original_at is not None
    change = Change(volume=50)
    async with room.database.writing() as session:
        await room.programme.edit(
            session, str(first.schedule_id), first.original_at, Scope.THIS, change, user_id=OPERATOR
        )
    rows = await rows_of(room, TOMORROW, TOMORROW, LATER)
    assert len(rows) == 57
    assert first.id not in {row.occurrence for row in rows}
    async with room.database.writing() as session:
        sounded = update(Delivery).where(col(Delivery.occurrence_id) == first.id, col(Delivery.cluster_id) == "bn-s04")
        await session.execute(sounded.values(started_at=first.start_at, sounded_ms=900))
    rows = await rows_of(room, TOMORROW, TOMORROW, LATER)
    assert [row.cluster for row in rows if row.occurrence == first.id] == ["bn-s04"]


async def test_an_exercise_stands_apart(room: Room):
    [first, second] = await aired(room)
    async with room.database.writing() as session:
        await session.execute(update(Occurrence).where(col(Occurrence.id) == first.id).values(status=Status.DRILL))
    period = await period_of(room, TODAY, TODAY + timedelta(days=9), LATER)
    assert (period.report.whole.airings, period.report.classes["drill"].airings) == (1, 1)
    assert sum(village.airings for village in period.villages) == 57
    assert second.status is Status.ACTUAL


@BOTH
async def test_days_of_23_and_25_hours_share_no_airing_and_lose_none(room: Room):
    starts = [datetime(2026, 3, 7, tzinfo=ZONE) + timedelta(minutes=30 * step) for step in range(4 * 48)]
    starts += [datetime(2026, 10, 31, tzinfo=ZONE) + timedelta(minutes=30 * step) for step in range(4 * 48)]
    async with room.database.writing() as session:
        await session.execute(update(Place).where(col(Place.id) == COMMUNE).values(zone_name="America/New_York"))
        session.add_all(
            Occurrence(
                id=new_id(), place_id=COMMUNE, title="Tin", start_at=start, ends_at=start, expires_at=start,
                state=OccurrenceState.PLANNED, audience=Audience(clusters=("bn-s04",)).to_map(), created_by=OPERATOR,
                created_at=MORNING,
            )
            for start in starts
        )  # fmt: skip
    counts = {}
    for day in (date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9), date(2026, 10, 31), date(2026, 11, 1)):
        rows = await rows_of(room, day, day, LATER)
        counts[day] = len(rows)
        period = await period_of(room, day, day, LATER)
        assert list(period.report.days) == [day]
    assert list(counts.values()) == [48, 46, 48, 48, 50]


async def test_a_province_adds_its_communes_up_and_a_village_is_one_of_its_rows(room: Room):
    await proved(room, await aired(room))
    days = TODAY, TODAY + timedelta(days=9), LATER
    commune = await period_of(room, *days)
    async with room.database.reading() as session:
        place = await session.get(Place, COMMUNE)
        assert place is not None
        province = str(place.parent_id)
    assert (await period_of(room, *days, place=province)).report.whole == commune.report.whole
    village = commune.villages[3]
    [alone_there] = (await period_of(room, *days, place=village.id)).villages
    assert alone_there == village


async def test_what_is_too_much_or_nowhere_is_refused(room: Room, monkeypatch: pytest.MonkeyPatch):
    await aired(room)
    with pytest.raises(NotFound, match="place_unknown"):
        await period_of(room, TODAY, TODAY, LATER, place="nowhere")
    with pytest.raises(Refused, match="report_when_wrong"):
        await period_of(room, TODAY, TODAY + timedelta(days=31), LATER)
    async with room.database.reading() as session:
        scope = await room.programme.reports.scope(session, COMMUNE, TODAY, TODAY)
        for cursor in ("x", "x.y", ".", f"{new_id()}.bn-s04"):
            with pytest.raises(Refused, match="log_cursor_wrong"):
                await room.programme.reports.page(session, scope, Wanted(), after=cursor, limit=5, now=LATER)
    monkeypatch.setattr(reporting, "MOST_ROWS", 2 * 57 - 1)
    with pytest.raises(Refused, match="report_too_large"):
        await period_of(room, TODAY, TODAY + timedelta(days=9), LATER)


async def test_approvals_and_emergencies_of_the_days_are_told(room: Room):
    await aired(room)
    async with room.database.writing() as session:
        templates = await room.alarm_templates(session)
        started = await room.emergencies.launch(
            session, template_id=templates["flood"].id, audience=Audience(), status=Status.DRILL, user_id="officer"
        )
    period = await period_of(room, TODAY, TODAY, LATER)
    assert [(step.action, step.user_id, title) for step, title in period.approvals] == [("approve", APPROVER, "Tin")]
    assert [each.id for each in period.emergencies] == [started.id]
    assert period.report.classes["drill"].clusters == 57
    assert (await period_of(room, TOMORROW, TOMORROW, LATER)).approvals == []


async def test_a_wireless_cluster_is_sent_the_languages_of_all_its_gateway_reaches(room: Room):
    async with room.database.writing() as session:
        await enrol_site(session, demo_site(), keys=room.keys, clock=room.clock)
        query = select(Cluster).where(col(Cluster.kind) == ClusterKind.WIRELESS).order_by(col(Cluster.id))
        wireless = list(await session.scalars(query))
    one, two, *_ = (cluster for cluster in wireless if cluster.device_id == wireless[0].device_id)
    [first, _] = await aired(room)
    async with room.database.writing() as session:
        sent = update(Delivery).where(col(Delivery.occurrence_id) == first.id)
        for cluster in wireless:
            this = sent.where(col(Delivery.cluster_id) == cluster.id)
            languages = ["hmn"] if cluster.id == two.id else ["vi"]
            await session.execute(this.values(languages=languages, state="transmitted", sounded_ms=10**6))
    rows = {row.cluster: row for row in await rows_of(room, TOMORROW, TOMORROW, LATER)}
    both = [row.cluster for row in rows.values() if row.wireless and row.languages == ("vi", "hmn")]
    assert both == [cluster.id for cluster in wireless if cluster.device_id == one.device_id]
    assert rows[one.id].planned_ms > rows["bn-s04"].planned_ms
    period = await period_of(room, TOMORROW, TOMORROW, LATER)
    assert period.report.languages["hmn"].claims[Claim.TRANSMITTED] == len(both)


@BOTH
async def test_whoever_takes_a_file_slowly_keeps_nobody_from_writing(room: Room):
    await proved(room, await aired(room))
    async with room.database.reading() as session:
        scope = await room.programme.reports.scope(session, COMMUNE, TODAY, TODAY + timedelta(days=9))
    lots = room.programme.reports.batches(room.database, scope, LATER)
    first = await anext(lots)
    async with asyncio.timeout(60), room.database.writing() as session:
        await session.execute(update(Delivery).values(reason="written meanwhile"))
        await session.execute(text("ALTER TABLE delivery ADD COLUMN meanwhile INTEGER"))
    rest = [row async for lot in lots for row in lot]
    assert len(first) + len(rest) == 2 * 57
