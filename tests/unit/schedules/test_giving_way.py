"""What becomes of an airing that has to give way: set on a schedule or one airing, kept, and carried into its order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.errors import Refused
from base.ids import new_id
from devices.wire.audience import Audience
from devices.wire.orders import AfterPreemption
from schedules.aligning import Present, align
from schedules.dispatch import DROP_MARGIN, MARGIN, margin_of
from schedules.edits import Change, Scope, edit
from schedules.models import Occurrence, OccurrenceState
from schedules.plans import Plan, Preempted
from schedules.recurrence import Rule
from schedules.stored_plans import plan_from_map, plan_to_map

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = datetime(2026, 3, 9, 22, tzinfo=UTC)
SHORT = Preempted(AfterPreemption.RESTART, 600)
DROPPED = Preempted(AfterPreemption.DROP)


def daily(**more: Any) -> Plan:
    return Plan("plan", Rule("FREQ=DAILY", DAY, DAY + timedelta(days=3), ("05:00",), ZONE), "news", Audience(), **more)


def ways(plan: Plan) -> list[Preempted]:
    return [airing.preempted for airing in plan.airings(NOW, NOW + timedelta(days=30))]


@pytest.mark.parametrize("stale_s", [-1, 0, 59, 86_401, 10**9])
def test_a_margin_that_no_order_can_carry_is_refused(stale_s: int):
    with pytest.raises(Refused) as refused:
        Preempted(stale_s=stale_s)
    assert refused.value.code == "schedules.stale_wrong"


def test_one_airing_may_give_way_otherwise_than_the_rest():
    one = edit(daily(preempted=SHORT), FIRST, Scope.THIS, Change(preempted=DROPPED), now=NOW, new_id="b").plans
    assert [ways(plan) for plan in one] == [[DROPPED, SHORT, SHORT, SHORT]]


def test_what_all_are_to_do_outweighs_what_one_was_to_do():
    [odd] = edit(daily(), FIRST, Scope.THIS, Change(preempted=DROPPED), now=NOW, new_id="b").plans
    [same] = edit(odd, FIRST, Scope.ALL, Change(preempted=SHORT), now=NOW, new_id="b").plans
    assert ways(same) == [SHORT] * 4
    assert same.overrides == ()


def test_a_plan_keeps_it_and_one_kept_before_it_could_be_said_reads_as_the_usual():
    [plan] = edit(daily(preempted=SHORT), FIRST, Scope.THIS, Change(preempted=DROPPED), now=NOW, new_id="b").plans
    assert plan_from_map(plan_to_map(plan)) == plan
    older = {name: value for name, value in plan_to_map(daily(preempted=SHORT)).items() if name != "preempted"}
    assert plan_from_map(older) == daily()
    assert "preempted" not in plan_to_map(daily())


@pytest.mark.parametrize("said", ["resume", {"then": "sing"}, {"stale_s": 1}, {"stale_s": True}, {"stale_s": "600"}])
def test_what_nobody_wrote_is_no_plan(said: Any):
    with pytest.raises(Refused):
        plan_from_map(plan_to_map(daily()) | {"preempted": said})


def test_a_change_of_it_rewrites_what_is_planned_and_replaces_what_is_with_the_speakers():
    was = daily().airings(NOW, NOW + timedelta(days=30))[:2]
    rows = [Present("a", was[0], OccurrenceState.PLANNED), Present("b", was[1], OccurrenceState.ISSUED)]
    asked = align(rows, [replace(each, preempted=SHORT) for each in was], NOW)
    assert [each.id for each in asked.rewrite] == ["a"]
    assert [each.replaces for each in asked.replace] == ["b"]
    assert not align(rows, was, NOW).replace


@pytest.mark.parametrize(
    ("then", "stale_s", "margin"),
    [
        (AfterPreemption.RESUME, None, MARGIN),
        (AfterPreemption.RESTART, 300, timedelta(minutes=5)),
        (AfterPreemption.DROP, 3_600, DROP_MARGIN),
    ],
)
def test_an_order_carries_how_late_it_may_go_on(then: AfterPreemption, stale_s: int | None, margin: timedelta):
    row = Occurrence(
        id=new_id(), place_id="bao-nhai", title="Tin", start_at=FIRST, ends_at=FIRST, expires_at=FIRST,
        preempted=then, stale_s=stale_s, created_by="lan", created_at=NOW,
    )  # fmt: skip
    assert margin_of(row) == margin
