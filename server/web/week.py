"""The week: every occurrence by hour and day, in layers, with what is to be said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from schedules.marks import Mark, layer
from schedules.pauses import Silence
from schedules.timetable import Days
from schedules.weeks import monday_of
from server.auth.permissions import Permission
from server.i18n import formats
from server.web import repository
from server.web.calendar_view import DayName, asked_day, day_name, scope_of, span_of
from server.web.marks import CLASS_SYMBOLS, MARKS, called_off, href_of, layer_words, pause_words, tone_of
from server.web.page import Page, ViewPage
from server.web.week_table import MOST_LETTERS, MOST_MARKS, Cell, Shown, cells

router = APIRouter(include_in_schema=False)

DAYS = 7
_A_WEEK = timedelta(days=DAYS)


@dataclass(frozen=True, slots=True)
class Band:
    """A pause as a day's head shows it. hours: from when to when on that day; empty: all of it."""

    words: str
    hours: str


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the table."""

    name: DayName
    weekday: str
    date: str
    bands: Sequence[Band]
    cells: Sequence[Cell]
    empty: bool


@router.get("/programme")
async def week(page: ViewPage) -> HTMLResponse:
    """The week a day lies in, of the commune, a village or a cluster."""
    monday = monday_of(asked_day(page, "from"))
    start, end = span_of(page, monday, DAYS)
    async with page.runtime.database.reading() as session:
        scope = await scope_of(page, session)
        found = await page.runtime.programme.timetable.look(session, scope.ground, start, end, scope.among)
        names = await repository.place_and_zone_names(session, page.place.id) if found.silences else {}
    days = [monday + timedelta(days=n) for n in range(DAYS)]
    hours, table = cells(shown_in(page, found), days, scope.ground.allowance, page.zone)
    names |= {cluster.id: cluster.name for cluster in scope.ground.clusters}
    return page.html(
        "programme/week.html",
        columns=[_column(page, found, names, day, table[day]) for day in days],
        hours=hours,
        scope=scope,
        monday=monday,
        sunday=days[-1],
        number=monday.isocalendar().week,
        before=monday - _A_WEEK,
        after=monday + _A_WEEK,
        today_here=monday <= page.today < monday + _A_WEEK,
        told=[(MARKS[mark], count) for mark, count in told_marks(found)],
        total=len(found.entries),
        cut=found.cut,
        rules=scope.ground.rules,
        symbols=CLASS_SYMBOLS,
    )


def shown_in(page: Page, found: Days) -> list[Shown]:
    """The occurrences as cells show them; words that many have are looked up once."""
    told = {mark: (sign.symbol, page.gettext(sign.word), sign.tone) for mark, sign in MARKS.items()}
    layers: dict[tuple[int, int], str] = {}
    places = {entry.row.place_id for entry in found.entries}
    open_here = {place_id for place_id in places if page.me.can(Permission.VIEW, place_id)}
    shown: list[Shown] = []
    for entry in found.entries:
        row = entry.row
        key = layer(row.play_class, row.level, row.start_at)
        if key[:2] not in layers:
            layers[key[:2]] = layer_words(page, row)
        shown.append(
            Shown(
                start=row.start_at,
                order=key,
                id=row.id,
                href=href_of(row) if row.place_id in open_here else "",
                clock=page.clock(row.start_at),
                title=row.title if len(row.title) <= MOST_LETTERS else f"{row.title[: MOST_LETTERS - 1]}…",
                tone=tone_of(page, row),
                words=layers[key[:2]],
                marks=[told[mark] for mark in entry.marks[:MOST_MARKS]],
                reason=called_off(page, row),
            )
        )
    return shown


def told_marks(found: Days) -> list[tuple[Mark, int]]:
    """The marks that these days bear, each with how many airings bear it, the worst first."""
    counts = {mark: sum(mark in entry.marks for entry in found.entries) for mark in Mark}
    return [(mark, count) for mark, count in counts.items() if count]


def bands(page: Page, silences: Sequence[Silence], names: Mapping[str, str], day: date) -> list[Band]:
    """The pauses of a day."""
    start, end = span_of(page, day, 1)
    return [
        Band(pause_words(page, each, names), _hours_of(page, each, start, end))
        for each in silences
        if each.pause.start < end and start < each.pause.end
    ]


def _hours_of(page: Page, silence: Silence, start: datetime, end: datetime) -> str:
    low, high = max(silence.pause.start, start), min(silence.pause.end, end)
    if (low, high) == (start, end):
        return ""
    return f"{page.clock(low)}–{'24:00' if high == end else page.clock(high)}"


def _column(page: Page, found: Days, names: Mapping[str, str], day: date, here: Sequence[Cell]) -> Column:
    return Column(
        name=day_name(page, found.ground, day),
        weekday=formats.day_of_week(day, page.locale),
        date=f"{day.day}/{day.month}",
        bands=bands(page, found.silences, names, day),
        cells=here,
        empty=not any(cell.shown for cell in here),
    )
