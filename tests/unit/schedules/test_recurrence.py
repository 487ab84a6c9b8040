"""Rules of days and local times become the right moments, in every zone and across its changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.recurrence import MAX_TIMES, SEARCH_DAYS, Rule, check_times, expand, parse_time

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2027, 1, 1, tzinfo=UTC)


def moments(
    rrule: str,
    *,
    times: Sequence[str] = ("05:00",),
    first: date = date(2026, 1, 1),
    last: date | None = None,
    zone: ZoneInfo = VIETNAM,
    start: datetime = START,
) -> list[datetime]:
    return expand(rrule, first, last, times, zone, start=start, end=FAR)


def days(rrule: str, **more: Any) -> list[date]:
    return [moment.astimezone(VIETNAM).date() for moment in moments(rrule, **more)]


def test_once_is_the_first_day_at_each_time():
    found = moments("", times=("17:00", "05:00"), first=date(2026, 1, 2))
    assert found == [datetime(2026, 1, 1, 22, tzinfo=UTC), datetime(2026, 1, 2, 10, tzinfo=UTC)]


def test_daily_until_the_last_day_inclusive():
    found = days("FREQ=DAILY", first=date(2026, 3, 1), last=date(2026, 3, 5))
    assert found == [date(2026, 3, day) for day in range(1, 6)]


def test_chosen_weekdays():
    found = days("FREQ=WEEKLY;BYDAY=MO,TH", first=date(2026, 3, 1), last=date(2026, 3, 14))
    assert found == [date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 12)]


def test_every_second_week_counts_from_the_first_day_wherever_the_window_begins():
    rule = Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", date(2026, 1, 6), None, ("05:00",), VIETNAM)
    whole = rule.expand(START, FAR)
    later = datetime(2026, 6, 10, tzinfo=UTC)
    assert rule.expand(later, FAR) == [moment for moment in whole if moment >= later]


def test_month_days_and_nth_weekdays():
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", first=date(2026, 1, 1), last=date(2026, 5, 31)) == [
        date(2026, 1, 31),
        date(2026, 3, 31),
        date(2026, 5, 31),
    ]
    assert days("FREQ=MONTHLY;BYDAY=-1FR", last=date(2026, 2, 28)) == [date(2026, 1, 30), date(2026, 2, 27)]


def test_count_counts_days_from_the_first_wherever_the_window_begins():
    found = days(
        "FREQ=DAILY;COUNT=3",
        times=("05:00", "17:00"),
        first=date(2026, 3, 1),
        start=datetime(2026, 3, 2, 5, tzinfo=UTC),
    )
    assert found == [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 3)]


def test_the_window_includes_its_start_and_not_its_end():
    at = datetime(2026, 3, 1, 22, tzinfo=UTC)
    rule = Rule("FREQ=DAILY", date(2026, 1, 1), None, ("05:00",), VIETNAM)
    assert rule.expand(at, at + timedelta(days=1)) == [at]


def test_a_local_time_stays_the_same_across_daylight_saving():
    found = moments("FREQ=DAILY", first=date(2026, 3, 28), last=date(2026, 3, 30), zone=BERLIN)
    assert [moment.astimezone(BERLIN).strftime("%d %H:%M") for moment in found] == ["28 05:00", "29 05:00", "30 05:00"]
    assert [moment.hour for moment in found] == [4, 3, 3]


def test_a_time_that_does_not_exist_moves_forward_by_the_gap():
    [moment] = moments("", times=("02:30",), first=date(2026, 3, 29), zone=BERLIN)
    assert moment.astimezone(BERLIN).strftime("%H:%M") == "03:30"


def test_a_time_that_meets_another_in_the_gap_is_one_airing():
    assert len(moments("", times=("02:30", "03:30"), first=date(2026, 3, 29), zone=BERLIN)) == 1


def test_a_time_that_happens_twice_is_taken_the_first_time():
    [moment] = moments("", times=("02:30",), first=date(2026, 10, 25), zone=BERLIN)
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_gap_at_midnight_moves_into_the_same_day():
    # Beirut skips from 00:00 to 01:00.
    beirut = ZoneInfo("Asia/Beirut")
    [moment] = moments("", times=("00:15",), first=date(2026, 3, 29), zone=beirut)
    assert moment.astimezone(beirut) == datetime(2026, 3, 29, 1, 15, tzinfo=beirut)


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2",
        "FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=YEARLY;BYMONTH=1;BYYEARDAY=366",
    ],
)
def test_a_rule_that_never_happens_is_found_out(rrule: str):
    rule = Rule(rrule, date(2026, 1, 1), None, ("05:00",), VIETNAM)
    assert not rule.ever()
    assert rule.first(START) is None
    assert rule.expand(START, FAR) == []


def test_a_leap_day_on_a_weekday_is_rare_but_happens():
    # 29 February 2072 is a Monday and so, because 2100 is no leap year, is only that of 2112.
    rule = Rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2072, 3, 1), None, ("05:00",), VIETNAM)
    found = rule.first(datetime(2072, 3, 1, tzinfo=UTC))
    assert found is not None
    assert found.astimezone(VIETNAM).date() == date(2112, 2, 29)
    assert date(2112, 2, 29) - date(2072, 3, 1) < timedelta(days=SEARCH_DAYS)


def test_the_first_moment_may_be_far_away():
    rule = Rule("FREQ=YEARLY", date(2031, 9, 2), None, ("05:00",), VIETNAM)
    assert rule.first(START) == datetime(2031, 9, 1, 22, tzinfo=UTC)


def test_a_rule_that_is_over_has_no_first_moment():
    rule = Rule("FREQ=DAILY", date(2025, 1, 1), date(2025, 1, 31), ("05:00",), VIETNAM)
    assert rule.ever()
    assert rule.first(START) is None


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=HOURLY",
        "FREQ=SECONDLY;INTERVAL=1",
        "FREQ=DAILY;INTERVAL=0",
        pytest.param("FREQ=DAILY;INTERVAL=" + "9" * 5000, id="more digits than Python reads"),
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYSECOND=30",
        "FREQ=MINUTELY;BYSETPOS=1",
        "FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=DAILY;UNTIL=20260301",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=MONTHLY;BYMONTHDAY=99",
        "FREQ=MONTHLY;BYMONTHDAY=",
        "FREQ=DAILY;FREQ=DAILY",
        "BYDAY=MO",
        "every day",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        ";",
    ],
)
def test_what_is_no_rule_of_days_is_refused(rrule: str):
    with pytest.raises(Refused) as refusal:
        Rule(rrule, date(2026, 1, 1), None, ("05:00",), VIETNAM).first(START)
    assert refusal.value.code == "schedules.rule_invalid"


@pytest.mark.parametrize("text", ["", "5:00", "24:00", "05:60", "05:00:00", "٠٥:٠٠", "05:00\n"])
def test_what_is_no_time_of_day_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        parse_time(text)
    assert refusal.value.code == "schedules.time_wrong"


@pytest.mark.parametrize("times", [[], ["05:00"] * (MAX_TIMES + 1)])
def test_too_few_or_too_many_times_are_refused(times: list[str]):
    with pytest.raises(Refused) as refusal:
        check_times(times)
    assert refusal.value.code == "schedules.times_count"


def test_reversed_days_are_refused():
    with pytest.raises(Refused) as refusal:
        Rule("FREQ=DAILY", date(2026, 2, 2), date(2026, 2, 1), ("05:00",), VIETNAM)
    assert refusal.value.code == "schedules.days_reversed"


@settings(max_examples=60)
@given(
    zone=st.sampled_from([VIETNAM, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    rrule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,WE", "FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY;COUNT=7"]),
    times=st.lists(st.times().map(lambda t: f"{t:%H:%M}"), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 365 * 24 * 60), min_size=1, max_size=4),
)
def test_windows_that_join_give_what_the_whole_gives(zone: ZoneInfo, rrule: str, times: list[str], cuts: list[int]):
    rule = Rule(rrule, date(2026, 1, 5), None, tuple(times), zone)
    edges = [START, *(START + timedelta(minutes=cut) for cut in sorted(cuts)), FAR]
    pieces = [moment for low, high in pairwise(edges) for moment in rule.expand(low, high)]
    whole = rule.expand(START, FAR)
    assert pieces == whole
    assert whole == sorted(set(whole))
