"""Weeks prepared beside the one in force: the list of them, one as it stands, publishing it or throwing it away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError, NotFound
from base.ids import new_id
from schedules.changes import ProgrammeChanged
from schedules.content import Content
from schedules.draft_desk import Looked
from schedules.drafting import NAME_LENGTH, Begin
from schedules.foreseeing import Meeting
from schedules.models import DraftState, ProgrammeDraft
from schedules.weeks import DAYS, Fate, Line, monday_of
from server.acts import Act
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.idempotency import Answer
from server.web import fields, repository
from server.web.effect_words import names_of, whom
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, ViewPage, go, in_place
from server.web.signs import ANNOUNCEMENT, Sign

router = APIRouter(include_in_schema=False)

MEETINGS = 20
FATES = {
    Fate.SAME: Sign("●", N_("as planned"), "off"),
    Fate.NEW: Sign("+", N_("new"), "play"),
    Fate.CHANGED: Sign("◉", N_("changed"), "plan"),
    Fate.REMOVED: Sign("–", N_("taken out"), "late"),
}
STATES = {
    DraftState.OPEN: Sign("◌", N_("being prepared"), "plan"),
    DraftState.PUBLISHED: Sign("✓", N_("in force"), "ok"),
    DraftState.DISCARDED: Sign("–", N_("thrown away"), "off"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An airing of a draft as it is shown. was: its time in force, where that is another; problems: in words."""

    line: Line
    title: str
    start: datetime
    where: str
    sign: Sign
    was: str
    problems: tuple[str, ...]
    open: bool

    @property
    def name(self) -> str:
        """As forms name it."""
        return f"{self.line.plan} {self.line.original.isoformat()}"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the week and what it has."""

    day: date
    rows: Sequence[Row]


@router.get("/programme/drafts")
async def index(page: ViewPage) -> HTMLResponse:
    return await _index(page, {})


@router.post("/programme/drafts")
async def create(page: SchedulePage) -> Response:
    """Begin one; once, however often the button is pressed."""
    said = await page.request.form()

    async def work(session: AsyncSession) -> Answer:
        act = Act(session, page.runtime, page.me)
        act.require(Permission.SCHEDULE, page.place.id)
        source = str(said.get("source", ""))
        row = await page.runtime.programme.drafts.create(
            session,
            page.place.id,
            name=str(said.get("name", "")),
            day=fields.day(str(said.get("day", ""))),
            begin=_begin(said),
            source=fields.day(source) if source else None,
            user_id=page.me.id,
        )
        await told(act, "create_draft", row)
        return {"id": row.id}

    try:
        answer = await once_only(page, said, work, page.place.id)
    except LoaError as error:
        return await _index(page, said, error)
    return go(f"/programme/drafts/{answer['id']}", "draft_made")


@router.get("/programme/drafts/{draft_id}")
async def show(page: ViewPage, draft_id: str) -> HTMLResponse:
    return await show_draft(page, draft_id)


@router.post("/programme/drafts/{draft_id}/publish")
async def publish(page: SchedulePage, draft_id: str) -> Response:
    """Put all of it in force, or nothing."""
    said = await page.request.form()

    async def work(session: AsyncSession) -> Answer:
        act = Act(session, page.runtime, page.me)
        row = await draft_of(page, session, draft_id, Permission.SCHEDULE)
        done = await page.runtime.programme.drafts.publish(
            session, row.id, revision=fields.whole(said, "revision"), user_id=page.me.id
        )
        changes = [ProgrammeChanged(row.place_id, "schedule", each.id) for each in done.schedules]
        await act.done("publish_draft", f"draft/{row.id}", row.place_id, *changes, change=done.change.id)
        return {"first_day": row.first_day.isoformat()}

    try:
        answer = await once_only(page, said, work)
    except LoaError as error:
        return await show_draft(page, draft_id, error)
    return go_to_week(answer["first_day"])


@router.post("/programme/drafts/{draft_id}/refresh")
async def refresh(page: SchedulePage, draft_id: str) -> Response:
    """Take the schedules as they are now."""
    said = await page.request.form()
    try:
        async with page.act() as act:
            row = await draft_of(page, act.session, draft_id, Permission.SCHEDULE)
            revision = fields.whole(said, "revision")
            drafts = page.runtime.programme.drafts
            row, lost = await drafts.refresh(act.session, row.id, revision=revision, user_id=page.me.id)
            await told(act, "refresh_draft", row)
    except LoaError as error:
        return await show_draft(page, draft_id, error)
    return go(f"/programme/drafts/{draft_id}", "draft_refreshed_less" if lost else "draft_refreshed")


@router.post("/programme/drafts/{draft_id}/discard")
async def discard(page: SchedulePage, draft_id: str) -> Response:
    """Throw it away; nothing else changes."""
    try:
        async with page.act() as act:
            row = await draft_of(page, act.session, draft_id, Permission.SCHEDULE)
            await page.runtime.programme.drafts.discard(act.session, row.id, user_id=page.me.id)
            await told(act, "discard_draft", row)
    except LoaError as error:
        return await show_draft(page, draft_id, error)
    return go("/programme/drafts", "draft_discarded")


async def draft_of(page: Page, session: AsyncSession, draft_id: str, permission: Permission) -> ProgrammeDraft:
    """A draft of a place where this person may do that. Raises NotFound, Forbidden."""
    row = await page.runtime.programme.drafts.find(session, draft_id)
    if not page.me.can(Permission.VIEW, row.place_id):
        raise NotFound("schedules.draft_unknown", id=draft_id[:26])
    page.me.require(permission, row.place_id)
    return row


async def at_draft(page: Page, draft_id: str, permission: Permission) -> Page:
    """The page in the draft's commune. Raises as `draft_of`."""
    async with page.runtime.database.reading() as session:
        row = await draft_of(page, session, draft_id, permission)
    return await in_place(page, row.place_id)


