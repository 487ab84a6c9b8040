"""A week laid out as hours by days: what stands in which cell, what is folded away, where nothing may sound (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedules.allowances import Allowance

MOST_IN_CELL = 4
"""More than this in one hour is folded into a number that leads to the day."""
MOST_IN_WEEK = 350
"""Above it cells are folded earlier, to `LEAST_IN_CELL`: the page has to stay light on a weak link."""
LEAST_IN_CELL = 2
MOST_MARKS = 2
"""Of one airing in a cell: the worst; its page and the day say the rest."""
MOST_LETTERS = 56
"""Of a title in a cell."""
DAYTIME = range(5, 21)
"""The hours that are shown where none are set and nothing is planned."""
MINUTES = 60
Spans = Sequence[tuple[int, int]]


class Shown(NamedTuple):
    """An airing as a cell shows it; order: the least is kept when a cell is too full."""

    start: datetime
    order: tuple[int, int, datetime]
    id: str
    href: str
    clock: str
    title: str
    tone: str
    words: str
    marks: Sequence[tuple[str, str, str]]
    reason: str


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of a day. open: "open", "part" or "shut" by the permitted hours; more: how many are folded away."""

    hour: int
    open: str
    shown: Sequence[Shown]
    more: int


def cells(
    shown: Iterable[Shown], days: Sequence[date], allowance: Allowance, zone: ZoneInfo
) -> tuple[range, Mapping[date, Sequence[Cell]]]:
    """The hours that the table shows, and its cells day by day. What began before the first day stands at its head."""
    by_hour: dict[tuple[date, int], list[Shown]] = {}
    for each in shown:
        local = each.start.astimezone(zone)
        early = local.date() < days[0]
        by_hour.setdefault((days[0], 0) if early else (local.date(), local.hour), []).append(each)
    spans = {day: allowance.on(day).hours.spans for day in days}
    hours = _hours({hour for _, hour in by_hour}, spans.values())
    most = _most([len(found) for found in by_hour.values()])
    table = {
        day: [_cell(hour, _open(spans[day], hour), by_hour.get((day, hour), ()), most) for hour in hours]
        for day in days
    }
    return hours, table


def _cell(hour: int, state: str, found: Sequence[Shown], most: int) -> Cell:
    if len(found) <= most:
        return Cell(hour, state, found, 0)
    kept = {each.id for each in sorted(found, key=lambda each: each.order)[:most]}
    return Cell(hour, state, [each for each in found if each.id in kept], len(found) - most)


def _most(counts: Sequence[int]) -> int:
    for most in range(MOST_IN_CELL, LEAST_IN_CELL, -1):
        if sum(min(count, most) for count in counts) <= MOST_IN_WEEK:
            return most
    return LEAST_IN_CELL


def _hours(taken: set[int], spans: Iterable[Spans]) -> range:
    """From the first to the last hour in which something may sound or does."""
    permitted = {hour for each in spans for low, high in each for hour in range(low // MINUTES, -(-high // MINUTES))}
    hours = taken | (permitted or set(DAYTIME))
    return range(min(hours), max(hours) + 1)


def _open(spans: Spans, hour: int) -> str:
    """How much of an hour is permitted; no spans permit every hour."""
    if not spans:
        return "open"
    low, high = hour * MINUTES, (hour + 1) * MINUTES
    minutes = sum(max(0, min(high, end) - max(low, begin)) for begin, end in spans)
    return "open" if minutes >= MINUTES else "part" if minutes else "shut"
