from datetime import date, timedelta

import pytest

from schedules.festivals import FESTIVALS, festival_on
from schedules.lunar import lunar_date
from schedules.recurrence import LunarDay, LunarDays


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("tet", date(2026, 2, 17)),
        ("nguyen_tieu", date(2026, 3, 3)),
        ("gio_to", date(2026, 4, 26)),
        ("phat_dan", date(2026, 5, 31)),
        ("doan_ngo", date(2026, 6, 19)),
        ("vu_lan", date(2026, 8, 27)),
        ("trung_thu", date(2026, 9, 25)),
        ("ong_tao", date(2026, 2, 10)),
        ("giao_thua", date(2026, 2, 16)),
        ("giao_thua", date(2025, 1, 28)),
    ],
)
def test_a_festival_falls_on_the_day_people_hold_it(key: str, day: date):
    festival = FESTIVALS[key]
    around = LunarDays((LunarDay(festival.month, festival.day),)).days(
        day - timedelta(days=150), day + timedelta(days=150)
    )
    assert day in list(around)


def test_a_festival_is_not_held_again_in_a_leap_month():
    # 2025 had a leap sixth month, 2006 a leap seventh: Vu Lan was kept in the first of the two.
    found = list(LunarDays((LunarDay(7, 15),)).days(date(2006, 1, 1), date(2006, 12, 31)))
    assert found == [date(2006, 8, 8)]
    assert str(lunar_date(date(2006, 9, 7))) == "15/7+/2006"


def test_every_festival_has_its_name_in_both_languages_and_its_own_day():
    assert all(set(festival.names) == {"vi", "en"} for festival in FESTIVALS.values())
    assert all(festival_on(festival.month, festival.day) is festival for festival in FESTIVALS.values())
    assert festival_on(1, 2) is None
