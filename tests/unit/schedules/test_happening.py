"""A rule that never happens is refused when it is written, with the reason."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.errors import Refused
from schedules.errors import MESSAGES
from schedules.recurrence import (
    LeapMonths,
    LunarDay,
    LunarDays,
    OnHolidays,
    Pick,
    Rule,
    ShortMonths,
    check_happens,
)

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def rule(rrule: str = "", **more: Any) -> Rule:
    given = {"first_day": date(2026, 1, 1), "last_day": None, "times": ("05:00",), "zone": VIETNAM, "takes_hours": True}
    return Rule(rrule, **(given | more))


LEAP_TWELFTH = LunarDays((LunarDay(12, 1),), LeapMonths.ONLY)
NEVER = [
    (rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"), "rule_never_day"),
    (rule("FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31"), "rule_never_day"),
    (rule("FREQ=YEARLY;BYMONTH=2", first_day=date(2026, 1, 30)), "rule_never_day"),
    (rule("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"), "rule_never_day"),
    (rule("FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"), "rule_never"),
    (rule("FREQ=DAILY;INTERVAL=7;BYDAY=MO"), "rule_never"),
    (rule("FREQ=MINUTELY;INTERVAL=60;BYMINUTE=30"), "rule_never"),
    (rule(pattern=LEAP_TWELFTH), "rule_never_lunar"),
    (rule(pattern=LunarDays((LunarDay(0, 1),)), first_day=date(2100, 1, 1)), "rule_never_lunar"),
    (
        rule("FREQ=YEARLY", first_day=date(2024, 2, 29), removed=(Pick(date(2024, 2, 29)),), last_day=date(2027, 1, 1)),
        "rule_never_left",
    ),
    (rule("FREQ=WEEKLY;BYDAY=MO", last_day=date(2026, 1, 3)), "rule_never_in_span"),
    (
        rule(pattern=LunarDays((LunarDay(0, 30),), short=ShortMonths.SKIP), last_day=date(2026, 1, 10)),
        "rule_never_in_span",
    ),
    (rule("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", on_holidays=OnHolidays.SKIP), "rule_never_left"),
    (rule("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=10", on_holidays=OnHolidays.ONLY), "rule_never_left"),
    (rule("FREQ=DAILY;COUNT=2", removed=(Pick(date(2026, 1, 1)), Pick(date(2026, 1, 2), "05:00"))), "rule_never_left"),
    (rule(removed=(Pick(date(2026, 1, 1)),)), "rule_never_left"),
]


@pytest.mark.parametrize(("never", "code"), NEVER)
def test_a_rule_that_never_happens_is_refused_with_its_reason(never: Rule, code: str):
    with pytest.raises(Refused) as refusal:
        check_happens(never)
    assert refusal.value.code == f"schedules.{code}"
    assert "{" not in MESSAGES[refusal.value.code].format(**refusal.value.params)


def test_the_reason_names_the_day_and_the_month():
    with pytest.raises(Refused) as refusal:
        check_happens(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"))
    assert refusal.value.params == {"day": "31", "month": "2"}


@pytest.mark.parametrize(
    "happens",
    [
        rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,1"),
        rule("FREQ=YEARLY;BYDAY=53TH"),
        rule(pattern=LunarDays((LunarDay(0, 30),), short=ShortMonths.SKIP)),
        rule(pattern=LunarDays((LunarDay(6, 1),), LeapMonths.ONLY)),
        rule("FREQ=WEEKLY;BYDAY=MO", on_holidays=OnHolidays.ONLY),
        rule("FREQ=DAILY;COUNT=1", removed=(Pick(date(2026, 1, 1)),), added=(Pick(date(2025, 12, 31)),)),
        rule("FREQ=HOURLY"),
    ],
)
def test_a_rule_that_happens_however_rarely_is_taken(happens: Rule):
    check_happens(happens)


@pytest.mark.parametrize("rrule", ["FREQ=MINUTELY;INTERVAL=30", "FREQ=DAILY;BYHOUR=5,6,7,8,9;BYMINUTE=0,10,20,30,40"])
def test_more_airings_a_day_than_a_schedule_may_have_are_refused(rrule: str):
    with pytest.raises(Refused) as refusal:
        check_happens(rule(rrule))
    assert refusal.value.code == "schedules.times_count"
