"""What is kept of a rule is the rule again, and nothing made up becomes one."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.calendar_vn import Override, with_overrides
from schedules.recurrence import LunarDay, LunarDays, OnHolidays, Pick, Rule, from_map, to_map
from tests.unit.schedules.test_patterns import PATTERNS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
TIMES = st.times().map(lambda at: f"{at:%H:%M}")
PICKS = st.lists(st.builds(Pick, DAYS, st.just("") | TIMES), max_size=3).map(tuple)


def kept(rule: Rule) -> Any:
    return json.loads(json.dumps(to_map(rule)))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    pattern = draw(st.none() | PATTERNS)
    rrule = draw(st.sampled_from(["", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1MO;COUNT=3"]))
    return Rule(
        rrule="" if pattern else rrule,
        first_day=date(2026, 1, 1),
        last_day=draw(st.none() | st.just(date(2027, 1, 1))),
        times=tuple(draw(st.lists(TIMES, min_size=1, max_size=4))),
        zone=ZoneInfo(draw(st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "UTC"]))),
        pattern=pattern,
        added=draw(PICKS),
        removed=draw(PICKS),
        on_holidays=draw(st.sampled_from(OnHolidays)),
    )


@settings(max_examples=100)
@given(rule=rules())
def test_a_rule_is_the_same_after_json(rule: Rule):
    assert from_map(kept(rule)) == rule


def test_what_says_nothing_is_not_kept():
    rule = Rule("FREQ=DAILY", date(2026, 1, 1), None, ("05:00",), VIETNAM)
    assert kept(rule) == {
        "version": 1,
        "rrule": "FREQ=DAILY",
        "first_day": "2026-01-01",
        "times": ["05:00"],
        "zone": "Asia/Ho_Chi_Minh",
    }


def test_the_holidays_are_those_of_the_commune_that_reads_it():
    ours = with_overrides([Override(date(2026, 3, 10), "Hội làng")])
    rule = Rule("FREQ=DAILY", date(2026, 3, 10), None, ("05:00",), VIETNAM, on_holidays=OnHolidays.SKIP)
    assert from_map(kept(rule)).first(rule.begins()) != from_map(kept(rule), ours).first(rule.begins())


GOOD = to_map(
    Rule(
        "", date(2026, 1, 1), None, ("05:00",), VIETNAM, LunarDays((LunarDay(0, 1),)), removed=(Pick(date(2026, 1, 1)),)
    )
)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"zone": 7},
        {"first_day": "tomorrow"},
        {"first_day": 20260101},
        {"times": "05:00"},
        {"times": [5]},
        {"times": None},
        {"pattern": {"kind": "tide"}},
        {"pattern": {"kind": "lunar", "days": ["1"]}},
        {"pattern": {"kind": "lunar", "days": ["99"], "leap": "custom", "short": "last"}},
        {"pattern": {"kind": "every", "every": "often", "anchor": "2026-01-01"}},
        {"pattern": {"kind": "branches", "branches": ["cat"]}},
        {"pattern": []},
        {"removed": [3]},
        {"removed": ["soon"]},
        {"on_holidays": "sometimes"},
        {"rrule": 5, "pattern": None},
        {"rrule": ["FREQ=DAILY"]},
    ],
)
def test_what_was_made_up_is_refused(change: dict[str, Any]):
    with pytest.raises(Refused):
        from_map(GOOD | change)
