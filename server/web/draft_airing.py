"""An airing of a drafted week: written, changed, taken out, put back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError, NotFound, Refused
from schedules.announcements import AnnouncementView
from schedules.drafting import NewAirings
from schedules.edits import Change
from schedules.models import AnnouncementState, ProgrammeDraft
from schedules.recurrence import check_times
from schedules.weeks import DAYS, Line, Name
from server.auth.permissions import Permission
from server.web import audience, fields, repository
from server.web.audience import Chosen
from server.web.drafts import at_draft, draft_of, show_draft, told
from server.web.effect_words import names_of, whom
from server.web.page import Page, SchedulePage, go

router = APIRouter(include_in_schema=False)

ROWS = 100
TIMES = 4
KEEP = "keep"
Said = ImmutableMultiDict[str, Any]


@router.get("/programme/drafts/{draft_id}/add")
async def add_form(page: SchedulePage, draft_id: str, day: str = "") -> HTMLResponse:
    blank = {"announcement": "", "days": (day,), "times": ("",) * TIMES, "volume": 80}
    return await _add_form(await at_draft(page, draft_id, Permission.SCHEDULE), draft_id, blank, Chosen())


@router.post("/programme/drafts/{draft_id}/add")
async def add(page: SchedulePage, draft_id: str) -> Response:
    """Let something be heard in the week."""
    page = await at_draft(page, draft_id, Permission.SCHEDULE)
    said = await audience.settled(page, await page.request.form())
    chosen = audience.read_chosen(said)
    try:
        times = check_times([str(value) for value in said.getlist("time") if value])
        new = NewAirings(
            announcement=str(said.get("announcement", "")),
            days=tuple(fields.day(str(value)) for value in said.getlist("day")),
            times=times,
            audience=audience.needed(chosen),
            volume=fields.whole(said, "volume"),
        )
        async with page.act() as act:
            row = await draft_of(page, act.session, draft_id, Permission.SCHEDULE)
            drafts, revision = page.runtime.programme.drafts, fields.whole(said, "revision")
            row = await drafts.add(act.session, row.id, new, revision=revision, user_id=page.me.id)
            await told(act, "add_to_draft", row)
    except LoaError as error:
        return await _add_form(page, draft_id, _typed(said), chosen, error)
    return go(f"/programme/drafts/{draft_id}", "draft_changed")


@router.get("/programme/drafts/{draft_id}/airing")
async def change_form(page: SchedulePage, draft_id: str, name: str = "") -> HTMLResponse:
    return await _change_form(await at_draft(page, draft_id, Permission.SCHEDULE), draft_id, name, None)


@router.post("/programme/drafts/{draft_id}/airing")
async def change(page: SchedulePage, draft_id: str) -> Response:
    """Let one airing be different."""
    page = await at_draft(page, draft_id, Permission.SCHEDULE)
    said = await audience.settled(page, await page.request.form())
    name = str(said.get("name", ""))
    try:
        async with page.act() as act:
            row = await draft_of(page, act.session, draft_id, Permission.SCHEDULE)
            drafts, revision = page.runtime.programme.drafts, fields.whole(said, "revision")
            line = await _line(page, act.session, row, _name(name))
            what = _change(page, said, line)
            row = await drafts.change(act.session, row.id, _name(name), what, revision=revision, user_id=page.me.id)
            await told(act, "change_draft", row)
    except LoaError as error:
        return await _change_form(page, draft_id, name, said, error)
    return go(f"/programme/drafts/{draft_id}", "draft_changed")


@router.post("/programme/drafts/{draft_id}/mark")
async def mark(page: SchedulePage, draft_id: str) -> Response:
    """Take one airing out, or let it be as it is in force; a new one goes."""
    said = await page.request.form()
    try:
        async with page.act() as act:
            row = await draft_of(page, act.session, draft_id, Permission.SCHEDULE)
            drafts, more = page.runtime.programme.drafts, {"revision": fields.whole(said, "revision")}
            if said.get("out"):
                name, off = _name(str(said["out"])), Change(cancel=True)
                row = await drafts.change(act.session, row.id, name, off, user_id=page.me.id, **more)
            else:
                name = _name(str(said.get("back", "")))
                row = await drafts.restore(act.session, row.id, name, user_id=page.me.id, **more)
            await told(act, "change_draft", row)
    except LoaError as error:
        return await show_draft(page, draft_id, error)
    return go(f"/programme/drafts/{draft_id}", "draft_changed")


def _name(text: str) -> Name:
    """The airing a form names. Raises Refused("server.input_wrong")."""
    plan, _, original = text[:80].partition(" ")
    return plan, fields.moment(original)


async def _line(page: Page, session: AsyncSession, row: ProgrammeDraft, name: Name) -> Line:
    """Raises NotFound for an airing that is none of the week's."""
    looked = await page.runtime.programme.drafts.look(session, row.id)
    for line in looked.lines:
        if (line.plan, line.original) == name:
            return line
    raise NotFound("schedules.airing_gone", time=name[1].astimezone(page.zone).isoformat(timespec="minutes"))


