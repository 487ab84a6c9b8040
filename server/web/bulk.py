"""One change for many schedules, or for many airings of a week: chosen, looked at, then all of it or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError
from base.ids import new_id
from schedules.bulk import Chosen as ChosenSchedules
from schedules.bulk import Effect
from schedules.changes import ProgrammeChanged
from schedules.keeping import rule_of
from schedules.many import ForMany
from schedules.models import Occurrence, OccurrenceState, Schedule, ScheduleState
from schedules.recurrence.times import span
from schedules.weeks import monday_of
from server.acts import Act
from server.auth.permissions import Permission
from server.i18n import formats
from server.idempotency import Answer
from server.web import audience, fields
from server.web.audience import Chosen
from server.web.calendar_view import day_of
from server.web.draft_airing import KEEP, announced
from server.web.drafts import meets_of
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, go
from server.web.recurring import in_words

router = APIRouter(include_in_schema=False)

ROWS = 300
SHOWN = 6
"""Times that are named of one schedule; the others are counted."""
PROBLEMS = 20
Said = ImmutableMultiDict[str, Any]
_SENT = ("csrf", "step", "key")


@dataclass(frozen=True, slots=True)
class One:
    """A schedule, or an airing of one, that can be ticked. value: schedule, revision, and the airing's name."""

    value: str
    title: str
    hint: str
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Those of one day, or all of them."""

    head: str
    rows: Sequence[One]


@router.get("/programme/bulk")
async def form(page: SchedulePage) -> HTMLResponse:
    """`week`: a day of the week whose airings are chosen from; without it, whole schedules. `one`: ticked at first."""
    return await _form(page, page.request.query_params)


@router.post("/programme/bulk")
async def change(page: SchedulePage) -> Response:
    """Show what it does, and do it when that was seen; once, however often the button is pressed."""
    said = await audience.settled(page, await page.request.form())
    if said.get("step") == "back":
        return await _form(page, said)
    try:
        chosen, what = _chosen(said), _what(said)
        if said.get("step") != "do":
            return await _look(page, said, chosen, what)

        async def work(session: AsyncSession) -> Answer:
            return await _do(page, session, chosen, what)

        await once_only(page, said, work, page.place.id)
    except LoaError as error:
        return await _form(page, said, error)
    return go("/schedules", "bulk_done")


async def _do(page: Page, session: AsyncSession, chosen: ChosenSchedules, what: ForMany) -> Answer:
    act, place_id = Act(session, page.runtime, page.me), page.place.id
    act.require(Permission.SCHEDULE, place_id)
    done = await page.runtime.programme.bulk.change(session, place_id, chosen, what, user_id=page.me.id)
    changes = [ProgrammeChanged(place_id, "schedule", each.id) for each in done.schedules]
    await act.done("change_many", f"programme_change/{done.change.id}", place_id, *changes, change="bulk")
    return {"id": done.change.id}


def _chosen(said: Said) -> ChosenSchedules:
    """Raises Refused: bulk_count, "server.input_wrong"."""
    schedules: dict[str, tuple[datetime, ...]] = {}
    revisions: dict[str, int] = {}
    for value in dict.fromkeys(map(str, said.getlist("one"))):
        schedule, revision, original = [*value[:90].split(" "), "", ""][:3]
        schedules[schedule] = (*schedules.get(schedule, ()), *([fields.moment(original)] if original else []))
        revisions[schedule] = _number(revision)
    return ChosenSchedules(schedules, revisions)


def _what(said: Said) -> ForMany:
    """Raises Refused: bulk_wrong, bulk_shift, bulk_days, volume_wrong, "server.input_wrong"."""
    act = str(said.get("act", "change"))
    if act == "off":
        return ForMany(off=(fields.day(str(said.get("first", ""))), fields.day(str(said.get("last", "")))))
    if act in {"cancel", "end"}:
        return ForMany(cancel=act == "cancel", end=act == "end")
    where = said.get("where", KEEP)
    return ForMany(
        shift_min=fields.whole_or_none(said, "shift") or 0,
        volume=fields.whole_or_none(said, "volume"),
        audience=None if where == KEEP else audience.needed(audience.read_chosen(said)),
        announcement=str(said.get("announcement", "")) or None,
    )


def _number(text: str) -> int:
    return fields.whole({"revision": text}, "revision")


async def _look(page: Page, said: Said, chosen: ChosenSchedules, what: ForMany) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        page.me.require(Permission.SCHEDULE, page.place.id)
        found = await page.runtime.programme.bulk.look(session, page.place.id, chosen, what)
    problems = dict.fromkeys(page.error_text(each.refusal) for each in found.problems)
    return page.html(
        "bulk/effect.html",
        rows=[_effect(page, each) for each in found.each if each.refusal is None],
        refused=[
            {"title": each.schedule.title, "text": page.error_text(each.refusal)}
            for each in found.each
            if each.refusal is not None
        ],
        problems=list(problems)[:PROBLEMS],
        meets=meets_of(page, found.contents, found.meetings),
        possible=found.possible,
        stops=what.cancel or what.end or what.off is not None,
        kept=[(name, str(value)) for name, value in said.multi_items() if name not in _SENT],
        key=new_id(),
    )


def _effect(page: Page, it: Effect) -> dict[str, Any]:
    shown: dict[str, Any] = {"title": it.schedule.title}
    for name, found in (("gone", it.gone), ("new", it.new)):
        shown[name] = [f"{_day(page, each.start)} {page.clock(each.start)}" for each in found[:SHOWN]]
        shown[f"{name}_more"] = max(0, len(found) - SHOWN)
    return shown


def _day(page: Page, moment: datetime) -> str:
    return formats.short_day(page.local(moment).date(), page.locale)


async def _form(page: Page, said: Said, error: LoaError | None = None) -> HTMLResponse:
    week = _week(page, str(said.get("week", "")))
    async with page.runtime.database.reading() as session:
        page.me.require(Permission.SCHEDULE, page.place.id)
        running = await page.runtime.programme.schedules(session, page.place.id, state=ScheduleState.ACTIVE)
        found = [] if week is None else await _airings(page, session, week)
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        about = await announced(page, session, page.place.id)
    groups = _schedules(page, running[:ROWS]) if week is None else _days(page, running, found[:ROWS])
    names = ("shift", "volume", "announcement", "first", "last")
    form = {name: str(said.get(name, "")) for name in names}
    form |= {name: form[name] or page.today.isoformat() for name in ("first", "last")}
    kept = said.get("where", KEEP) == KEEP
    return page.html(
        "bulk/index.html",
        error=error,
        week=week,
        groups=groups,
        more=max(0, len(running if week is None else found) - ROWS),
        form=form | {"act": str(said.get("act", "change")), "ones": _ticked(said, groups)},
        announcements=[view.announcement for view in about],
        places=places,
        chosen=Chosen(KEEP) if kept else audience.read_chosen(said),
    )


def _ticked(said: Said, groups: Sequence[Group]) -> set[str]:
    """What was ticked, by the revision it has now: a schedule may be named alone, too."""
    asked = {tuple(str(value)[:90].split(" "))[::2] for value in said.getlist("one")}
    values = (one.value for group in groups for one in group.rows)
    return {value for value in values if tuple(value.split(" "))[::2] in asked}


def _schedules(page: Page, running: Sequence[Schedule]) -> list[Group]:
    rows = [One(f"{it.id} {it.revision}", it.title, in_words(page, rule_of(it))) for it in running]
    return [Group("", rows)] if rows else []


async def _airings(page: Page, session: AsyncSession, week: date) -> list[Occurrence]:
    """What of schedules is still to come in a week."""
    begin, end = span(week, 7, page.zone)
    found = await page.runtime.programme.occurrences(session, page.place.id, max(begin, page.now), end, ROWS * 2)
    open_states = {OccurrenceState.PLANNED, OccurrenceState.ISSUED}
    return [row for row in found if row.state in open_states and row.start_at > page.now and row.schedule_id]


def _days(page: Page, running: Sequence[Schedule], found: Sequence[Occurrence]) -> list[Group]:
    revisions = {it.id: it.revision for it in running}
    groups = []
    for day, rows in groupby(found, key=lambda row: page.local(row.start_at).date()):
        ones = [_airing(page, row, revisions[row.schedule_id or ""]) for row in rows if row.schedule_id in revisions]
        groups.append(Group(formats.week_day(day, page.locale), ones))
    return [group for group in groups if group.rows]


def _airing(page: Page, row: Occurrence, revision: int) -> One:
    name = (row.original_at or row.start_at).isoformat()
    return One(f"{row.schedule_id} {revision} {name}", row.title, f"{row.volume} %", page.clock(row.start_at))


def _week(page: Page, text: str) -> date | None:
    """The Monday of the week that is asked for; None for whole schedules."""
    if not text:
        return None
    return monday_of(day_of(page, text))
