from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.times import EPOCH, from_ms, to_ms, utc_now

LAST_MS = 253_402_300_799_999


@given(st.integers(-62_135_596_800_000, LAST_MS))
def test_milliseconds_become_a_moment_and_come_back(ms: int):
    moment = from_ms(ms)
    assert moment.tzinfo is UTC
    assert to_ms(moment) == ms


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_loses_less_than_a_millisecond_and_never_moves_ahead(moment: datetime):
    lost = moment - from_ms(to_ms(moment))
    assert timedelta(0) <= lost < timedelta(milliseconds=1)


def test_the_zone_of_a_moment_does_not_matter():
    there = timezone(timedelta(hours=7))
    assert to_ms(datetime(1970, 1, 1, 7, tzinfo=there)) == 0
    assert to_ms(EPOCH) == 0


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="naive"):
        to_ms(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is what is tested


def test_the_machines_clock_is_aware_and_in_utc():
    assert utc_now().utcoffset() == timedelta(0)
