"""Clashes: where airings of the coming weeks meet, what has to be decided, what can be done, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError
from base.ids import new_id
from schedules.changes import ProgrammeChanged
from schedules.deciding import Encounter
from schedules.decisions import Choice
from schedules.models import ClashDecision
from server.acts import Act
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.idempotency import Answer
from server.web import clash_words, repository
from server.web.clash_choice import picked, value
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, ViewPage, go

router = APIRouter(include_in_schema=False)

AHEAD = timedelta(days=28)
MOST = 100
DECISIONS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """Two that meet, so many times, and what is heard when nothing is done; empty where nobody has to say."""

    it: Encounter
    where: str
    as_is: str
    href: str


@dataclass(frozen=True, slots=True)
class Word:
    """A decision in words."""

    kept: ClashDecision
    titles: tuple[str, str]
    yields: str
    choice: str
    by: str


@router.get("/programme/clashes")
async def index(page: ViewPage) -> HTMLResponse:
    """Four weeks of clashes, what must be decided first; and the latest decisions."""
    desk, place_id = page.runtime.programme.clash_desk, page.place.id
    async with page.runtime.database.reading() as session:
        found = await desk.board(session, place_id, page.now, page.now + AHEAD, page.now)
        words = await _words(page, session, await desk.history(session, place_id, DECISIONS))
    rows = [_row(page, each) for each in found[:MOST]]
    return page.html(
        "clashes/index.html",
        must=[row for row in rows if row.it.clash.open],
        other=[row for row in rows if not row.it.clash.open and not row.it.clash.settled],
        settled=[row for row in rows if row.it.clash.settled],
        words=words,
        more=len(found) > MOST,
    )


@router.get("/programme/clashes/{first}/{second}")
async def show(page: ViewPage, first: str, second: str) -> HTMLResponse:
    return await _show(page, first, second, key=new_id())


@router.post("/programme/clashes/{first}/{second}")
async def decide(page: SchedulePage, first: str, second: str) -> Response:
    """Keep what was chosen and do it, once, however often the button is pressed."""
    said = await page.request.form()

    async def work(session: AsyncSession) -> Answer:
        return await _decide(page, session, (first, second), said)

    try:
        await once_only(page, said, work)
    except LoaError as error:
        return await _show(page, first, second, key=new_id(), error=error)
    return go("/programme/clashes", "decided")


async def _decide(
    page: Page, session: AsyncSession, pair: tuple[str, str], said: ImmutableMultiDict[str, object]
) -> Answer:
    chosen, place_id = picked(str(said.get("option", ""))), page.place.id
    act = Act(session, page.runtime, page.me)
    act.require(Permission.SCHEDULE, place_id)
    if chosen.choice is Choice.SHORTEN:
        act.require(Permission.WRITE_ANNOUNCEMENT, place_id)
    asked = chosen.asked(chosen.who, always=said.get("always") == "1")
    desk = page.runtime.programme.clash_desk
    done = await desk.decide(session, place_id, *pair, asked, now=page.now, user_id=page.me.id)
    changed = ProgrammeChanged(place_id, "clash", done.decision.id)
    await act.done("decide_clash", f"decision/{done.decision.id}", place_id, changed, choice=chosen.choice.value)
    return {"id": done.decision.id}


async def _show(page: Page, first: str, second: str, *, key: str, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        ways = await page.runtime.programme.clash_desk.ways(session, page.place.id, first, second, page.now)
        left = await clash_words.left_out(page, session, ways)
    return page.html(
        "clashes/show.html",
        error=error,
        it=ways.clash,
        where=clash_words.where(page, ways.clash),
        as_is=clash_words.as_is(page, ways),
        options=[
            (value(each, each.yields), clash_words.sentence(page, ways.clash, each, left)) for each in ways.options
        ],
        may_decide=page.can("schedule") and bool(ways.options),
        key=key,
    )


def _row(page: Page, it: Encounter) -> Row:
    clash = it.clash
    said = "" if it.ways is None else clash_words.as_is(page, it.ways)
    href = f"/programme/clashes/{clash.first.id}/{clash.second.id}"
    return Row(it, clash_words.where(page, clash), said, href)


async def _words(page: Page, session: AsyncSession, kept: Sequence[ClashDecision]) -> list[Word]:
    titles = await repository.titles(session, {f"schedule/{side['plan']}" for row in kept for side in row.sides})
    names = await repository.user_names(session, {row.by for row in kept})
    gone = page.gettext(N_("something broadcast once"))

    def title(plan: str) -> str:
        return titles.get(f"schedule/{plan}", gone)

    return [
        Word(
            row,
            (title(row.sides[0]["plan"]), title(row.sides[1]["plan"])),
            title(row.yields),
            clash_words.CHOICES[Choice(row.choice)],
            names.get(row.by, row.by),
        )
        for row in kept
    ]
