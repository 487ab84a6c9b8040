"""A rule as the properties of RFC 5545 that say the same, as far as they can (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from schedules.recurrence import SEARCH_DAYS, EveryDays, OnHolidays, Rule, parse_time
from schedules.recurrence.times import Pick

MAX_LISTED = 1_000
"""Days that no standard rule says are listed one by one, at most so many."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One VEVENT: its start, its rule (empty for none), further and left out starts, all by the rule's clock."""

    start: datetime
    rrule: str
    dates: tuple[datetime, ...] = ()
    exceptions: tuple[datetime, ...] = ()


def render(rule: Rule, through: date) -> list[Rendered]:
    """The events that together fall when the rule does, one for each time of day.

    Lunar days, markets by branches and what looks at holidays are listed up to the day `through`. Empty when the rule
    falls on no day at all.
    """
    if not _is_standard(rule):
        starts = list(islice(_locals(rule, rule.first_day, through), MAX_LISTED))
        return [Rendered(starts[0], "", tuple(starts[1:]))] if starts else []
    made = [_at_one_time(rule, at, leads=place == 0) for place, at in enumerate(rule.times)]
    return [rendered for rendered in made if rendered is not None]


def _is_standard(rule: Rule) -> bool:
    plain = rule.pattern is None or isinstance(rule.pattern, EveryDays)
    return plain and rule.on_holidays is OnHolidays.ANY and not ("COUNT" in rule.parts and rule.last_day)


def _at_one_time(rule: Rule, at: str, *, leads: bool) -> Rendered | None:
    """What falls at one of the times of day; the first of them (`leads`) also takes the single times of no other."""
    bare = replace(rule, times=(at,), added=(), removed=())
    begins = next(_locals(bare, rule.first_day, rule.first_day + timedelta(days=SEARCH_DAYS)), None)
    mine = [pick for pick in rule.added if pick.time in {"", at} or (leads and pick.time not in rule.times)]
    added = sorted({_local(pick.day, parse_time(pick.time or at), rule) for pick in mine if _stays(pick, at, rule)})
    if begins is None:
        return Rendered(added[0], "", tuple(added[1:])) if added else None
    gone = {exception for pick in rule.removed for exception in _without(bare, pick)}
    return Rendered(begins, _rrule(rule), tuple(day for day in added if day != begins), tuple(sorted(gone)))


def _stays(pick: Pick, at: str, rule: Rule) -> bool:
    """Whether a day that was added was not removed again."""
    return {Pick(pick.day), Pick(pick.day, pick.time or at)}.isdisjoint(rule.removed)


def _without(bare: Rule, pick: Pick) -> Iterator[datetime]:
    """The starts that a removed day or time takes away."""
    return (at for at in _locals(bare, pick.day, pick.day) if pick.time in {"", f"{at:%H:%M}"})


def _rrule(rule: Rule) -> str:
    if isinstance(rule.pattern, EveryDays):
        text = f"FREQ=DAILY;INTERVAL={rule.pattern.every}"
    else:
        text = rule.rrule.upper().removeprefix("RRULE:")
    if rule.last_day is None or not text:
        return text
    last = _local(rule.last_day, time(23, 59, 59), rule).astimezone(UTC)
    return f"{text};UNTIL={last:%Y%m%dT%H%M%SZ}"


def _locals(rule: Rule, first: date, last: date) -> Iterator[datetime]:
    singles = {(pick.day, pick.time) for pick in rule.removed if pick.time}
    for day, times in rule.local_days(min([first, *(pick.day for pick in rule.added)]), last):
        kept = (at for at in sorted(times) if (day, f"{at:%H:%M}") not in singles)
        yield from (_local(day, at, rule) for at in kept)


def _local(day: date, at: time, rule: Rule) -> datetime:
    return datetime.combine(day, at, rule.zone)
