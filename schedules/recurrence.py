"""From a rule and times of day to moments: RFC 5545 rules of days in a local zone, as UTC (pure).

Days come from the rule, times of day from the schedule, so a rule that names hours is refused. A local time that a
zone change skips moves forward by the gap, and one that happens twice is taken the first time (RFC 5545, 3.3.5).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule as DateRule  # noqa: N812 - it is a class, named in lower case there
from dateutil.rrule import rrulestr

from base.errors import Refused

MAX_TIMES = 24
SEARCH_DAYS = 41 * 366
"""How far ahead a rule must fall on some day: 29 February on a given weekday can be 40 years away (1872 and 1912,
2072 and 2112), and nobody plans beyond that."""

LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_NUMBERS = {"INTERVAL": 1_000, "COUNT": 10_000}
_LISTS = {"BYMONTHDAY": 31, "BYMONTH": 12, "BYSETPOS": 366, "BYYEARDAY": 366, "BYWEEKNO": 53}
"""RFC 5545 allows these numbers and, but for months, their negatives, which count from the end."""
_ONLY_WITH = {
    "BYYEARDAY": {"YEARLY"},
    "BYWEEKNO": {"YEARLY"},
    "BYMONTHDAY": {"DAILY", "MONTHLY", "YEARLY"},
    "BYSETPOS": {"WEEKLY", "MONTHLY", "YEARLY"},
}
"""RFC 5545, 3.3.10: which part has a meaning in which frequency (a day's set has one member, so no position)."""
_WEEKDAYS = {"BYDAY", "WKST"}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Rule:
    """When something recurs. `rrule` is empty for once, on `first_day`; `times` are local "HH:MM".

    Construction raises Refused: rule_invalid, time_wrong, times_count, days_reversed. COUNT counts days.
    """

    rrule: str
    first_day: date
    last_day: date | None
    times: tuple[str, ...]
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise Refused("schedules.days_reversed", first_day=str(self.first_day), last_day=str(self.last_day))
        _ = self._hours, self._parts
        self._dates(self.first_day)

    @cached_property
    def _hours(self) -> tuple[time, ...]:
        return tuple(parse_time(text) for text in check_times(self.times))

    @cached_property
    def _parts(self) -> dict[str, str]:
        return _read(self.rrule)

    def expand(self, start: datetime, end: datetime) -> list[datetime]:
        """The moments from `start` up to but not including `end`, in UTC, each once, in order."""
        last = end.astimezone(self.zone).date() + timedelta(days=1)
        return sorted({moment for moment in self._moments(start, last) if start <= moment < end})

    def first(self, after: datetime) -> datetime | None:
        """The first moment at or after `after`; None when there is none within `SEARCH_DAYS`."""
        day = max(self.first_day, after.astimezone(self.zone).date())
        moments = self._moments(after, day + timedelta(days=SEARCH_DAYS))
        return next((moment for moment in moments if moment >= after), None)

    def ever(self) -> bool:
        """Whether it falls on any day at all."""
        return self.first(datetime.combine(self.first_day, time(), self.zone)) is not None

    def _moments(self, after: datetime, last: date) -> Iterator[datetime]:
        # One day before: a time in a gap moves forward, possibly past midnight.
        early = after.astimezone(self.zone).date() - timedelta(days=1)
        for day in self._days(last):
            if day >= early:
                yield from sorted(self._moment(day, hour) for hour in self._hours)

    def _moment(self, day: date, hour: time) -> datetime:
        # fold=0 takes the first of two equal local times, and in a gap the offset before it, which moves it forward.
        return datetime.combine(day, hour, self.zone).astimezone(UTC)

    def _days(self, last: date) -> Iterator[date]:
        until = last if self.last_day is None else min(last, self.last_day)
        if not self.rrule:
            yield from (day for day in (self.first_day,) if day <= until)
        if not self.rrule or not _has_a_date(self._parts):
            return
        count = int(self._parts["COUNT"]) if "COUNT" in self._parts else None
        yield from (moment.date() for moment in islice(self._dates(until), count))

    def _dates(self, until: date) -> DateRule | list[datetime]:
        """The bare rule up to a day. dateutil ends at the first date past it, so a rule without any runs to year 9999:
        `_has_a_date` and `_ONLY_WITH` keep out those that would take seconds.
        """
        if not self.rrule:
            return []
        # COUNT is counted here because RFC 5545 and dateutil forbid it together with UNTIL.
        parts = {name: value for name, value in self._parts.items() if name != "COUNT"}
        text = ";".join(f"{name}={value}" for name, value in parts.items())
        start = datetime.combine(self.first_day, time())
        try:
            rule = rrulestr(f"RRULE:{text};UNTIL={until:%Y%m%d}T235959", dtstart=start)
        except (ValueError, TypeError, AttributeError, IndexError) as error:
            raise Refused("schedules.rule_invalid", rule=self.rrule, part=str(error)[:80]) from error
        assert isinstance(rule, DateRule)
        return rule


def expand(
    rrule: str,
    first_day: date,
    last_day: date | None,
    times: Sequence[str],
    zone: ZoneInfo,
    *,
    start: datetime,
    end: datetime,
) -> list[datetime]:
    """`Rule.expand` for plain values."""
    return Rule(rrule, first_day, last_day, tuple(times), zone).expand(start, end)


def check_times(times: Sequence[str]) -> tuple[str, ...]:
    """The times in order, each once. Raises Refused."""
    if not 1 <= len(times) <= MAX_TIMES:
        raise Refused("schedules.times_count", limit=MAX_TIMES)
    for text in times:
        parse_time(text)
    return tuple(sorted(set(times)))


def parse_time(text: str) -> time:
    """A local time of day from "HH:MM". Raises Refused("schedules.time_wrong")."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Refused("schedules.time_wrong", time=text[:20])
    return time(int(found[1]), int(found[2]))


def _read(rrule: str) -> dict[str, str]:
    """The parts of a rule of days, checked as far as dateutil does not. Raises Refused("schedules.rule_invalid")."""
    if not rrule:
        return {}
    pairs = [part.partition("=") for part in rrule.upper().removeprefix("RRULE:").split(";")]
    parts = {name: value for name, _, value in pairs}
    for name, value in parts.items():
        if not _is_good(name, value):
            raise Refused("schedules.rule_invalid", rule=rrule, part=f"{name}={value}"[:80])
    if len(parts) != len(pairs) or "FREQ" not in parts:
        raise Refused("schedules.rule_invalid", rule=rrule, part="FREQ")
    for name, frequencies in _ONLY_WITH.items():
        if name in parts and parts["FREQ"] not in frequencies:
            raise Refused("schedules.rule_invalid", rule=rrule, part=f"{name}={parts[name]}"[:80])
    # RFC 5545: "first Monday" has a meaning only within a month or a year; dateutil would pass over the number.
    if parts["FREQ"] in {"DAILY", "WEEKLY"} and any(letter.isdigit() for letter in parts.get("BYDAY", "")):
        raise Refused("schedules.rule_invalid", rule=rrule, part=f"BYDAY={parts['BYDAY']}"[:80])
    return parts


def _has_a_date(parts: Mapping[str, str]) -> bool:
    """Whether some month named has some day named: 31 February is known at once, not after 3 s of search."""
    if "BYMONTHDAY" not in parts:
        return True
    months = [int(month) for month in parts["BYMONTH"].split(",")] if "BYMONTH" in parts else range(1, 13)
    shortest = min(abs(int(day)) for day in parts["BYMONTHDAY"].split(","))
    return any(shortest <= LONGEST_MONTHS[month - 1] for month in months)


def _is_good(name: str, value: str) -> bool:
    if name in _NUMBERS:
        # Zero would make dateutil run for ever.
        return _is_number(value, _NUMBERS[name], signed=False)
    if name in _LISTS:
        return all(_is_number(item, _LISTS[name], signed=name != "BYMONTH") for item in value.split(","))
    # Weekdays are dateutil's to read: it refuses what is none.
    return value in _FREQUENCIES if name == "FREQ" else name in _WEEKDAYS and value != ""


def _is_number(text: str, most: int, *, signed: bool) -> bool:
    digits = text.removeprefix("-") if signed else text
    return digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= most
