from datetime import date
from zoneinfo import ZoneInfo

import pytest

from base.errors import Refused
from schedules.recurrence import Rule
from server.web.recurring import rule_of, weekday_names


def test_every_weekday_ticked_is_in_the_rule_whatever_hands_them_over():
    assert rule_of("weekly", iter(["FR", "MO"])) == "FREQ=WEEKLY;BYDAY=MO,FR"


def test_once_and_daily_ignore_weekdays():
    assert rule_of("once", ["MO"]) == ""
    assert rule_of("daily", ["MO"]) == "FREQ=DAILY"


def test_weekly_without_a_day_is_refused():
    with pytest.raises(Refused) as refused:
        rule_of("weekly", [])
    assert refused.value.code == "server.weekdays_missing"


@pytest.mark.parametrize("repeat", ["once", "daily", "weekly"])
def test_what_the_form_makes_is_a_rule_the_programme_understands(repeat: str):
    Rule(rule_of(repeat, ["SU"]), date(2026, 11, 21), None, ("05:00",), ZoneInfo("Asia/Ho_Chi_Minh"))


def test_the_week_begins_on_monday_in_both_languages():
    assert weekday_names("vi")[0] == ("MO", "Thứ Hai")
    assert weekday_names("en")[6] == ("SU", "Sunday")