async def told(act: Act, action: str, row: ProgrammeDraft) -> None:
    """Into the audit, and to open pages."""
    await act.done(action, f"draft/{row.id}", row.place_id, ProgrammeChanged(row.place_id, "draft", row.id))


def go_to_week(day: str) -> Response:
    """The programme of the week that was published."""
    return go("/programme", f"draft_published&from={day}")


async def show_draft(page: Page, draft_id: str, error: LoaError | None = None) -> HTMLResponse:
    """A draft with its days, and everything that is to be said of it."""
    page = await at_draft(page, draft_id, Permission.VIEW)
    async with page.runtime.database.reading() as session:
        row = await draft_of(page, session, draft_id, Permission.VIEW)
        looked = await page.runtime.programme.drafts.look(session, row.id)
        zones = await repository.place_and_zone_names(session, row.place_id)
        people = await repository.user_names(session, {row.created_by, row.closed_by})
    names = names_of(looked.ground, zones)
    rows = [_row(page, looked, line, names) for line in looked.lines]
    by_day = {day: list(some) for day, some in groupby(rows, key=lambda row: page.local(row.start).date())}
    days = [row.first_day + timedelta(days=n) for n in range(DAYS)]
    general = [page.error_text(each.refusal) for each in looked.problems if each.original is None]
    return page.html(
        "drafts/show.html",
        error=error,
        it=row,
        days=[Day(day, by_day.get(day, ())) for day in days],
        last=days[-1],
        state_sign=STATES[row.state],
        fates=FATES,
        counts={fate: sum(line.fate is fate for line in looked.lines) for fate in Fate},
        problems=len(looked.problems),
        general=[] if looked.stale else list(dict.fromkeys(general)),
        stale=_titles(looked, looked.stale),
        waiting=[{"it": each, "sign": ANNOUNCEMENT[each.state]} for each in looked.waiting],
        meets=meets_of(page, looked.contents, [each for each in looked.meetings if not each.to_decide]),
        may=row.state is DraftState.OPEN and page.me.can(Permission.SCHEDULE, row.place_id),
        author=people.get(row.created_by, "–"),
        closer=people.get(row.closed_by, "–"),
        key=new_id(),
    )


def _row(page: Page, looked: Looked, line: Line, names: dict[str, str]) -> Row:
    airing, was = line.airing, line.was
    moved = was is not None and line.will is not None and was.start != line.will.start
    problems = [
        page.error_text(each.refusal)
        for each in looked.problems
        if (each.plan, each.original) == (line.plan, line.original)
    ]
    return Row(
        line=line,
        title=looked.contents[airing.announcement].announcement.title,
        start=airing.start,
        where=f"{whom(page, names, airing.audience)} · {airing.volume} %",
        sign=FATES[line.fate],
        was=page.moment(was.start) if moved and was is not None else "",
        problems=tuple(problems),
        open=airing.start > page.now,
    )


def _titles(looked: Looked, plans: Sequence[str]) -> list[str]:
    """What schedules announce, each once."""
    found = (looked.week.drafted.get(plan) or getattr(looked.week.current.get(plan), "plan", None) for plan in plans)
    about = (looked.contents.get(plan.announcement) for plan in found if plan is not None)
    titles = sorted({each.announcement.title for each in about if each is not None})
    return titles or ["–"] * bool(plans)


def meets_of(page: Page, contents: Mapping[str, Content], meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Where airings meet, the first of them, in words."""

    def title(announcement: str) -> str:
        return contents[announcement].announcement.title

    return [
        {
            "at": each.second.start,
            "first": title(each.first.announcement),
            "second": title(each.second.announcement),
            "outcome": page.gettext(N_("one will wait for the other"))
            if each.wins is None
            else page.gettext(N_("“%(title)s” comes first"), title=title(each.wins.announcement)),
        }
        for each in meetings[:MEETINGS]
    ]


def _begin(said: ImmutableMultiDict[str, Any]) -> Begin:
    try:
        return Begin(str(said.get("begin", "")))
    except ValueError:
        return Begin.AS_PLANNED


async def _index(page: Page, said: Any, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        found = await page.runtime.programme.drafts.list(session, page.place.id)
        people = await repository.user_names(session, {row.created_by for row in found})
    monday = monday_of(page.today)
    form = {
        "name": str(said.get("name", "")),
        "day": str(said.get("day", (monday + timedelta(days=DAYS)).isoformat())),
        "begin": str(said.get("begin", Begin.AS_PLANNED.value)),
        "source": str(said.get("source", monday.isoformat())),
    }
    return page.html(
        "drafts/index.html",
        error=error,
        rows=[{"it": row, "sign": STATES[row.state], "author": people.get(row.created_by, "–")} for row in found],
        week=timedelta(days=DAYS - 1),
        form=form,
        name_length=NAME_LENGTH,
        key=new_id(),
    )
