"""What a rule makes of holidays, single days, patterns and hours of its own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.errors import Refused
from schedules.calendar_vn import Override, with_overrides
from schedules.recurrence import MAX_PICKS, EveryDays, LunarDay, LunarDays, OnHolidays, Pick, Rule
from schedules.recurrence.rule import most_a_day

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
FULL_AND_NEW = LunarDays((LunarDay(0, 1), LunarDay(0, 15)))


def rule(rrule: str = "FREQ=DAILY", **more: Any) -> Rule:
    given = {"first_day": date(2026, 1, 1), "last_day": None, "times": ("05:00",), "zone": VIETNAM, "takes_hours": True}
    return Rule(rrule, **(given | more))


def days(found: Rule, first: str, last: str) -> list[str]:
    start = datetime.fromisoformat(first).replace(tzinfo=found.zone)
    end = datetime.fromisoformat(last).replace(tzinfo=found.zone) + timedelta(days=1)
    return [f"{at.astimezone(found.zone):%m-%d}" for at in found.expand(start, end)]


def test_a_rule_keeps_off_the_public_holidays():
    found = days(rule(on_holidays=OnHolidays.SKIP), "2026-04-25", "2026-05-02")
    assert found == ["04-25", "04-28", "04-29", "05-02"]


def test_a_rule_keeps_to_the_public_holidays():
    found = days(rule(on_holidays=OnHolidays.ONLY), "2026-04-25", "2026-05-02")
    assert found == ["04-26", "04-27", "04-30", "05-01"]


def test_a_rule_falls_on_the_day_before_the_first_holiday_of_a_row():
    found = days(rule(on_holidays=OnHolidays.EVE), "2026-02-01", "2026-05-02")
    assert found == ["02-15", "04-25", "04-29"]


def test_what_falls_on_a_holiday_moves_to_the_day_before_and_is_heard_once():
    sundays = rule("FREQ=WEEKLY;BYDAY=SA,SU", on_holidays=OnHolidays.BEFORE)
    assert days(sundays, "2026-04-20", "2026-05-04") == ["04-25", "05-02", "05-03"]
    tuesdays = rule("FREQ=WEEKLY;BYDAY=TU", on_holidays=OnHolidays.BEFORE)
    assert days(tuesdays, "2026-02-10", "2026-02-24") == ["02-10", "02-15", "02-24"]


def test_a_window_that_ends_before_the_holidays_has_what_moves_out_of_them():
    thursdays = rule("FREQ=WEEKLY;BYDAY=TH", on_holidays=OnHolidays.BEFORE)
    assert days(thursdays, "2026-02-15", "2026-02-15") == ["02-15"]


def test_nothing_moves_before_the_first_day():
    found = rule("", first_day=date(2026, 2, 17), on_holidays=OnHolidays.BEFORE)
    assert not found.ever()
    assert not days(found, "2026-02-01", "2026-02-28")


def test_a_commune_decides_what_its_holidays_are():
    ours = with_overrides([Override(date(2026, 4, 27), "Làm bù", free=False), Override(date(2026, 4, 28), "Hội làng")])
    found = days(rule(on_holidays=OnHolidays.SKIP, holidays=ours), "2026-04-25", "2026-04-30")
    assert found == ["04-25", "04-27", "04-29"]


def test_lunar_days_go_by_the_clock_of_the_commune():
    found = rule("", pattern=FULL_AND_NEW, times=("06:00", "18:00"))
    assert days(found, "2026-02-01", "2026-03-05") == ["02-02"] * 2 + ["02-17"] * 2 + ["03-03"] * 2
    assert found.first(datetime(2026, 2, 17, tzinfo=UTC)) == datetime(2026, 2, 17, 11, tzinfo=UTC)


def test_a_pattern_keeps_within_the_first_and_the_last_day():
    found = rule("", pattern=EveryDays(5, date(2026, 3, 1)), first_day=date(2026, 3, 4), last_day=date(2026, 3, 11))
    assert days(found, "2026-01-01", "2026-12-31") == ["03-06", "03-11"]


def test_single_days_are_added_whatever_the_rule_and_the_holidays_say():
    found = rule(
        "FREQ=WEEKLY;BYDAY=MO",
        last_day=date(2026, 1, 31),
        added=(Pick(date(2026, 2, 17)), Pick(date(2026, 1, 6), "09:30"), Pick(date(2026, 1, 5))),
        on_holidays=OnHolidays.SKIP,
    )
    assert days(found, "2026-01-01", "2026-12-31") == ["01-05", "01-06", "01-12", "01-19", "01-26", "02-17"]


def test_a_removed_day_or_time_is_gone_whoever_put_it_there():
    found = rule(
        times=("05:00", "17:00"),
        last_day=date(2026, 1, 4),
        added=(Pick(date(2026, 1, 9)),),
        removed=(Pick(date(2026, 1, 2)), Pick(date(2026, 1, 3), "17:00"), Pick(date(2026, 1, 9), "05:00")),
    )
    assert days(found, "2026-01-01", "2026-01-31") == ["01-01", "01-01", "01-03", "01-04", "01-04", "01-09"]


def test_removing_a_day_does_not_make_the_count_longer():
    # RFC 5545: COUNT counts what the rule gives; exceptions are taken from that.
    found = rule("FREQ=DAILY;COUNT=3", removed=(Pick(date(2026, 1, 2)),))
    assert days(found, "2026-01-01", "2026-01-31") == ["01-01", "01-03"]


def test_a_removed_time_in_a_gap_is_the_time_it_moved_to():
    plain = rule("FREQ=DAILY", first_day=date(2026, 3, 28), times=("02:30",), zone=BERLIN)
    gone = rule(
        "FREQ=DAILY",
        first_day=date(2026, 3, 28),
        times=("02:30",),
        zone=BERLIN,
        removed=(Pick(date(2026, 3, 29), "03:30"),),
    )
    assert days(plain, "2026-03-28", "2026-03-30") == ["03-28", "03-29", "03-30"]
    assert days(gone, "2026-03-28", "2026-03-30") == ["03-28", "03-30"]


def test_moments_stay_in_order_when_a_gap_moves_one_past_midnight():
    # Until 1940 Toronto's clocks went from 23:30 to 00:30 the next day.
    toronto = ZoneInfo("America/Toronto")
    begins = date(1919, 3, 30)
    found = rule(
        "FREQ=DAILY",
        first_day=begins,
        last_day=begins + timedelta(days=1),
        times=("00:10", "00:40", "23:45"),
        zone=toronto,
    )
    moments = found.upcoming(found.begins(), 10)
    assert moments == sorted(set(moments))
    assert moments[0] == found.first(found.begins())


def test_upcoming_is_what_expanding_gives():
    found = rule("FREQ=HOURLY;INTERVAL=5", times=("05:00",))
    whole = found.expand(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert found.upcoming(datetime(2026, 1, 1, tzinfo=UTC), len(whole)) == whole


def test_each_time_of_day_is_known_with_the_first_moment_that_has_it():
    now = datetime(2026, 1, 10, tzinfo=UTC)
    plain = rule("FREQ=WEEKLY;BYDAY=MO", times=("05:00", "17:00"), added=(Pick(date(2026, 1, 11), "03:15"),))
    assert list(plain.each_time(now)) == ["03:15", "05:00", "17:00"]
    named = rule("FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30", times=("05:00",))
    assert set(named.each_time(now)) == {"05:00", "05:30", "17:00", "17:30"}
    assert all(f"{at.astimezone(VIETNAM):%H:%M}" == text for text, at in named.each_time(now).items())


def test_a_rule_that_names_hours_takes_one_time_to_begin_with():
    assert days(rule("FREQ=DAILY;BYHOUR=6,18;COUNT=3", times=("12:00",)), "2026-01-01", "2026-01-09") == [
        "01-01",
        "01-02",
        "01-02",
    ]
    with pytest.raises(Refused) as refusal:
        rule("FREQ=DAILY;BYHOUR=6,18", times=("05:00", "17:00"))
    assert refusal.value.code == "schedules.rule_invalid"


def test_a_rule_and_a_pattern_together_are_refused():
    with pytest.raises(Refused) as refusal:
        rule("FREQ=DAILY", pattern=FULL_AND_NEW)
    assert refusal.value.code == "schedules.rule_invalid"


def test_too_many_single_days_are_refused():
    with pytest.raises(Refused) as refusal:
        rule(removed=(Pick(date(2026, 1, 1)),) * (MAX_PICKS + 1))
    assert refusal.value.code == "schedules.days_count"


@pytest.mark.parametrize("year", [1, 1899, 2201, 9999])
def test_a_first_day_that_is_a_slip_of_the_hand_is_refused(year: int):
    with pytest.raises(Refused) as refusal:
        rule(first_day=date(year, 1, 1))
    assert refusal.value.code == "schedules.day_wrong"


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("field", ["added", "removed"])
def test_a_single_day_that_nobody_can_reckon_with_is_refused(field: str, year: int):
    with pytest.raises(Refused) as refusal:
        rule("FREQ=DAILY", **{field: (Pick(date(year, 12, 31), "23:00"),)})
    assert refusal.value.code == "schedules.day_wrong"


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026-1-1", "2026-01-01T", "2026-01-01T24:00", "tomorrow"])
def test_what_is_no_single_day_is_refused(text: str):
    if text == "2026-01-01T":
        assert Pick.parse(text) == Pick(date(2026, 1, 1))
        return
    with pytest.raises(Refused):
        Pick.parse(text)


def test_a_single_day_reads_back_as_it_is_written():
    for pick in (Pick(date(2026, 9, 2)), Pick(date(2026, 9, 2), "05:00")):
        assert Pick.parse(str(pick)) == pick


def test_the_most_on_one_day_is_by_the_clock_of_the_zone():
    at = datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert most_a_day([at, at + timedelta(hours=2)], VIETNAM) == 1
    assert most_a_day([at, at + timedelta(hours=2)], ZoneInfo("Europe/London")) == 2
    assert most_a_day([], VIETNAM) == 0
