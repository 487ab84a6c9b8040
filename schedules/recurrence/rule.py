"""When something recurs: days, times of day, exceptions and holidays, as moments in UTC (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from heapq import merge
from itertools import groupby, islice, takewhile
from operator import itemgetter
from zoneinfo import ZoneInfo

from base.errors import Refused
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.recurrence import rfc5545
from schedules.recurrence.falling import Falling
from schedules.recurrence.patterns import Pattern
from schedules.recurrence.times import Pick, check_times, day_begins, moment, parse_time

SEARCH_DAYS = 41 * 366
"""How far ahead a rule must fall on some day: 29 February on a given weekday can be 40 years away (1872 and 1912,
2072 and 2112), and nobody plans beyond that."""

YEARS = range(1900, 2201)
"""Days outside these years are a slip of the hand; near the ends of what a date can be none can be reckoned with."""

MAX_PICKS = 1_000
_A_DAY = timedelta(days=1)

Day = tuple[date, set[time]]
"""A local day with its times."""


class OnHolidays(StrEnum):
    """What a public holiday does to the days of a rule.

    any: nothing; skip: not on them; only: on no other day; eve: only on the day before (the first of several);
    before: what falls on one moves to the day before it.
    """

    ANY = "any"
    SKIP = "skip"
    ONLY = "only"
    EVE = "eve"
    BEFORE = "before"


@dataclass(frozen=True)
class Rule:
    """When something recurs. `rrule` is empty with a `pattern`, and for once, on `first_day`. `times`: local "HH:MM".

    COUNT counts days. A rule that names hours (`rfc5545.names_hours`) takes one time, at which it begins, and its
    COUNT counts times. `first_day`, `last_day` and `on_holidays` bound the rule; the days in `added` stand whatever
    they say; `removed` goes before everything. `holidays` are the commune's and are not part of what is stored.
    `takes_hours`: the caller looks at `each_time`, not at `times`, so the rule may name hours; else it is refused.
    Construction raises Refused: rule_invalid, day_wrong, time_wrong, times_count, days_reversed, days_count.
    """

    rrule: str
    first_day: date
    last_day: date | None
    times: tuple[str, ...]
    zone: ZoneInfo
    pattern: Pattern | None = None
    added: tuple[Pick, ...] = ()
    removed: tuple[Pick, ...] = ()
    on_holidays: OnHolidays = OnHolidays.ANY
    holidays: Holidays = field(default=NATIONAL, compare=False)
    takes_hours: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.first_day.year not in YEARS:
            raise Refused("schedules.day_wrong", day=str(self.first_day))
        if self.last_day is not None and self.last_day < self.first_day:
            raise Refused("schedules.days_reversed", first_day=str(self.first_day), last_day=str(self.last_day))
        if max(len(self.added), len(self.removed)) > MAX_PICKS:
            raise Refused("schedules.days_count", limit=MAX_PICKS)
        for pick in (*self.added, *self.removed):
            if pick.day.year not in YEARS:
                raise Refused("schedules.day_wrong", day=str(pick.day))
        hours = self._hours
        wrong_hours = self.names_hours and (len(hours) != 1 or not self.takes_hours)
        if wrong_hours or (self.pattern is not None and self.rrule):
            raise Refused("schedules.rule_invalid", rule=self.rrule[:200], part=",".join(self.times)[:80])

    @cached_property
    def parts(self) -> dict[str, str]:
        """The parts of the RFC 5545 rule; empty without one."""
        return rfc5545.read(self.rrule)

    @cached_property
    def names_hours(self) -> bool:
        """Whether the rule says itself at what times of day it falls."""
        return rfc5545.names_hours(self.parts)

    @cached_property
    def _falling(self) -> Falling:
        return Falling(self.parts, datetime.combine(self.first_day, self._hours[0]))

    @cached_property
    def _hours(self) -> tuple[time, ...]:
        return tuple(parse_time(text) for text in check_times(self.times))

    def expand(self, start: datetime, end: datetime) -> list[datetime]:
        """The moments from `start` up to but not including `end`, in UTC, each once, in order."""
        last = end.astimezone(self.zone).date() + _A_DAY
        return list(takewhile(lambda at: at < end, self._moments(start, last)))

    def upcoming(self, after: datetime, count: int) -> list[datetime]:
        """The first so many moments at or after `after`, fewer when there are no more within `SEARCH_DAYS`."""
        day = max(after, self.begins()).astimezone(self.zone).date()
        return list(islice(self._moments(after, day + timedelta(days=SEARCH_DAYS)), count))

    def first(self, after: datetime) -> datetime | None:
        """The first moment at or after `after`; None when there is none within `SEARCH_DAYS`."""
        return next(iter(self.upcoming(after, 1)), None)

    def ever(self) -> bool:
        """Whether it falls on any day at all."""
        return self.first(self.begins()) is not None

    def begins(self) -> datetime:
        """A moment before which it never falls, in UTC."""
        return day_begins(min([self.first_day, *(pick.day for pick in self.added)]), self.zone)

    def local_days(self, early: date, last: date) -> Iterator[Day]:
        """The local days from `early` to `last` with their times as the clock shows them, each day once, in order.

        With what was added, and without the whole days that were removed.
        """
        own = self._planned(early, last)
        gone = {pick.day for pick in self.removed if not pick.time}
        if not self.added and self.on_holidays is not OnHolidays.BEFORE:
            # Each day is there once already, and most rules are such.
            return (day for day in own if day[0] not in gone)
        by_day = itemgetter(0)
        added = sorted((pick.day, {parse_time(pick.time)} if pick.time else set(self._hours)) for pick in self.added)
        extra = (day for day in added if early <= day[0] <= last)
        return (
            (day, set[time]().union(*(times for _, times in same)))
            for day, same in groupby(merge(own, extra, key=by_day), key=by_day)
            if day not in gone
        )

    def each_time(self, after: datetime) -> dict[str, datetime]:
        """Each local time of day it falls on, "HH:MM", with the first moment at or after `after` that has it.

        The hours a rule names itself are read off its next `MAX_PICKS` moments.
        """
        if not self.names_hours and not any(pick.time for pick in self.added):
            ones = ((text, replace(self, times=(text,)).first(after)) for text in self.times)
            return {text: at for text, at in ones if at is not None}
        found: dict[str, datetime] = {}
        for at in self.upcoming(after, MAX_PICKS):
            found.setdefault(f"{at.astimezone(self.zone):%H:%M}", at)
        return found

    def _moments(self, after: datetime, last: date) -> Iterator[datetime]:
        """From `after` to the end of a local day, in order, each once."""
        ordered = self._ordered(after.astimezone(self.zone).date() - _A_DAY, last)
        gone = {moment(pick.day, parse_time(pick.time), self.zone) for pick in self.removed if pick.time}
        previous: datetime | None = None
        for at in ordered:
            if at >= after and at != previous and at not in gone:
                yield at
            previous = at

    def _ordered(self, early: date, last: date) -> Iterator[datetime]:
        # `early` is a day before: a time in a gap moves forward, possibly past midnight and times of the next day.
        waiting: list[datetime] = []
        for day, times in self.local_days(early, last):
            found = sorted([moment(day, at, self.zone) for at in times])
            if waiting and waiting[-1] >= found[0]:
                first = found[0]
                yield from (at for at in waiting if at < first)
                found = sorted([*found, *(at for at in waiting if at >= first)])
            else:
                yield from waiting
            waiting = found
        yield from waiting

    def _planned(self, early: date, last: date) -> Iterator[Day]:
        """The rule's own days from `early` on, as the holidays leave or move them."""
        if self.on_holidays is OnHolidays.ANY:
            return self._pattern_days(early, last)
        if self.on_holidays is OnHolidays.BEFORE:
            found = self._pattern_days(early, self.holidays.end_of_row(last))
            moved = ((self.holidays.day_before(day), times) for day, times in found)
            return (day for day in moved if day[0] >= self.first_day)
        keeps = {
            OnHolidays.SKIP: lambda day: day not in self.holidays,
            OnHolidays.ONLY: self.holidays.__contains__,
            OnHolidays.EVE: self.holidays.is_eve,
        }[self.on_holidays]
        return ((day, times) for day, times in self._pattern_days(early, last) if keeps(day))

    def _pattern_days(self, early: date, last: date) -> Iterator[Day]:
        until = last if self.last_day is None else min(last, self.last_day)
        times = set(self._hours)
        if self.pattern is not None:
            return ((day, times) for day in self.pattern.days(max(early, self.first_day), until))
        if not self.rrule:
            return iter([(self.first_day, times)] if early <= self.first_day <= until else [])
        found = self._falling.times(early, until)
        if self.names_hours:
            by_day = groupby(found, key=datetime.date)
            return ((day, {at.time() for at in same}) for day, same in by_day)
        return ((at.date(), times) for at in found)


def most_a_day(moments: list[datetime], zone: ZoneInfo) -> int:
    """The most moments on one local day."""
    days = (list(same) for _, same in groupby(moments, key=lambda at: at.astimezone(zone).date()))
    return max((len(same) for same in days), default=0)