def _change(page: Page, said: Said, line: Line) -> Change:
    was = page.local(line.airing.start)
    time, day = str(said.get("time", "")).strip()[:8], str(said.get("day", ""))
    volume, about = fields.whole_or_none(said, "volume"), str(said.get("announcement", ""))
    where = said.get("where", KEEP)
    change = Change(
        time=time if time != f"{was:%H:%M}" else None,
        day=fields.day(day) if day != was.date().isoformat() else None,
        announcement=about if about and about != line.airing.announcement else None,
        audience=None if where == KEEP else audience.needed(audience.read_chosen(said)),
        volume=volume if volume != line.airing.volume else None,
    )
    if not change.moves and not change.says_content:
        raise Refused("server.change_nothing")
    return change


def _typed(said: Said) -> dict[str, Any]:
    times = [str(value) for value in said.getlist("time")][:24]
    return {
        "announcement": str(said.get("announcement", "")),
        "days": tuple(map(str, said.getlist("day")))[:DAYS],
        "times": tuple(times + [""] * (TIMES - len(times))),
        "volume": str(said.get("volume", "80")),
    }


async def announced(page: Page, session: AsyncSession, place_id: str) -> list[AnnouncementView]:
    """What may be drafted: newest first, what is not approved yet included."""
    found = await page.runtime.announcements.list(session, place_id, limit=ROWS)
    return [view for view in found if view.announcement.state is not AnnouncementState.ARCHIVED]


async def _add_form(
    page: Page, draft_id: str, typed: Mapping[str, Any], chosen: Chosen, error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        row = await draft_of(page, session, draft_id, Permission.SCHEDULE)
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        about = await announced(page, session, row.place_id)
    return page.html(
        "drafts/add.html",
        error=error,
        it=row,
        days=[row.first_day + timedelta(days=n) for n in range(DAYS)],
        announcements=[view.announcement for view in about],
        form=typed,
        places=places,
        chosen=chosen,
        heard=audience.count_or_none(ground, chosen),
    )


async def _change_form(
    page: Page, draft_id: str, name: str, said: Said | None, error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        row = await draft_of(page, session, draft_id, Permission.SCHEDULE)
        line = await _line(page, session, row, _name(name))
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        about = await announced(page, session, row.place_id)
        names = names_of(ground, await repository.place_and_zone_names(session, row.place_id))
        own = (await page.runtime.announcements.get(session, line.airing.announcement)).announcement
    local = page.local(line.airing.start)
    form = {
        "time": f"{local:%H:%M}",
        "day": local.date().isoformat(),
        "announcement": own.id,
        "volume": str(line.airing.volume),
    }
    if said is not None:
        form |= {each: str(said.get(each, "")) for each in form}
    kept = said is None or said.get("where", KEEP) == KEEP
    return page.html(
        "drafts/change.html",
        error=error,
        it=row,
        name=name,
        own=own,
        line=line,
        form=form,
        announcements={own.id: own.title} | {view.announcement.id: view.announcement.title for view in about},
        places=places,
        chosen=Chosen(KEEP) if kept or said is None else audience.read_chosen(said),
        whom=whom(page, names, line.airing.audience),
    )
