"""The programme: the coming days, the schedules that make it, and making and ending one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from schedules.changes import ProgrammeChanged
from schedules.conflicts import Overlap
from schedules.dispatch import read_audience
from schedules.keeping import rule_of
from schedules.models import Occurrence, Schedule, ScheduleState
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import audience, repository
from server.web.page import Page, SchedulePage, ViewPage, go
from server.web.recurring import in_words
from server.web.signs import Sign
from server.web.today import Row, airings

router = APIRouter(include_in_schema=False)

DAYS = 7
ROWS = 50
NEXT = 10
CLASHES = 10
STATES = {
    ScheduleState.ACTIVE: Sign("●", N_("running"), "ok"),
    ScheduleState.ENDED: Sign("–", N_("ended"), "off"),
}


@dataclass(frozen=True, slots=True)
class DayRows:
    """A day and what plays on it."""

    day: date
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two airings that meet: the one that begins first, the other, and where."""

    first: Occurrence
    second: Occurrence
    at: datetime
    where: str
    outcome: str


@router.get("/schedules")
async def index(page: ViewPage) -> HTMLResponse:
    """Seven days of the programme and all its schedules; `from` is the day to begin with."""
    first = _first_day(page)
    start = datetime.combine(first, time(), page.zone)
    async with page.runtime.database.reading() as session:
        found = await page.runtime.programme.occurrences(
            session, page.place.id, start, start + timedelta(days=DAYS), ROWS + 1
        )
        rows = await airings(page, session, found[:ROWS])
        clashes = await _clashes(page, session, found[:ROWS], start)
        schedules = await page.runtime.programme.schedules(session, page.place.id)
    days = [
        DayRows(day, list(of_day))
        for day, of_day in groupby(rows, key=lambda row: page.local(row.occurrence.start_at).date())
    ]
    following = days[-1].day if len(found) > ROWS else first + timedelta(days=DAYS)
    shown = [
        {
            "schedule": it,
            "when": in_words(page, rule_of(it)),
            "sign": STATES[it.state],
        }
        for it in sorted(schedules, key=lambda it: it.state is ScheduleState.ENDED)[:ROWS]
    ]
    more = following.isoformat() if days else ""
    return page.html("schedules/index.html", days=days, schedules=shown, more=more, clashes=clashes)


@router.get("/schedules/{schedule_id}")
async def show(page: ViewPage, schedule_id: str) -> HTMLResponse:
    return await _show(page, schedule_id)


@router.post("/schedules/{schedule_id}/end")
async def end(page: SchedulePage, schedule_id: str) -> Response:
    """Call off everything it still had ahead."""
    programme = page.runtime.programme
    try:
        async with page.act() as act:
            it = await programme.schedule(act.session, schedule_id)
            act.require(Permission.SCHEDULE, it.place_id)
            await programme.end_schedule(act.session, schedule_id, page.me.id)
            changed = ProgrammeChanged(it.place_id, "schedule", it.id)
            await act.done("end_schedule", f"schedule/{it.id}", it.place_id, changed)
    except LoaError as error:
        return await _show(page, schedule_id, error)
    return go(f"/schedules/{schedule_id}", "ended")


async def _clashes(page: Page, session: AsyncSession, found: Sequence[Occurrence], start: datetime) -> list[Clash]:
    """The airings shown that meet, in clusters or on a transmitter, in order of time."""
    shown = {row.id: row for row in found}
    meeting = await page.runtime.programme.clashes(session, page.place.id, start, start + timedelta(days=DAYS))
    return [
        Clash(shown[each.first], shown[each.second], each.start, _where(page, each), _outcome(page, each, shown))
        for each in meeting
        if each.first in shown and each.second in shown
    ][:CLASHES]


def _where(page: Page, overlap: Overlap) -> str:
    if overlap.clusters:
        return page.ngettext("in %(num)d cluster", "in %(num)d clusters", len(overlap.clusters))
    transmitters = ", ".join(sorted(overlap.transmitters))
    return page.gettext("on transmitter %(name)s, which sends one thing at a time", name=transmitters)


def _outcome(page: Page, overlap: Overlap, shown: Mapping[str, Occurrence]) -> str:
    if overlap.wins is None:
        return page.gettext("one will wait for the other")
    return page.gettext("“%(title)s” comes first", title=shown[overlap.wins].title)


async def _show(page: Page, schedule_id: str, error: LoaError | None = None) -> HTMLResponse:
    programme = page.runtime.programme
    async with page.runtime.database.reading() as session:
        it = await programme.schedule(session, schedule_id)
        page.me.require(Permission.VIEW, it.place_id)
        about = (await page.runtime.announcements.get(session, it.announcement_id)).announcement
        rows = await _next(page, session, it)
        names = await repository.place_and_zone_names(session, it.place_id)
    return page.html(
        "schedules/show.html",
        error=error,
        it=it,
        announcement=about,
        state_sign=STATES[it.state],
        when=in_words(page, rule_of(it)),
        where=audience.describe(page, names, read_audience(it.audience)),
        rows=rows,
        may_end=it.state is ScheduleState.ACTIVE and page.me.can(Permission.SCHEDULE, it.place_id),
    )


async def _next(page: Page, session: AsyncSession, it: Schedule) -> list[Row]:
    found = await repository.occurrences_of(session, it.id, after=page.now, limit=NEXT)
    return await airings(page, session, found)


def _first_day(page: Page) -> date:
    try:
        return date.fromisoformat(page.request.query_params.get("from", ""))
    except ValueError:
        return page.today
