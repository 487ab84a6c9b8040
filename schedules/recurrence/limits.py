"""Which days a rule's BY… parts leave, with what it does not say taken from its start (pure; RFC 5545, 3.3.10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from schedules.recurrence.rfc5545 import WEEKDAYS, Parts, numbers, weekdays


@dataclass(frozen=True, slots=True)
class Limits:
    """Empty: every one. `weekdays`: weekday (Monday 0) → which of its kind in a month or year, 0 for all."""

    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    week_starts: int
    weekdays: Mapping[int, frozenset[int]]
    of_year: bool

    def fitting(self, first: date, last: date) -> list[date]:
        """The days from `first` to `last` inclusive that fit."""
        days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
        return [day for day in days if self.fits(day)]

    def fits(self, day: date) -> bool:
        """Whether no part denies a day."""
        return (
            (not self.months or day.month in self.months)
            and (not self.weekdays or self._is_weekday(day))
            and (not self.month_days or not self.month_days.isdisjoint(_both_ends(day.day, _days_in_month(day))))
            and (not self.year_days or not self.year_days.isdisjoint(_both_ends(_of_year(day), _days_in_year(day))))
            and (not self.weeks or not self.weeks.isdisjoint(_week(day, self.week_starts)))
        )

    def _is_weekday(self, day: date) -> bool:
        which = self.weekdays.get(day.weekday())
        if which is None or 0 in which:
            return which is not None
        place, length = (_of_year(day), _days_in_year(day)) if self.of_year else (day.day, _days_in_month(day))
        return not which.isdisjoint(((place - 1) // 7 + 1, -((length - place) // 7 + 1)))


def compiled(parts: Parts, start: date) -> Limits:
    """The limits of a rule that begins on a day."""
    said = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys()
    months, month_days = numbers(parts, "BYMONTH"), numbers(parts, "BYMONTHDAY")
    chosen: dict[int, set[int]] = {}
    for which, letters in weekdays(parts):
        chosen.setdefault(WEEKDAYS.index(letters), set()).add(which)
    if parts["FREQ"] in {"MONTHLY", "YEARLY"} and not said:
        month_days = [start.day]
        months = months or ([start.month] if parts["FREQ"] == "YEARLY" else [])
    elif (parts["FREQ"] == "WEEKLY" and not said) or said == {"BYWEEKNO"}:
        chosen = {start.weekday(): {0}}
    return Limits(
        months=frozenset(months),
        month_days=frozenset(month_days),
        year_days=frozenset(numbers(parts, "BYYEARDAY")),
        weeks=frozenset(numbers(parts, "BYWEEKNO")),
        week_starts=WEEKDAYS.index(parts.get("WKST", "MO")),
        weekdays={weekday: frozenset(which) for weekday, which in chosen.items()},
        of_year=parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts,
    )


def week_begins(day: date, week_starts: int) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=(day.weekday() - week_starts) % 7)


def _week(day: date, week_starts: int) -> tuple[int, int]:
    """The number of a day's week from the front and the back of the year that most of its days lie in."""
    begins = week_begins(day, week_starts)
    year = (begins + timedelta(days=3)).year
    # The fourth of January lies in the first week, whatever day the weeks begin with.
    first, following = (week_begins(date(at, 1, 4), week_starts) for at in (year, year + 1))
    return _both_ends((begins - first).days // 7 + 1, (following - first).days // 7)


def _both_ends(place: int, length: int) -> tuple[int, int]:
    return place, place - length - 1


def _of_year(day: date) -> int:
    return day.timetuple().tm_yday


def _days_in_year(day: date) -> int:
    return _of_year(date(day.year, 12, 31))


def _days_in_month(day: date) -> int:
    following = date(day.year, day.month, 28) + timedelta(days=4)
    return 28 + 4 - following.day
