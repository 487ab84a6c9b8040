"""The Vietnamese lunar calendar, UTC+7, month by month; the only door to lunar-vn (pure)."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import lunar_vn

FIRST_DAY = date(1968, 1, 29)
"""Tết of the year Mậu Thân, the first by Vietnam's own calendar; before it Vietnam used that of UTC+8."""

LAST_DAY = date(2099, 12, 31)

BRANCHES = ("ty", "suu", "dan", "mao", "thin", "ti", "ngo", "mui", "than", "dau", "tuat", "hoi")
"""The twelve earthly branches (địa chi) by which days are counted: Tý, Sửu, Dần, Mão, Thìn, Tị, Ngọ, Mùi …"""

_ANCHOR_OF_BRANCHES = date(2024, 2, 10).toordinal() - 4
"""Tết of Giáp Thìn, 10 February 2024, was itself a day Thìn (Giáp Thìn), the fifth branch."""


@dataclass(frozen=True, slots=True)
class LunarMonth:
    """A month from its new moon. `year` is the lunar year; `leap` is a month repeated under the same number."""

    first_day: date
    length: int
    year: int
    month: int
    leap: bool

    def day(self, number: int) -> date | None:
        """The date of its `number`-th day; None for the 30th of a month of 29."""
        return self.first_day + timedelta(days=number - 1) if 1 <= number <= self.length else None


@dataclass(frozen=True, slots=True)
class LunarDate:
    """One day of the lunar calendar."""

    year: int
    month: int
    day: int
    leap: bool = False

    def __str__(self) -> str:
        return f"{self.day}/{self.month}{'+' if self.leap else ''}/{self.year}"


def lunar_date(day: date) -> LunarDate | None:
    """The lunar date of a day; None outside `FIRST_DAY` … `LAST_DAY`."""
    if not FIRST_DAY <= day <= LAST_DAY:
        return None
    month = _calendar()[_index(day)]
    return LunarDate(month.year, month.month, (day - month.first_day).days + 1, month.leap)


def months(first: date, last: date) -> Iterator[LunarMonth]:
    """The months with a day from `first` to `last` inclusive, as far as the calendar is known."""
    if last < FIRST_DAY or first > LAST_DAY:
        return
    calendar = _calendar()
    for index in range(_index(max(first, FIRST_DAY)), len(calendar)):
        if calendar[index].first_day > last:
            return
        yield calendar[index]


def branch(day: date) -> int:
    """The earthly branch of a day, 0 (Tý) to 11 (Hợi): a cycle of twelve that nothing ever interrupts."""
    return (day.toordinal() - _ANCHOR_OF_BRANCHES) % 12


def _index(day: date) -> int:
    return bisect_right(_firsts(), day) - 1


@lru_cache(maxsize=1)
def _firsts() -> tuple[date, ...]:
    return tuple(month.first_day for month in _calendar())


@lru_cache(maxsize=1)
def _calendar() -> tuple[LunarMonth, ...]:
    """Every month that begins in the known span: read once, some tens of milliseconds, then only looked up."""
    found: list[LunarMonth] = []
    first = FIRST_DAY
    while first <= LAST_DAY:
        named = lunar_vn.solar_to_lunar(first)
        following = first + timedelta(days=29)
        if lunar_vn.solar_to_lunar(following).day == 30:
            following += timedelta(days=1)
        found.append(LunarMonth(first, (following - first).days, named.year, named.month, named.leap))
        first = following
    return tuple(found)
