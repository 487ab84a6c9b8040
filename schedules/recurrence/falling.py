"""The local times an RFC 5545 rule falls on, period by period, never further than asked (pure).

Hours and minutes go by the clock: over a zone change "every two hours" stays with the even hours, as everybody in the
village expects.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import dropwhile, islice, product

from schedules.recurrence.limits import Limits, compiled, week_begins
from schedules.recurrence.rfc5545 import SUB_DAILY, WEEKDAYS, Parts, numbers

_DAY_MINUTES = 24 * 60
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Falling:
    """A rule that begins at a local `start` (without zone, whole minutes)."""

    parts: Parts
    start: datetime

    def times(self, early: date, until: date) -> Iterator[datetime]:
        """Those from `early` to the end of the day `until`, in order. COUNT counts from `start`."""
        count = int(self.parts["COUNT"]) if "COUNT" in self.parts else None
        begin = self.start.date() if count is not None else max(early, self.start.date())
        found = dropwhile(lambda at: at < self.start, self._from(begin, until))
        low, high = datetime.combine(early, time.min), datetime.combine(until, time.max)
        return (at for at in islice(found, count) if low <= at <= high)

    def _from(self, begin: date, until: date) -> Iterator[datetime]:
        """From the period of `begin` on."""
        if self.parts["FREQ"] in SUB_DAILY:
            yield from self._by_minutes(begin, until)
            return
        for days in self._periods(begin, until):
            times = [datetime.combine(day, at) for day, at in product(days, self._hours)]
            yield from self._placed(times)

    @cached_property
    def _steps(self) -> int:
        return int(self.parts.get("INTERVAL", 1))

    @cached_property
    def _limits(self) -> Limits:
        return compiled(self.parts, self.start.date())

    @cached_property
    def _hours(self) -> list[time]:
        """The times of each day, where the period is a day or longer."""
        hours = numbers(self.parts, "BYHOUR") or [self.start.hour]
        minutes = numbers(self.parts, "BYMINUTE") or [self.start.minute]
        return sorted({time(hour, minute) for hour, minute in product(hours, minutes)})

    @cached_property
    def _places(self) -> list[int]:
        return numbers(self.parts, "BYSETPOS")

    def _periods(self, begin: date, until: date) -> Iterator[list[date]]:
        match self.parts["FREQ"]:
            case "YEARLY":
                for year in range(
                    begin.year - (begin.year - self.start.year) % self._steps, until.year + 1, self._steps
                ):
                    yield self._fitting(date(year, 1, 1), date(year, 12, 31))
            case "MONTHLY":
                first = _month(begin) - (_month(begin) - _month(self.start)) % self._steps
                for month in range(first, _month(until) + 1, self._steps):
                    yield self._fitting(_first_of(month), _first_of(month + 1) - _A_DAY)
            case "WEEKLY":
                yield from self._weeks(begin, until)
            case _:
                passed = (begin - self.start.date()).days % self._steps
                for day in _every(begin - timedelta(days=passed), until, self._steps):
                    yield [day] if self._limits.fits(day) else []

    def _weeks(self, begin: date, until: date) -> Iterator[list[date]]:
        starts = WEEKDAYS.index(self.parts.get("WKST", "MO"))
        zero, first = week_begins(self.start.date(), starts), week_begins(begin, starts)
        passed = (first - zero).days % (7 * self._steps)
        for week in _every(first - timedelta(days=passed), until, 7 * self._steps):
            yield self._fitting(week, week + timedelta(days=6))

    def _fitting(self, first: date, last: date) -> list[date]:
        return self._limits.fitting(first, last)

    def _placed(self, members: list[datetime]) -> list[datetime]:
        """Those that BYSETPOS counts out of a period, from the front or the back."""
        if not self._places:
            return members
        wanted = {place - 1 if place > 0 else len(members) + place for place in self._places}
        return [member for place, member in enumerate(members) if place in wanted]

    def _by_minutes(self, begin: date, until: date) -> Iterator[datetime]:
        # Steps fall on the same minutes again after as many days as there are steps.
        if not any(self._minutes(self.start.date() + day * _A_DAY) for day in range(1, self._steps + 1)):
            return
        for day in _every(begin, until, 1):
            if self._limits.fits(day):
                yield from (datetime.combine(day, time(*divmod(minute, 60))) for minute in self._minutes(day))

    def _minutes(self, day: date) -> list[int]:
        """The minutes since midnight of a day, whatever its date, that the steps from `start` fall on."""
        passed = (day - self.start.date()).days * _DAY_MINUTES
        hours = set(numbers(self.parts, "BYHOUR")) or set(range(24))
        if self.parts["FREQ"] == "MINUTELY":
            allowed = set(numbers(self.parts, "BYMINUTE")) or set(range(60))
            first = (self.start.hour * 60 + self.start.minute - passed) % self._steps
            steps = range(first, _DAY_MINUTES, self._steps)
            return [at for at in steps if at // 60 in hours and at % 60 in allowed]
        first = (self.start.hour - passed // 60) % self._steps
        within = self._within_hour
        return [hour * 60 + minute for hour in range(first, 24, self._steps) if hour in hours for minute in within]

    @cached_property
    def _within_hour(self) -> list[int]:
        minutes = sorted(set(numbers(self.parts, "BYMINUTE"))) or [self.start.minute]
        return [at.minute for at in self._placed([self.start.replace(minute=minute) for minute in minutes])]


def _every(first: date, last: date, steps: int) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1, steps))


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
