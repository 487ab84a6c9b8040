"""What one cluster will hear on a day: by the very code that its speaker runs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from base.times import from_ms
from devices.wire.rehearsal import Heard, Rehearsal
from devices.wire.reports import ReceiptState
from schedules.marks import Mark
from schedules.repository.timetable import OccurrenceRow
from schedules.timetable import Days
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.calendar_view import asked_day, day_name, span_of
from server.web.marks import MARKS, called_off, href_of, layer_words
from server.web.page import Page, ViewPage
from server.web.reasons import reason_text
from server.web.signs import Sign
from server.web.week import bands

router = APIRouter(include_in_schema=False)

STATES = {
    ReceiptState.PLAYED: Sign("✓", N_("to its end"), "ok"),
    ReceiptState.INTERRUPTED: Sign("▲", N_("broken off"), "late"),
    ReceiptState.PREEMPTED: Sign("✕", N_("dropped for something more urgent"), "late"),
    ReceiptState.MISSED: Sign("✕", N_("not heard"), "bad"),
}
GIVES_WAY = Sign("‖", N_("gives way"), "plan")
SILENT = Sign("✕", N_("not heard"), "bad")
PAUSED = Sign("‖", N_("left in peace"), "plan")
NOT_APPROVED = MARKS[Mark.NOT_APPROVED]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of sound. words: class and level where they are not ordinary; waits: it is not approved yet."""

    begins: str
    ends: str
    title: str
    href: str
    words: str
    sign: Sign
    waits: bool
    past: bool


@dataclass(frozen=True, slots=True)
class Unheard:
    """What is planned for it and not heard, and why."""

    at: str
    title: str
    href: str
    sign: Sign
    why: str


@router.get("/clusters/{cluster_id}/hear")
async def hear(page: ViewPage, cluster_id: str) -> HTMLResponse:
    """A local day of a cluster; `day` says which."""
    day = asked_day(page, "day")
    async with page.runtime.database.reading() as session:
        view = await page.runtime.devices.cluster(session, cluster_id)
        commune_id = view.cluster.commune_id
        page.me.require(Permission.VIEW, commune_id)
        timetable = page.runtime.programme.timetable
        ground = await timetable.ground(session, commune_id)
        start, end = span_of(page, day, 1)
        found = await timetable.look(session, ground, start, end, frozenset({cluster_id}))
        rehearsed = await page.runtime.programme.hear(session, cluster_id, day)
        names = await _names(session, commune_id, view.cluster.name, cluster_id)
    rows = {entry.row.id: entry.row for entry in found.entries}
    waiting = {entry.row.id for entry in found.entries if Mark.NOT_APPROVED in entry.marks}
    stretches = [
        _stretch(page, each, rows[each.occurrence], (start, end), waits=each.occurrence in waiting)
        for each in rehearsed.heard
        if each.occurrence in rows
    ]
    return page.html(
        "programme/hear.html",
        it=view,
        name=day_name(page, ground, day),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        stretches=stretches,
        unheard=_unheard(page, rehearsed, found, cluster_id, day),
        bands=bands(page, found.silences, names, day),
        sounds_ms=_sounds_ms(rehearsed, waiting, start, end),
        waiting=NOT_APPROVED,
    )


async def _names(session: AsyncSession, commune_id: str, name: str, cluster_id: str) -> dict[str, str]:
    return await repository.place_and_zone_names(session, commune_id) | {cluster_id: name}


def _stretch(page: Page, heard: Heard, row: OccurrenceRow, span: tuple[datetime, datetime], *, waits: bool) -> Stretch:
    (start, end), low, high = span, from_ms(heard.from_ms), from_ms(heard.to_ms)
    return Stretch(
        begins=page.clock(max(low, start), seconds=True),
        ends="24:00" if high >= end else page.clock(high, seconds=True),
        title=row.title,
        href=_href(page, row),
        words=layer_words(page, row),
        sign=GIVES_WAY if heard.state is None else STATES.get(heard.state, SILENT),
        waits=waits,
        past=high < page.now,
    )


def _unheard(page: Page, rehearsed: Rehearsal, found: Days, cluster_id: str, day: date) -> list[Unheard]:
    """Those that never sound, those it is left in peace from, and those that are called off; in order of time."""
    silent = {occurrence: reason for occurrence, _, reason in rehearsed.silent}
    shown: list[Unheard] = []
    for entry in found.entries:
        row, why, sign = entry.row, called_off(page, entry.row), Sign("–", N_("called off"), "off")
        if not why and row.id in silent:
            why, sign = reason_text(page, silent[row.id]), SILENT
        elif not why and cluster_id in entry.paused:
            why, sign = page.gettext(N_("a pause")), PAUSED
        if why and page.local(row.start_at).date() == day:
            shown.append(Unheard(page.clock(row.start_at), row.title, _href(page, row), sign, why))
    return shown


def _sounds_ms(rehearsed: Rehearsal, waiting: set[str], start: datetime, end: datetime) -> int:
    """How long it sounds within the day, in milliseconds, of what is approved."""
    sounding = [
        min(from_ms(each.to_ms), end) - max(from_ms(each.from_ms), start)
        for each in rehearsed.heard
        if each.occurrence not in waiting
    ]
    return sum(sounding, timedelta()) // timedelta(milliseconds=1)


def _href(page: Page, row: OccurrenceRow) -> str:
    return href_of(row) if page.me.can(Permission.VIEW, row.place_id) else ""
