"""The form of a schedule's rule: dates as they are written here, times offered taken up, other kinds' fields unread."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.recurrence import EveryDays, LunarDay, LunarDays, OnHolidays, Pick
from server.web.rule_form import RuleForm, read

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FORM = RuleForm(repeat="daily", times=("05:15", "17:00"), first_day="2026-09-01")


def test_days_are_read_as_they_are_written_here_and_as_iso_says() -> None:
    said = RuleForm(repeat="daily", times=("05:15",), first_day="2026-09-01", added="2/9/2026 17:00, 2026-09-03")
    assert said.rule(ZONE).added == (Pick(date(2026, 9, 2), "17:00"), Pick(date(2026, 9, 3)))


def test_what_plays_once_takes_an_offered_day_and_what_recurs_only_the_time() -> None:
    at = datetime(2026, 9, 2, 5, 0, tzinfo=ZONE)
    assert FORM.at_time("17:00", at).times == ("05:15", "05:00")
    assert FORM.at_time("17:00", at).first_day == "2026-09-01"
    once = RuleForm(repeat="once", times=("23:00",), first_day="2026-09-01").at_time("23:00", at)
    assert (once.first_day, once.times) == ("2026-09-02", ("05:00",))


def test_the_fields_of_other_kinds_are_not_read() -> None:
    said = {"repeat": "daily", "rrule": "nonsense", "month_day": "99", "every": "x", "lunar_day": "77"}
    form = ImmutableMultiDict(said | {"time": "05:15", "first_day": "2026-09-01", "festival": "nothing"})
    rule = read(form).rule(ZONE)
    assert (rule.rrule, rule.pattern, rule.on_holidays) == ("FREQ=DAILY", None, OnHolidays.ANY)


def test_markets_and_lunar_days_become_patterns() -> None:
    market = RuleForm(repeat="every", every="5", times=("05:15",), first_day="2026-09-01").rule(ZONE)
    moon = RuleForm(
        repeat="lunar", lunar_days=("1",), lunar_other="15/8; 23", times=("05:15",), first_day="2026-09-01"
    ).rule(ZONE)
    assert market.pattern == EveryDays(5, date(2026, 9, 1))
    assert moon.pattern == LunarDays((LunarDay(0, 1), LunarDay(8, 15), LunarDay(0, 23)))


@pytest.mark.parametrize(
    "wrong",
    [{"rrule": "", "repeat": "rrule"}, {"removed": "31/02/2026"}, {"added": "x" * 30_000}, {"first_day": "soon"}],
)
def test_what_cannot_be_read_is_refused(wrong: dict[str, str]) -> None:
    said = {"repeat": "daily", "times": ("05:15",), "first_day": "2026-09-01"} | wrong
    with pytest.raises(Refused):
        RuleForm(**said).rule(ZONE)  # type: ignore[arg-type] # by name
