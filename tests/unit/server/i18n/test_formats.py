from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.i18n import formats

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def test_days_are_written_as_each_language_writes_them():
    day = date(2026, 11, 21)

    assert formats.full_day(day, "vi") == "Thứ Bảy, 21 tháng 11, 2026"
    assert formats.full_day(day, "en") == "Saturday 21 November 2026"


@pytest.mark.parametrize(
    ("moment", "vietnamese", "english"),
    [
        (NOW, "05:30", "05:30"),
        (datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "05:30 ngày 21/11", "21 Nov, 05:30"),
        (datetime(2027, 1, 1, 22, 30, tzinfo=UTC), "05:30 ngày 2/1/2027", "2 Jan 2027, 05:30"),
    ],
)
def test_a_moment_names_its_day_unless_it_is_today(moment: datetime, vietnamese: str, english: str):
    assert formats.moment_text(moment, HANOI, "vi", now=NOW) == vietnamese
    assert formats.moment_text(moment, HANOI, "en", now=NOW) == english


@pytest.mark.parametrize(
    ("duration_ms", "expected"), [(0, "0:00"), (59_499, "0:59"), (138_000, "2:18"), (3_725_000, "1:02:05")]
)
def test_lengths_read_like_a_players(duration_ms: int, expected: str):
    assert formats.length(duration_ms) == expected


def test_numbers_carry_the_languages_separators():
    assert formats.number(14_200, "vi") == "14.200"
    assert formats.number(-14.04, "vi", digits=1) == "-14,0"
    assert formats.number(14_200, "en") == "14,200"
