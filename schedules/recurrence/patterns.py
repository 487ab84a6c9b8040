"""Days that no RFC 5545 rule can say: by the moon, every so many days, by the branches of a market (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from base.errors import Refused
from schedules import lunar
from schedules.lunar import LunarMonth

MAX_DAYS = 60
MAX_EVERY = 366


class LeapMonths(StrEnum):
    """What a leap month counts as.

    custom: every month's days are kept in it too, a yearly day is not (as people do); then never, only and always.
    """

    CUSTOM = "custom"
    NEVER = "never"
    ONLY = "only"
    ALWAYS = "always"


class ShortMonths(StrEnum):
    """What becomes of day 30 in a month of 29 days: its last day (as Tết is kept), or nothing."""

    LAST = "last"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, order=True)
class LunarDay:
    """A day of every lunar month (`month` 0), or of one."""

    month: int
    day: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "15" or, as it is written in Vietnam, "15/8". Raises Refused("schedules.lunar_wrong")."""
        day, slash, month = text.strip().partition("/")
        if not _is_in(day, 30) or (slash and not _is_in(month, 12)):
            raise Refused("schedules.lunar_wrong", date=text[:20])
        return cls(int(month or 0), int(day))

    def __str__(self) -> str:
        return f"{self.day}/{self.month}" if self.month else str(self.day)


@dataclass(frozen=True, slots=True)
class LunarDays:
    """Days of the Vietnamese lunar calendar, as far as it is known (`lunar.LAST_DAY`)."""

    wanted: tuple[LunarDay, ...]
    leap: LeapMonths = LeapMonths.CUSTOM
    short: ShortMonths = ShortMonths.LAST

    def __post_init__(self) -> None:
        if not 1 <= len(self.wanted) <= MAX_DAYS:
            raise Refused("schedules.days_count", limit=MAX_DAYS)
        object.__setattr__(self, "wanted", tuple(sorted(set(self.wanted))))

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from `first` to `last` inclusive, in order."""
        for month in lunar.months(first, last):
            yield from sorted({day for day in self._of(month) if first <= day <= last})

    def _of(self, month: LunarMonth) -> Iterator[date]:
        for wanted in self.wanted:
            if self._is_meant(wanted, month):
                number = min(wanted.day, month.length) if self.short is ShortMonths.LAST else wanted.day
                day = month.day(number)
                if day is not None:
                    yield day

    def _is_meant(self, wanted: LunarDay, month: LunarMonth) -> bool:
        if wanted.month not in {0, month.month}:
            return False
        if self.leap is LeapMonths.CUSTOM:
            return not (month.leap and wanted.month)
        return self.leap is LeapMonths.ALWAYS or month.leap == (self.leap is LeapMonths.ONLY)


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Every so many days, counted in both directions from a day on which it falls: a market every five days."""

    every: int
    anchor: date

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MAX_EVERY:
            raise Refused("schedules.every_wrong", limit=MAX_EVERY)

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from `first` to `last` inclusive, in order."""
        begin = first + timedelta(days=(self.anchor - first).days % self.every)
        return (begin + timedelta(days=passed) for passed in range(0, (last - begin).days + 1, self.every))


@dataclass(frozen=True, slots=True)
class BranchDays:
    """The days of some of the twelve branches (0 Tý … 11 Hợi): two that face each other make a market every six."""

    branches: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.branches or not set(self.branches) <= set(range(12)):
            raise Refused("schedules.branches_wrong")
        object.__setattr__(self, "branches", tuple(sorted(set(self.branches))))

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from `first` to `last` inclusive, in order."""
        span = (first + timedelta(days=passed) for passed in range((last - first).days + 1))
        return (day for day in span if lunar.branch(day) in self.branches)


Pattern = LunarDays | EveryDays | BranchDays


def parse_lunar(text: str) -> LunarDays:
    """From "1,15" or "10/3, 15/8". Raises Refused."""
    return LunarDays(tuple(LunarDay.parse(item) for item in text.split(",")))


def _is_in(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= most
