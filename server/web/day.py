"""One day of the programme: exactly what is heard when and where, in layers, and what meets what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from schedules.dispatch import read_audience
from schedules.marks import Mark
from schedules.models import OccurrenceState
from schedules.repository.timetable import OccurrenceRow
from schedules.timetable import Days, Entry
from server.auth.permissions import Permission
from server.web import audience, repository
from server.web.calendar_view import asked_day, day_name, scope_of, span_of
from server.web.day_notes import Note, notes_of
from server.web.marks import CLASS_SYMBOLS, called_off, href_of, tone_of
from server.web.page import Page, ViewPage
from server.web.reach import Reach, reach_of
from server.web.signs import Sign, occurrence_sign
from server.web.week import bands

router = APIRouter(include_in_schema=False)

ROWS = 50
MINUTE = timedelta(minutes=1)
DAY_MIN = 1_440
THINNEST_MIN = 4
"""A shorter airing could not be seen on the line of a day."""


@dataclass(frozen=True, slots=True)
class Line:
    """An airing of the day. anchor: the hour it is the first of; href: empty for what is another place's.

    says_why: the reason is in none of its notes.
    """

    row: OccurrenceRow
    reach: Reach
    sign: Sign
    past: bool
    tone: str
    ends: str
    anchor: str
    where: str
    href: str
    reason: str
    says_why: bool
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Lane:
    """A layer of the day as a line. bars: begin and length of its airings, in minutes of the day."""

    play_class: int
    bars: Sequence[tuple[int, int]]


@router.get("/programme/day")
async def day_page(page: ViewPage) -> HTMLResponse:
    """A day of the commune, a village or a cluster; `hour` opens the page on which that hour begins."""
    day = asked_day(page, "day")
    start, end = span_of(page, day, 1)
    async with page.runtime.database.reading() as session:
        scope = await scope_of(page, session)
        found = await page.runtime.programme.timetable.look(session, scope.ground, start, end, scope.among)
        number = _page_number(page, found.entries)
        names = await repository.place_and_zone_names(session, page.place.id)
        names |= {cluster.id: cluster.name for cluster in scope.ground.clusters}
        lines = await _lines(page, session, found, found.entries[number * ROWS : (number + 1) * ROWS], names)
    return page.html(
        "programme/day.html",
        scope=scope,
        name=day_name(page, scope.ground, day),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        bands=bands(page, found.silences, names, day),
        lines=lines,
        lanes=lanes(found.entries, start),
        shut=_shut(found.ground.allowance.on(day).hours.spans),
        rules=found.ground.allowance.on(day).hours,
        number=number,
        pages=-(-len(found.entries) // ROWS),
        total=len(found.entries),
        symbols=CLASS_SYMBOLS,
    )


async def _lines(
    page: Page, session: AsyncSession, found: Days, entries: Sequence[Entry], names: dict[str, str]
) -> list[Line]:
    counts = await page.runtime.devices.delivery_counts(session, [entry.row.id for entry in entries])
    teller = _Teller(page, found, {entry.row.id: entry.row for entry in found.entries}, names)
    hours = [page.local(entry.row.start_at).hour for entry in entries]
    firsts = {hours.index(hour): f"h{hour}" for hour in set(hours)}
    return [
        teller.line(entry, reach_of(counts.get(entry.row.id)), firsts.get(at, "")) for at, entry in enumerate(entries)
    ]


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts the airings of a day into words. rows: all of them by id; names: of villages, zones and clusters."""

    page: Page
    found: Days
    rows: Mapping[str, OccurrenceRow]
    names: dict[str, str]

    def line(self, entry: Entry, reach: Reach, anchor: str) -> Line:
        page, row = self.page, entry.row
        return Line(
            row=row,
            reach=reach,
            sign=occurrence_sign(row, sounding=reach.sounding > 0, settled=reach.settled),
            past=row.ends_at < page.now,
            tone=tone_of(page, row),
            ends=_ends(page, row),
            anchor=anchor,
            where=audience.describe(page, self.names, read_audience(row.audience)),
            href=href_of(row) if page.me.can(Permission.VIEW, row.place_id) else "",
            reason=called_off(page, row),
            says_why=Mark.NOT_PERMITTED not in entry.marks,
            notes=notes_of(page, self.found, entry, self.rows),
        )


def _ends(page: Page, row: OccurrenceRow) -> str:
    """When it is over; nothing for what is over within its minute, or has no sound yet."""
    ends = page.clock(row.ends_at)
    return "" if ends == page.clock(row.start_at) else ends


def lanes(entries: Sequence[Entry], start: datetime) -> list[Lane]:
    """The layers of a day that have anything in them, the highest first."""
    found: dict[int, list[tuple[int, int]]] = {}
    for entry in entries:
        if entry.row.state is not OccurrenceState.CANCELLED and entry.clusters:
            found.setdefault(entry.row.play_class, []).append(_bar(entry.row, start))
    return [Lane(play_class, found[play_class]) for play_class in sorted(found, reverse=True)]


def _bar(row: OccurrenceRow, start: datetime) -> tuple[int, int]:
    low = max(0, (row.start_at - start) // MINUTE)
    high = min(DAY_MIN, -(-(row.ends_at - start) // MINUTE))
    return min(low, DAY_MIN - THINNEST_MIN), max(high - low, THINNEST_MIN)


def _shut(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Begin and length of what lies between the permitted spans of a day, in minutes."""
    if not spans:
        return []
    edges = [0, *(edge for span in sorted(spans) for edge in span), DAY_MIN]
    return [(low, high - low) for low, high in zip(edges[::2], edges[1::2], strict=True) if high > low]


def _page_number(page: Page, entries: Sequence[Entry]) -> int:
    """Which fifty of the day are asked for: by number, or by the hour they are to begin with."""
    asked = page.request.query_params
    last = max(0, (len(entries) - 1) // ROWS)
    if (number := asked.get("page", "")).isascii() and number.isdigit() and len(number) < 4:
        return min(int(number), last)
    if (hour := asked.get("hour", "")).isascii() and hour.isdigit() and len(hour) < 3:
        before = sum(page.local(entry.row.start_at).hour < int(hour) for entry in entries)
        return min(before // ROWS, last)
    return 0
