"""Vietnam's public holidays as they were and will be, and a commune's own corrections."""

from datetime import date, timedelta

import pytest

from base.errors import Refused
from schedules.calendar_vn import MAX_OVERRIDES, NATIONAL, Holidays, Override, national, with_overrides
from schedules.lunar import lunar_date

# Free days of public employees as announced for each year (Labour Code 2012, art. 115; from 2021 Labour Code 2019, art.
# 112 and 111): the law's days, the days instead of those on a weekend, and working days exchanged for them.
ANNOUNCED = {
    2020: "01-01 01-23 01-24 01-25 01-26 01-27 01-28 01-29 04-02 04-30 05-01 09-02",
    2021: "01-01 02-10 02-11 02-12 02-13 02-14 02-15 02-16 04-21 04-30 05-01 05-03 09-02 09-03",
    2022: "01-01 01-03 01-31 02-01 02-02 02-03 02-04 04-10 04-11 04-30 05-01 05-02 05-03 09-01 09-02",
    2023: "01-01 01-02 01-20 01-21 01-22 01-23 01-24 01-25 01-26 04-29 04-30 05-01 05-02 05-03 09-01 09-02 09-04",
    2024: "01-01 02-08 02-09 02-10 02-11 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03",
    2025: "01-01 01-27 01-28 01-29 01-30 01-31 02-01 04-07 04-30 05-01 05-02 09-01 09-02",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-26 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
}

# What the law fixes for the years whose announcements are still to come: Tết's eve and first three days, Giỗ Tổ by the
# lunar calendar, the days by the sun, and from 2026 the Day of Vietnamese Culture (Resolution 80-NQ/TW).
FIXED = {
    2027: "01-01 02-05 02-06 02-07 02-08 04-16 04-30 05-01 09-02 11-24",
    2028: "01-01 01-25 01-26 01-27 01-28 04-04 04-30 05-01 09-02 11-24",
    2029: "01-01 02-12 02-13 02-14 02-15 04-23 04-30 05-01 09-02 11-24",
    2030: "01-01 02-01 02-02 02-03 02-04 04-12 04-30 05-01 09-02 11-24",
}


def days(year: int, text: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{day}") for day in text.split()}


@pytest.mark.parametrize("year", ANNOUNCED)
def test_the_holidays_of_a_year_are_those_announced(year: int):
    assert set(national(year)) == days(year, ANNOUNCED[year])


@pytest.mark.parametrize("year", FIXED)
def test_the_holidays_to_come_have_every_day_the_law_fixes(year: int):
    assert days(year, FIXED[year]) <= set(national(year))


@pytest.mark.parametrize("year", range(2021, 2031))
def test_the_law_gives_five_days_of_tet_and_two_of_the_national_day(year: int):
    tet = next(day for day in national(year) if (found := lunar_date(day)) and (found.month, found.day) == (1, 1))
    assert {tet + timedelta(days=passed) for passed in range(-1, 3)} <= set(national(year))
    assert len([day for day in national(year) if abs((day - tet).days) <= 7]) >= 5
    second = date(year, 9, 2)
    assert {second - timedelta(days=1), second + timedelta(days=1)} & set(national(year))


@pytest.mark.parametrize("year", range(2020, 2031))
def test_gio_to_is_the_tenth_of_the_third_lunar_month(year: int):
    found = [lunar_date(day) for day, name in national(year).items() if name == "Ngày Giỗ Tổ Hùng Vương"]
    assert [(day.month, day.day, day.leap) for day in found if day] == [(3, 10, False)]


@pytest.mark.parametrize("year", range(2020, 2031))
def test_a_holiday_on_a_weekend_gives_a_day_instead(year: int):
    # Art. 111: the next working day. Five days of Tết are announced each year as a whole.
    for month, day in ((1, 1), (4, 30), (5, 1), (9, 2)):
        holiday = date(year, month, day)
        if holiday.weekday() >= 5:
            near = [holiday + timedelta(days=passed) for passed in range(-2, 6)]
            assert [free for free in near if free.weekday() < 5 and free in national(year)]


def test_a_holiday_has_its_name_in_both_languages():
    assert NATIONAL.name(date(2026, 2, 17), "vi") == "Tết Nguyên Đán"
    assert NATIONAL.name(date(2026, 2, 17), "en") == "Lunar New Year"
    assert NATIONAL.name(date(2026, 2, 21), "vi") is None


def test_a_commune_adds_a_day_with_its_name():
    ours = with_overrides([Override(date(2026, 3, 10), "Lễ hội Lồng tồng")])
    assert date(2026, 3, 10) in ours
    assert ours.name(date(2026, 3, 10), "en") == "Lễ hội Lồng tồng"
    assert date(2026, 3, 10) not in NATIONAL


def test_a_commune_takes_a_day_away():
    ours = with_overrides([Override(date(2026, 9, 1), "Làm bù bão số 3", free=False)])
    assert date(2026, 9, 1) not in ours
    assert ours.name(date(2026, 9, 1), "vi") is None
    assert ours.day_before(date(2026, 9, 2)) == date(2026, 9, 1)


def test_the_eve_is_the_day_before_the_first_of_a_row():
    assert NATIONAL.is_eve(date(2026, 2, 15))
    assert not NATIONAL.is_eve(date(2026, 2, 16))
    assert not NATIONAL.is_eve(date(2026, 2, 20))
    assert NATIONAL.day_before(date(2026, 2, 18)) == date(2026, 2, 15)
    assert NATIONAL.day_before(date(2026, 2, 15)) == date(2026, 2, 15)
    assert NATIONAL.end_of_row(date(2026, 2, 15)) == date(2026, 2, 20)


def test_the_holidays_of_a_span_come_in_order_over_the_turn_of_the_year():
    ours = with_overrides([Override(date(2026, 12, 25), "Giáng sinh")])
    found = ours.between(date(2026, 11, 1), date(2027, 1, 31), "vi")
    assert [day for day, _ in found] == [date(2026, 11, 24), date(2026, 12, 25), date(2027, 1, 1)]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_correction_without_a_name_is_refused(name: str):
    with pytest.raises(Refused) as refusal:
        Override(date(2026, 1, 1), name)
    assert refusal.value.code == "schedules.holiday_name"


def test_two_corrections_of_one_day_or_too_many_are_refused():
    one = date(2026, 1, 1)
    many = tuple(Override(one + timedelta(days=passed), "x") for passed in range(MAX_OVERRIDES + 1))
    for overrides in ((Override(one, "a"), Override(one, "b", free=False)), many):
        with pytest.raises(Refused) as refusal:
            Holidays(overrides)
        assert refusal.value.code == "schedules.holidays_wrong"
