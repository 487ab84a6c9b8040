"""A policy and what it does to what is planned: shown before, done once, and taken back when it fits again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from base.errors import Conflict, NotFound, Refused
from devices.wire.orders import Cancel, Play
from schedules.approving import path_of
from schedules.governing import Effect
from schedules.models import Occurrence, OccurrenceState, Off, Policy
from schedules.said_policy import SaidPolicy
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, TODAY, Room, issue, orders

EVERY_HOUR = SaidPolicy([], 100, "tests")
FROM_SEVEN = SaidPolicy([["07:00", "20:00"]], 100, "Quyết định 12")
FIRST = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after the tests begin."""


def limits(kind: str, most: int) -> SaidPolicy:
    said = {"kind": kind, "most": most, "name": "Quy định", "source": "Quyết định 12"}
    return SaidPolicy([], 100, "Quyết định 12", {"version": 1, "limits": [said], "caps": [], "events": []})


async def schedule(room: Room, *times: str, **more: object) -> None:
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=times or ("05:00",), **more)


async def put(room: Room, said: SaidPolicy | None, place: str = COMMUNE, seen: str | None = None) -> Effect:
    async with room.database.writing() as session:
        return await room.programme.policies.put(session, place, said, seen=seen, now=room.clock(), user_id=OPERATOR)


async def effect(room: Room, said: SaidPolicy | None, place: str = COMMUNE) -> Effect:
    async with room.database.reading() as session:
        return await room.programme.policies.effect(session, place, said, room.clock())


async def rows(room: Room) -> list[Occurrence]:
    async with room.database.reading() as session:
        query = select(Occurrence).order_by(col(Occurrence.start_at), col(Occurrence.generation))
        return list(await session.scalars(query))


async def sounding(room: Room) -> list[datetime]:
    """What the log makes the speakers sound: plays that no cancel takes back, each as often as it is ordered."""
    async with room.database.reading() as session:
        log = await orders(session)
    off = {name for order in log if isinstance(order.body, Cancel) for name in order.body.occurrences}
    plays = [order.body for order in log if isinstance(order.body, Play)]
    return sorted(datetime.fromtimestamp(play.start_ms / 1000, UTC) for play in plays if play.occurrence not in off)


@BOTH
async def test_what_no_longer_fits_is_shown_then_called_off_and_comes_back_when_it_fits_again(room: Room):
    await schedule(room)
    await issue(room)
    before = await sounding(room)
    assert len(before) == 7
    shown = await effect(room, FROM_SEVEN)
    assert (len(shown.stops), shown.communes) == (30, [COMMUNE])
    assert {row.state for row in await rows(room)} == {OccurrenceState.PLANNED, OccurrenceState.ISSUED}
    done = await put(room, FROM_SEVEN)
    assert [each.row.id for each in done.stops] == [each.row.id for each in shown.stops]
    assert {(row.state, row.off, row.reason) for row in await rows(room)} == {
        (OccurrenceState.CANCELLED, Off.UNFIT, "outside_hours")
    }
    assert await sounding(room) == []
    assert (await put(room, FROM_SEVEN)).is_empty
    back = await put(room, EVERY_HOUR)
    assert (len(back.returns), len(back.stops)) == (30, 0)
    await issue(room)
    assert await sounding(room) == before
    assert (await put(room, EVERY_HOUR)).is_empty
    assert await sounding(room) == before


async def test_of_a_day_with_too_much_the_later_is_called_off(room: Room):
    await put(room, EVERY_HOUR)
    await schedule(room, "05:00", "11:00", "17:00", last_day=date(2026, 3, 12), first_day=date(2026, 3, 11))
    done = await put(room, limits("blocks", 2))
    assert {f"{each.row.start_at:%H:%M}" for each in done.stops} == {"10:00"}
    assert [(each.reason, each.violation.source) for each in done.stops] == [("too_many_blocks", "Quyết định 12")] * 2
    assert len((await put(room, limits("blocks", 3))).returns) == 2


async def test_what_a_person_called_off_and_what_no_plan_asks_for_stays_off(room: Room):
    await put(room, EVERY_HOUR)
    await schedule(room)
    first, second = (await rows(room))[:2]
    async with room.database.writing() as session:
        await room.programme.cancel_occurrence(session, first.id, OPERATOR)
    await put(room, FROM_SEVEN)
    async with room.database.writing() as session:
        assert second.schedule_id is not None
        await room.programme.end_schedule(session, second.schedule_id, OPERATOR)
    assert (await put(room, EVERY_HOUR)).is_empty


