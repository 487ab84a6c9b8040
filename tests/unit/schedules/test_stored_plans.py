"""A plan is read as it was written, and nothing else is read as one."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from devices.wire.audience import Audience
from schedules.plans import Override, Plan
from schedules.recurrence import EveryDays, OnHolidays, Pick, Rule
from schedules.stored_plans import plan_from_map, plan_to_map
from tests.unit.schedules.day import DAY, VIETNAM, local

RULE = Rule("", DAY, None, ("05:00", "17:00"), VIETNAM, pattern=EveryDays(5, DAY), on_holidays=OnHolidays.SKIP)
OVERRIDES = (
    Override(Pick(DAY, "05:00"), local("06:30"), "special", Audience(but=("c",)), 0),
    Override(Pick(DAY, "17:00"), volume=30),
    Override(Pick(DAY, "17:00"), audience=Audience()),
)
PLAN = Plan("news", RULE, "bulletin", Audience(places=("upper",), zones=("market",)), 40, OVERRIDES, local("04:00"))
PLANS = [
    PLAN,
    replace(PLAN, overrides=(), since=None, until=local("18:00"), audience=Audience(), volume=0),
    Plan("hourly", Rule("FREQ=HOURLY;INTERVAL=5", DAY, DAY, ("05:00",), VIETNAM, takes_hours=True), "b"),
]


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert plan_from_map(json.loads(json.dumps(plan_to_map(plan)))) == plan


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("version", 2),
        ("id", ""),
        ("id", 7),
        ("announcement", "x" * 65),
        ("rule", {}),
        ("rule", None),
        ("audience", []),
        ("audience", {"places": [3]}),
        ("audience", {"clusters": ["x"] * 1_001}),
        ("volume", 101),
        ("volume", True),
        ("volume", "80"),
        ("overrides", [{"at": "2026-03-10"}]),
        ("overrides", [{"at": "2026-03-10T25:00"}]),
        ("overrides", [{"at": "2026-03-10T05:00", "start": "2026-03-10T05:00:00"}]),
        ("overrides", [{"at": "2026-03-10T05:00", "volume": 200}]),
        ("overrides", [{"at": "2026-03-10T05:00"}] * 1_001),
        ("overrides", 5),
        ("since", 5),
        ("until", "tomorrow"),
        ("until", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_nobody_wrote_is_refused(part: str, value: Any) -> None:
    with pytest.raises(Refused):
        plan_from_map(plan_to_map(PLAN) | {part: value})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "05:00", "2026-03-10", "2026-03-10T05:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "start", "places"]), inner),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(plan_to_map(PLAN))), ANYTHING)
def test_anything_in_any_place_is_read_or_refused(part: str, value: Any) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(plan_from_map(plan_to_map(PLAN) | {part: value}), Plan)
