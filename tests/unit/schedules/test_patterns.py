from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.lunar import branch, lunar_date
from schedules.recurrence import BranchDays, EveryDays, LeapMonths, LunarDay, LunarDays, ShortMonths
from schedules.recurrence.patterns import MAX_DAYS, MAX_EVERY, parse_lunar

YEAR = (date(2025, 1, 29), date(2026, 2, 16))
"""The lunar year Ất Tỵ: thirteen months, the sixth of them twice, from its first day to its last."""


def test_the_first_and_the_fifteenth_are_kept_in_every_month_a_leap_month_too():
    found = list(parse_lunar("1,15").days(*YEAR))
    assert len(found) == 26
    assert {lunar_date(day).day for day in found} == {1, 15}
    assert date(2025, 7, 25) in found


@pytest.mark.parametrize(
    ("leap", "yearly", "monthly"),
    [
        (LeapMonths.CUSTOM, ["15/6"], 13),
        (LeapMonths.NEVER, ["15/6"], 12),
        (LeapMonths.ONLY, ["15/6+"], 1),
        (LeapMonths.ALWAYS, ["15/6", "15/6+"], 13),
    ],
)
def test_a_leap_month_counts_as_asked(leap: LeapMonths, yearly: list[str], monthly: int):
    found = list(LunarDays((LunarDay(6, 15),), leap).days(*YEAR))
    assert [str(lunar_date(day)).rpartition("/")[0] for day in found] == yearly
    assert len(list(LunarDays((LunarDay(0, 15),), leap).days(*YEAR))) == monthly


def test_the_thirtieth_becomes_the_last_day_of_a_short_month_or_nothing():
    last = list(LunarDays((LunarDay(0, 30),)).days(*YEAR))
    none = list(LunarDays((LunarDay(0, 30),), short=ShortMonths.SKIP).days(*YEAR))
    assert len(last) == 13
    assert all(lunar_date(day + timedelta(days=1)).day == 1 for day in last)
    assert none == [day for day in last if lunar_date(day).day == 30]
    assert 0 < len(none) < 13


def test_the_twenty_ninth_and_the_thirtieth_of_a_short_month_are_one_day():
    found = list(LunarDays((LunarDay(12, 29), LunarDay(12, 30))).days(date(2026, 2, 1), date(2026, 2, 28)))
    assert found == [date(2026, 2, 16)]


@pytest.mark.parametrize("text", ["", "0", "31", "1,", "15/13", "15/0", "15/", "a", "١", "1/1/2026", "-1"])
def test_what_is_no_lunar_day_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        parse_lunar(text)
    assert refusal.value.code == "schedules.lunar_wrong"


def test_lunar_days_are_read_in_order_and_once():
    assert parse_lunar("15/8, 1, 15,1").wanted == (LunarDay(0, 1), LunarDay(0, 15), LunarDay(8, 15))
    assert [str(day) for day in parse_lunar("15/8,1").wanted] == ["1", "15/8"]


def test_a_market_every_five_days_is_counted_both_ways_from_its_day():
    market = EveryDays(5, date(2026, 1, 3))
    found = list(market.days(date(2025, 12, 20), date(2026, 1, 10)))
    assert found == [date(2025, 12, 24), date(2025, 12, 29), date(2026, 1, 3), date(2026, 1, 8)]
    assert not list(market.days(date(2026, 1, 4), date(2026, 1, 7)))


def test_a_market_on_two_facing_branches_is_every_six_days():
    # Sà Phìn in Đồng Văn: the days Tị and Hợi. It moves back one weekday each time.
    found = list(BranchDays((11, 5)).days(date(2026, 1, 1), date(2026, 12, 31)))
    assert {branch(day) for day in found} == {5, 11}
    assert all(later - day == timedelta(days=6) for day, later in pairwise(found))
    assert all((later.weekday() + 1) % 7 == day.weekday() for day, later in pairwise(found))


@pytest.mark.parametrize("branches", [(), (12,), (-1, 3)])
def test_what_is_no_branch_is_refused(branches: tuple[int, ...]):
    with pytest.raises(Refused) as refusal:
        BranchDays(branches)
    assert refusal.value.code == "schedules.branches_wrong"


@pytest.mark.parametrize("every", [0, -5, MAX_EVERY + 1])
def test_a_market_every_no_days_is_refused(every: int):
    with pytest.raises(Refused) as refusal:
        EveryDays(every, date(2026, 1, 1))
    assert refusal.value.code == "schedules.every_wrong"


@pytest.mark.parametrize("count", [0, MAX_DAYS + 1])
def test_no_lunar_day_or_too_many_are_refused(count: int):
    with pytest.raises(Refused) as refusal:
        LunarDays((LunarDay(0, 1),) * count)
    assert refusal.value.code == "schedules.days_count"


PATTERNS = st.one_of(
    st.builds(EveryDays, st.integers(1, 40), st.dates(date(2020, 1, 1), date(2030, 1, 1))),
    st.builds(BranchDays, st.lists(st.integers(0, 11), min_size=1, max_size=4).map(tuple)),
    st.builds(
        LunarDays,
        st.lists(st.builds(LunarDay, st.integers(0, 12), st.integers(1, 30)), min_size=1, max_size=4).map(tuple),
        st.sampled_from(LeapMonths),
        st.sampled_from(ShortMonths),
    ),
)


@settings(max_examples=100)
@given(pattern=PATTERNS, begin=st.dates(date(2020, 1, 1), date(2030, 1, 1)), cut=st.integers(0, 400))
def test_spans_that_join_give_what_the_whole_gives(pattern: LunarDays, begin: date, cut: int):
    middle, end = begin + timedelta(days=cut), begin + timedelta(days=400)
    whole = list(pattern.days(begin, end))
    assert whole == sorted(set(whole))
    assert whole == [*pattern.days(begin, middle), *pattern.days(middle + timedelta(days=1), end)]