async def test_what_has_begun_is_left_alone(room: Room):
    await schedule(room)
    await issue(room)
    room.clock.now = FIRST + timedelta(seconds=1)
    done = await put(room, FROM_SEVEN)
    assert FIRST not in {each.row.start_at for each in done.stops}
    assert await sounding(room) == [FIRST]


async def test_an_order_that_says_another_volume_is_replaced_once(room: Room):
    await schedule(room)
    await issue(room)
    cap = {"name": "Sáng sớm", "hours": [["04:00", "06:00"]], "source": "Quyết định 12", "volume_max": 40}
    quieter = SaidPolicy([], 100, "Quyết định 12", {"version": 1, "limits": [], "caps": [cap], "events": []})
    before = await sounding(room)
    done = await put(room, quieter)
    assert (len(done.louder_or_softer), len(done.stops)) == (7, 0)
    assert await sounding(room) == before
    async with room.database.reading() as session:
        plays = [order.body for order in await orders(session) if isinstance(order.body, Play)]
    assert {play.volume for play in plays[-7:]} == {40}
    assert (await put(room, quieter)).is_empty


async def test_a_province_rules_where_a_commune_has_nothing_of_its_own(room: Room):
    async with room.database.reading() as session:
        path = await path_of(session, COMMUNE)
    province = path[1]
    await schedule(room)
    assert len((await effect(room, FROM_SEVEN, province)).stops) == 30
    await put(room, EVERY_HOUR)
    assert (await effect(room, FROM_SEVEN, province)).is_empty
    await put(room, FROM_SEVEN, province)
    assert len((await effect(room, None)).stops) == 30
    assert len((await put(room, None)).stops) == 30
    async with room.database.reading() as session:
        found = await room.programme.policies.in_force(session, COMMUNE)
    assert (found.place_id, found.own, found.version, found.said.source) == (province, False, "none", "Quyết định 12")


async def test_a_change_upon_rules_that_were_changed_meanwhile_is_refused(room: Room):
    async with room.database.reading() as session:
        seen = (await room.programme.policies.in_force(session, COMMUNE)).version
    await put(room, EVERY_HOUR, seen=seen)
    with pytest.raises(Conflict, match="stale_policy"):
        await put(room, FROM_SEVEN, seen=seen)
    with pytest.raises(NotFound, match="place_unknown"):
        await put(room, FROM_SEVEN, "nowhere")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (([["25:00", "26:00"]], 100, "a", {}), "time_wrong"),
        (([["00:00", "01:00"]] * 5_000, 100, "a", {}), "policy_wrong"),
        (([], 101, "a", {}), "policy_wrong"),
        (([], True, "a", {}), "policy_wrong"),
        (([], 100, " ", {}), "policy_wrong"),
        (([], 100, "a" * 500, {}), "policy_wrong"),
        (([], 100, "a", {"version": 9}), "policy_unreadable"),
        (([], 100, "a", {"version": 1, "limits": [{}], "caps": [], "events": []}), "policy_unreadable"),
        (([], 100, "a", {"version": 1, "limits": "x", "caps": [], "events": []}), "policy_unreadable"),
    ],
)
def test_what_is_no_policy_is_refused(said: tuple[object, ...], code: str):
    with pytest.raises(Refused, match=code):
        SaidPolicy(*said)  # type: ignore[arg-type] # hostile input


async def test_two_days_of_an_event_permit_what_other_days_do_not(room: Room):
    await schedule(room, first_day=TODAY + timedelta(days=1), last_day=TODAY + timedelta(days=4))
    event = {
        "name": "Tết",
        "first_day": "2026-03-12",
        "last_day": "2026-03-13",
        "lifts": ["hours"],
        "source": "Công văn 7",
    }
    said = SaidPolicy([["07:00", "20:00"]], 100, "QĐ", {"version": 1, "limits": [], "caps": [], "events": [event]})
    assert [f"{each.row.start_at + timedelta(hours=7):%d}" for each in (await put(room, said)).stops] == ["11", "14"]
    async with room.database.reading() as session:
        kept = await session.get(Policy, COMMUNE)
        assert kept is not None
        assert kept.allowance["events"][0]["name"] == "Tết"
