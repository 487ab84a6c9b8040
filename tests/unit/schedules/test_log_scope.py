"""Days and months as people and addresses write them, and what is none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Refused
from schedules.log_scope import day_of, days_of_month


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_a_month_is_all_its_days(day: date) -> None:
    first, last = days_of_month(day.isoformat()[:7])
    assert first <= day <= last
    assert (first.day, first.month, last.month) == (1, day.month, day.month)
    assert (last.toordinal() + 1 - first.toordinal()) in {28, 29, 30, 31}
    assert date.fromordinal(last.toordinal() + 1).day == 1
    assert day_of(day.isoformat()) == day


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-1", "2026-00", "2026-13", "1999-12", "2200-01", "２０２６-03", "2026-03-01", "x" * 9_999]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="report_when_wrong"):
        days_of_month(text)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "20260301", "2026-W10-1", "1999-12-31", "9999-12-31", "0001-01-01", "x" * 9_999]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="report_when_wrong"):
        day_of(text)
