"""The lunar calendar is Vietnam's on every day, checked against two sources that share nothing with it."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import degrees

import ephem
import pytest
import vnlunar

from schedules import lunar
from schedules.lunar import BRANCHES, FIRST_DAY, LAST_DAY, LunarDate, branch, lunar_date, months

FIRST, LAST = date(2000, 1, 1), date(2050, 12, 31)
HANOI = timedelta(hours=7)


def every_day() -> list[date]:
    return [FIRST + timedelta(days=passed) for passed in range((LAST - FIRST).days + 1)]


def test_it_equals_the_published_tables_on_every_day_from_2000_to_2050():
    # vnlunar looks days up in the tables Hồ Ngọc Đức published; lunar-vn computes them.
    assert len(every_day()) == 18_628
    for day in every_day():
        told = vnlunar.get_lunar_date(day.day, day.month, day.year)
        assert lunar_date(day) == LunarDate(told["year"], told["month"], told["day"], bool(told["leap"])), day


def test_it_equals_the_sun_and_the_moon_on_every_day_from_2000_to_2050():
    # The rules of the calendar, from positions that an astronomer's library gives: months begin with the day of the new
    # moon; month 11 has the winter solstice; of thirteen months to the next, the first without a major term is leap.
    starts = _new_moons()
    named = _named(starts)
    for day in every_day():
        index = bisect_right(starts, day) - 1
        number, leap = named[starts[index]]
        found = lunar_date(day)
        assert found is not None
        assert (found.day, found.month, found.leap) == ((day - starts[index]).days + 1, number, leap), day


def _new_moons() -> list[date]:
    found, at = [], ephem.Date("1998/11/1")
    while not found or found[-1].year < 2052:
        at = ephem.next_new_moon(at)
        found.append((at.datetime() + HANOI).date())
    return found


def _named(starts: list[date]) -> dict[date, tuple[int, bool]]:
    sectors = [_sector(start) for start in starts]
    elevenths = [place for place, (now, then) in enumerate(pairwise(sectors)) if now in {6, 7, 8} and then in {9, 10}]
    named: dict[date, tuple[int, bool]] = {}
    for begin, end in pairwise(elevenths):
        leaps = (place for place in range(begin + 1, end) if sectors[place] == sectors[place + 1])
        leap = next(leaps, None) if end - begin == 13 else None
        number = 10
        for place in range(begin, end):
            number += place != leap
            named[starts[place]] = ((number - 1) % 12 + 1, place == leap)
    return named


def _sector(day: date) -> int:
    """In which twelfth of its way the sun is as the day begins in Hà Nội."""
    at = ephem.Date((datetime.combine(day, datetime.min.time(), UTC) - HANOI).replace(tzinfo=None))
    sun = ephem.Sun(at)
    return int(degrees(ephem.Ecliptic(ephem.Equatorial(sun.g_ra, sun.g_dec, epoch=at), epoch=at).lon) // 30)


@pytest.mark.parametrize(
    ("day", "chinese"),
    [
        (date(1968, 1, 29), date(1968, 1, 30)),
        (date(1985, 1, 21), date(1985, 2, 20)),
        (date(2007, 2, 17), date(2007, 2, 18)),
        (date(2030, 2, 2), date(2030, 2, 3)),
    ],
)
def test_tet_is_vietnams_where_it_differs_from_chinas(day: date, chinese: date):
    found = lunar_date(day)
    assert found is not None
    assert (found.month, found.day, found.leap) == (1, 1, False)
    assert lunar_date(chinese) != found


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2026, 2, 17), "1/1/2026"), (date(2025, 7, 25), "1/6+/2025"), (date(2026, 4, 26), "10/3/2026")],
)
def test_a_date_reads_as_it_is_written(day: date, text: str):
    assert str(lunar_date(day)) == text


def test_the_calendar_has_neither_holes_nor_overlaps():
    found = list(months(FIRST_DAY, LAST_DAY))
    assert all(month.first_day + timedelta(days=month.length) == later.first_day for month, later in pairwise(found))
    assert {month.length for month in found} == {29, 30}
    assert found[0].first_day == FIRST_DAY
    assert found[-1].first_day + timedelta(days=found[-1].length) > LAST_DAY


def test_outside_what_is_known_there_is_no_date():
    assert lunar_date(FIRST_DAY - timedelta(days=1)) is None
    assert lunar_date(LAST_DAY + timedelta(days=1)) is None
    assert lunar_date(FIRST_DAY) is not None
    assert lunar_date(LAST_DAY) is not None
    assert not list(months(date(1900, 1, 1), date(1950, 1, 1)))
    assert not list(months(date(2100, 1, 1), date(2150, 1, 1)))


def test_the_thirtieth_of_a_short_month_is_no_day():
    short = next(month for month in months(FIRST, LAST) if month.length == 29)
    assert short.day(30) is None
    assert short.day(29) == short.first_day + timedelta(days=28)
    assert short.day(0) is None


def test_branches_follow_each_other_whatever_the_months_do():
    # 1 October 1949 was a day Giáp Tý, as every almanac of it says.
    assert BRANCHES[branch(date(1949, 10, 1))] == "ty"
    assert all(branch(day + timedelta(days=1)) == (branch(day) + 1) % 12 for day in every_day()[:400])


def test_the_calendar_is_read_once():
    lunar_date(FIRST)
    before = lunar._calendar.cache_info().misses
    lunar_date(LAST)
    assert lunar._calendar.cache_info().misses == before
