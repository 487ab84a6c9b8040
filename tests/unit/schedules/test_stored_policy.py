"""A policy is read as it was written, and nothing else is read as one."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.allowances import Allowance, Event, Kind, Limit, VolumeCap
from schedules.policy import Rules
from schedules.stored_policy import policy_from_map, policy_to_map
from tests.unit.schedules.day import DAY, VIETNAM

HOURS = Rules.of(VIETNAM, [["05:00", "21:00"]], "Decision 12", 90)
POLICY = Allowance(
    HOURS,
    (Limit(Kind.BLOCKS, 3, "Three blocks a day", "Decision 12"), Limit(Kind.DAY_MINUTES, 45, "Minutes", "Plan 3")),
    (VolumeCap("Nights", Rules.of(VIETNAM, [["18:00", "06:00"], ["12:00", "13:00"]], "Plan 4", 40)),),
    (
        Event("Tết", DAY, DAY, frozenset(Kind), "Plan 5", Rules.of(VIETNAM, [["05:00", "24:00"]], "Plan 5")),
        Event("Fair", DAY, DAY + timedelta(days=2), frozenset(), "Plan 6"),
    ),
    timedelta(minutes=10),
)


@pytest.mark.parametrize("policy", [POLICY, Allowance(HOURS)])
def test_a_policy_comes_back_as_it_was(policy: Allowance) -> None:
    assert policy_from_map(json.loads(json.dumps(policy_to_map(policy))), HOURS) == policy


def test_nothing_written_is_a_policy_of_hours_alone() -> None:
    assert policy_from_map({}, HOURS) == Allowance(HOURS)


def changed(part: str, **fields: Any) -> dict[str, Any]:
    said = policy_to_map(POLICY)
    return said | {part: [said[part][0] | fields]}


@pytest.mark.parametrize(
    "said",
    [
        {"version": 2},
        {"version": 1},
        changed("limits", kind="weeks"),
        changed("limits", most=0),
        changed("limits", most=True),
        changed("limits", most="3"),
        changed("limits", name=["x"]),
        changed("limits", source=""),
        changed("caps", hours=[["18:00"]]),
        changed("caps", hours=[[18, 6]]),
        changed("caps", hours="18:00"),
        changed("caps", hours=[["18:00", "19:00"]] * 17),
        changed("caps", hours=[["25:00", "26:00"]]),
        changed("caps", volume_max=101),
        changed("events", first_day="10/03/2026"),
        changed("events", last_day="2020-01-01"),
        changed("events", lifts=["everything"]),
        policy_to_map(POLICY) | {"block_gap_s": 10**12},
        policy_to_map(POLICY) | {"block_gap_s": -1},
        policy_to_map(POLICY) | {"limits": policy_to_map(POLICY)["limits"] * 20},
    ],
)
def test_what_nobody_wrote_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        policy_from_map(said, HOURS)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "05:00", "hours", "2026-03-10"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "hours", "name"]), inner),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(policy_to_map(POLICY))), ANYTHING)
def test_anything_in_any_place_is_read_or_refused(part: str, value: Any) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(policy_from_map(policy_to_map(POLICY) | {part: value}, HOURS), Allowance)
