"""The programme: the coming days, the schedules that make it, and making and ending one."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from schedules.changes import ProgrammeChanged
from schedules.dispatch import read_audience
from schedules.keeping import rule_of
from schedules.models import Schedule, ScheduleState
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import audience, repository
from server.web.page import Page, SchedulePage, ViewPage, go
from server.web.recurring import in_words
from server.web.signs import Sign
from server.web.today import Row, airings

router = APIRouter(include_in_schema=False)

ROWS = 50
NEXT = 10
STATES = {
    ScheduleState.ACTIVE: Sign("●", N_("running"), "ok"),
    ScheduleState.ENDED: Sign("–", N_("ended"), "off"),
}


@router.get("/schedules")
async def index(page: ViewPage) -> HTMLResponse:
    """The schedules that make the programme, those that run first; `page` is the fifty to show."""
    async with page.runtime.database.reading() as session:
        found = await page.runtime.programme.schedules(session, page.place.id)
    ordered = sorted(found, key=lambda it: it.state is ScheduleState.ENDED)
    number = min(_number(page.request.query_params.get("page", "")), max(0, len(ordered) - 1) // ROWS)
    shown = [
        {"schedule": it, "when": in_words(page, rule_of(it)), "sign": STATES[it.state]}
        for it in ordered[number * ROWS : (number + 1) * ROWS]
    ]
    return page.html("schedules/index.html", schedules=shown, number=number, pages=-(-len(ordered) // ROWS))


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


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
