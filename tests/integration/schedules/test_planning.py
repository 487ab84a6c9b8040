"""Any rule becomes occurrences; what the commune does not permit is refused when written, and kept out later."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import Refused
from devices.models import Delivery
from devices.wire.audience import Audience
from devices.wire.orders import Play
from schedules.allowances import Allowance, Event, Kind, Limit, VolumeCap
from schedules.issuing import Issuer
from schedules.keeping import keep, plan_of
from schedules.models import HolidayOverride, Occurrence, OccurrenceState, Off, Policy, Schedule
from schedules.planning import Planner
from schedules.plans import Override, Plan
from schedules.policy import Rules
from schedules.recurrence import EveryDays, LunarDay, LunarDays, OnHolidays, Pick, Rule
from schedules.stored_policy import policy_to_map
from tests.integration.schedules.conftest import BOTH, COMMUNE, MORNING, TODAY, ZONE, Room, issue, orders

END = MORNING + timedelta(days=30)
SOURCE = "Quyết định 12/2026"
HOURS = Rules.of(ZONE, [["05:00", "20:00"]], SOURCE)
TWO_BLOCKS = Limit(Kind.BLOCKS, 2, "Hai buổi phát thanh mỗi ngày", SOURCE)


def policy(allowance: Allowance) -> Policy:
    hours = [["05:00", "20:00"]]
    return Policy(place_id=COMMUNE, hours=hours, source=SOURCE, allowance=policy_to_map(allowance))


def every(rrule: str = "FREQ=DAILY", **more: object) -> Rule:
    said: dict[str, object] = {"first_day": TODAY, "last_day": None, "times": ("05:00",), "zone": ZONE} | more
    return Rule(rrule, **said)  # type: ignore[arg-type] # any of a rule's parts


async def rows_of(session: AsyncSession, schedule: Schedule) -> list[Occurrence]:
    query = select(Occurrence).where(col(Occurrence.schedule_id) == schedule.id)
    return list(await session.scalars(query.order_by(col(Occurrence.start_at), col(Occurrence.generation))))


@pytest.mark.parametrize(
    "rule",
    [
        every("", pattern=LunarDays((LunarDay(0, 1), LunarDay(0, 15))), times=("05:30", "17:00")),
        every("", pattern=EveryDays(5, date(2026, 3, 12))),
        every("FREQ=MONTHLY;BYDAY=2TU,-1FR"),
        every("FREQ=DAILY;COUNT=9", removed=(Pick(date(2026, 3, 12)),), added=(Pick(date(2026, 3, 30), "19:00"),)),
        every("FREQ=DAILY;BYHOUR=6,18;BYMINUTE=30", takes_hours=True),
        every("FREQ=WEEKLY;BYDAY=MO,WE", last_day=date(2026, 3, 25)),
    ],
)
@BOTH
async def test_a_rule_of_any_sort_becomes_its_occurrences_each_under_its_name(room: Room, rule: Rule):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.draft(session), rule=rule)
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 0
        rows = await rows_of(session, schedule)
    assert rule.expand(MORNING, END)
    assert [row.start_at for row in rows] == rule.expand(MORNING, END)
    assert [row.original_at for row in rows] == [row.start_at for row in rows]


async def test_a_communes_own_holidays_keep_the_loudspeakers_silent(room: Room):
    async with room.database.writing() as session:
        session.add(HolidayOverride(place_id="lao-cai", day=date(2026, 3, 12), name="Ngày của tỉnh"))
        session.add(HolidayOverride(place_id="lao-cai", day=date(2026, 3, 13), name="Ngày của tỉnh"))
        session.add(HolidayOverride(place_id=COMMUNE, day=date(2026, 3, 13), name="Ở đây vẫn làm việc", free=False))
        rule = every("FREQ=DAILY", last_day=date(2026, 3, 14), on_holidays=OnHolidays.SKIP)
        schedule = await room.daily(session, await room.draft(session), rule=rule)
        days = [row.start_at.astimezone(ZONE).day for row in await rows_of(session, schedule)]
    assert days == [11, 13, 14]


@BOTH
async def test_a_third_block_of_the_day_is_refused_with_the_rule_and_its_source(room: Room):
    async with room.database.writing() as session:
        session.add(policy(Allowance(HOURS, (TWO_BLOCKS,))))
        approved = await room.approved(session)
        await room.daily(session, approved, times=["05:00", "17:00"])
    with pytest.raises(Refused) as refusal:
        async with room.database.writing() as session:
            await room.daily(session, approved, times=["12:00"])
    assert refusal.value.code == "schedules.too_many_blocks"
    assert (refusal.value.params["figure"], refusal.value.params["limit"]) == (3, 2)
    assert (refusal.value.params["rule"], refusal.value.params["source"]) == (TWO_BLOCKS.name, SOURCE)
    async with room.database.writing() as session:
        assert len(await room.programme.schedules(session, COMMUNE)) == 1
        # Another village may still have its two; beside those that stand it is one block with them.
        await room.daily(session, approved, times=["05:01"])


async def test_a_limit_counts_what_one_cluster_hears(room: Room):
    async with room.database.writing() as session:
        session.add(policy(Allowance(HOURS, (TWO_BLOCKS,))))
        approved = await room.approved(session)
        for hour, village in enumerate(("bn-v01", "bn-v01", "bn-v02", "bn-v02")):
            await room.daily(session, approved, times=[f"{10 + hour}:00"], audience=Audience(places=(village,)))
        with pytest.raises(Refused, match="too_many_blocks"):
            await room.daily(session, approved, times=["18:00"], audience=Audience(places=("bn-v02",)))


@BOTH
async def test_what_a_later_policy_does_not_permit_is_kept_out_with_its_reason(room: Room):
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session), times=["05:00", "12:00", "17:00"])
        session.add(policy(Allowance(Rules.of(ZONE, [["05:00", "20:00"]], SOURCE), (TWO_BLOCKS,))))
    room.clock.move(days=2)
    async with room.database.writing() as session:
        await room.programme.plan(session, room.clock())
        rows = await rows_of(session, schedule)
    out = [row for row in rows if row.off is Off.UNFIT]
    assert {(row.state, row.reason) for row in out} == {(OccurrenceState.CANCELLED, "too_many_blocks")}
    assert [row.start_at.astimezone(ZONE).hour for row in out] == [17, 17]
    assert min(row.start_at for row in out) > END
    async with room.database.writing() as session:
        assert await room.programme.plan(session, room.clock()) == 0


async def test_an_event_gives_its_days_other_hours(room: Room):
    fair = Event("Hội chợ", date(2026, 3, 14), date(2026, 3, 14), frozenset({Kind.HOURS}), "Kế hoạch 3", None)
    async with room.database.writing() as session:
        session.add(policy(Allowance(HOURS, events=(fair,))))
        approved = await room.approved(session)
        await room.daily(session, approved, rrule="", first_day=date(2026, 3, 14), times=["22:00"])
        with pytest.raises(Refused, match="outside_hours"):
            await room.daily(session, approved, rrule="", first_day=date(2026, 3, 15), times=["22:00"])
    assert await issue(room) == 1


async def test_an_order_is_no_louder_than_its_hour_permits(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved, times=["05:00", "12:00"], volume=80)
        noon = VolumeCap("Nghỉ trưa", Rules.of(ZONE, [["11:30", "13:30"]], SOURCE, 40))
        session.add(policy(Allowance(HOURS, caps=(noon,))))
    with pytest.raises(Refused, match="too_loud"):
        async with room.database.writing() as session:
            await room.daily(session, approved, times=["12:30"], volume=41)
    await issue(room)
    async with room.database.reading() as session:
        plays = [order.body for order in await orders(session) if isinstance(order.body, Play)]
    by_hour = {datetime.fromtimestamp((play.start_ms or 0) / 1000, ZONE).hour: play.volume for play in plays}
    assert by_hour == {5: 80, 12: 40}


async def test_with_a_slow_clock_planning_does_not_go_back_behind_what_has_begun(room: Room):
    planner = Planner(Issuer(room.devices, room.audio, room.clock), timedelta(days=30))
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
    await issue(room)
    first = datetime(2026, 3, 10, 22, tzinfo=UTC)
    slow = first - timedelta(minutes=40)
    async with room.database.writing() as session:
        assert await planner.moment(session, COMMUNE, slow, [schedule]) == slow
        row = next(row for row in await rows_of(session, schedule) if row.start_at == first)
        query = select(Delivery).where(col(Delivery.occurrence_id) == row.id).limit(1)
        (await session.scalars(query)).one().started_at = first
    async with room.database.reading() as session:
        assert await planner.moment(session, COMMUNE, slow, [schedule]) == first
        assert await planner.moment(session, "another", slow, [schedule]) == slow, "of another place it says nothing"
        # One wild clock must not stop all planning.
        assert await planner.moment(session, COMMUNE, first - timedelta(hours=5), []) == first - timedelta(hours=5)


async def test_planning_never_goes_back_behind_itself(room: Room):
    planner = Planner(Issuer(room.devices, room.audio, room.clock), timedelta(days=30))
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.draft(session))
        assert await planner.moment(session, COMMUNE, MORNING - timedelta(minutes=50), [schedule]) == MORNING
        assert await planner.moment(session, COMMUNE, MORNING + timedelta(minutes=50), [schedule]) > MORNING


async def test_what_is_kept_of_a_schedule_is_the_plan_it_was_made_of(room: Room):
    rule = every("FREQ=WEEKLY;BYDAY=MO", removed=(Pick(date(2026, 3, 16)),), on_holidays=OnHolidays.EVE)
    override = Override(Pick(date(2026, 3, 23), "05:00"), start=MORNING + timedelta(days=14), volume=30)
    audience = Audience(places=("bn-v01",), but=("bn-s01",))
    async with room.database.writing() as session:
        made = await room.daily(session, await room.draft(session), audience=audience, volume=55)
        plan = Plan(made.id, rule, made.announcement_id, audience, 60, (override,), since=MORNING, until=END)
        keep(made, plan)
    async with room.database.reading() as session:
        assert plan_of(await room.programme.schedule(session, made.id)) == plan
