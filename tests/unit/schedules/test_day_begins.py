"""When a local day begins, also where the clocks change at midnight, over midnight, or for a whole day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.recurrence.times import day_begins, moment


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Asia/Ho_Chi_Minh", date(2026, 11, 22), "2026-11-21T17:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00"),  # 00:00 becomes 01:00
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00"),  # 01:00 becomes 00:00 again
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30"),  # 23:30 becomes 00:30
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00"),  # there was none
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00"),
    ],
)
def test_a_day_begins_with_its_first_moment(zone: str, day: date, begins: str):
    assert day_begins(day, ZoneInfo(zone)) == datetime.fromisoformat(begins).replace(tzinfo=UTC)


zones = st.sampled_from(["Asia/Ho_Chi_Minh", "Africa/Cairo", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"])


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), zones, st.integers(0, 1_439))
def test_no_time_of_a_day_comes_before_it_and_none_of_the_day_before_after_it(day: date, name: str, minute: int):
    zone = ZoneInfo(name)
    begins = day_begins(day, zone)
    assert begins.astimezone(zone).date() == day
    assert (begins - timedelta(minutes=1)).astimezone(zone).date() < day
    assert moment(day, time(minute // 60, minute % 60), zone) >= begins
