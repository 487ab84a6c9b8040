"""A day or a week of the programme heard again on other days: what will come is shown before it is confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError, Refused
from base.ids import new_id
from schedules.changes import ProgrammeChanged
from schedules.copying import MAX_DAYS
from schedules.plans import Plan, Planned, airings
from schedules.trying import CopyEffect
from schedules.weeks import monday_of
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer
from server.web import fields
from server.web.calendar_view import asked_day
from server.web.effect_words import SHOWN
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, go

router = APIRouter(include_in_schema=False)

DAY, WEEK = "day", "week"
ROWS = 200
"""Airings one list shows."""


@dataclass(frozen=True, slots=True)
class Span:
    """From which day on how many days are copied, and to which day on. Raises Refused("server.copy_same")."""

    first: date
    days: int
    to: date

    def __post_init__(self) -> None:
        if self.first == self.to:
            raise Refused("server.copy_same")

    @property
    def by_days(self) -> int:
        return (self.to - self.first).days


@dataclass(frozen=True, slots=True)
class Group:
    """The airings of one day: time and title each."""

    day: date
    rows: Sequence[tuple[str, str]]


@router.get("/programme/copy")
async def form(page: SchedulePage) -> HTMLResponse:
    """`from` is the day to begin with, `span` a day or a week; without them this week, to the next."""
    asked = page.request.query_params
    span = DAY if asked.get("span") == DAY else WEEK
    first = asked_day(page, "from")
    if span == WEEK:
        first = monday_of(first)
    to = first + timedelta(days=1 if span == DAY else MAX_DAYS)
    return _page(page, {"span": span, "first": first.isoformat(), "to": to.isoformat()})


@router.post("/programme/copy")
async def copy(page: SchedulePage) -> Response:
    """Show what would come of it, and do it when that was seen; once, however often the button is pressed."""
    said = await page.request.form()
    typed = {name: str(said.get(name, "")) for name in ("span", "first", "to")}
    try:
        span = _read(said)
        if said.get("step") != "do":
            return await _look(page, span, typed)
        await _once(page, span, said)
    except LoaError as error:
        return _page(page, typed, error=error)
    return go("/programme/undo", "copied")


async def _look(page: Page, span: Span, typed: dict[str, str]) -> HTMLResponse:
    async with page.runtime.database.writing() as session:
        page.me.require(Permission.SCHEDULE, page.place.id)
        effect = await page.runtime.programme.trials.copy(
            session,
            page.place.id,
            span.first,
            span.days,
            by_days=span.by_days,
            now=page.now,
            user_id=page.me.id,
        )
    return _page(page, typed, effect=effect)


async def _once(page: Page, span: Span, said: ImmutableMultiDict[str, Any]) -> None:
    async def work(session: AsyncSession) -> Answer:
        act = Act(session, page.runtime, page.me)
        act.require(Permission.SCHEDULE, page.place.id)
        _, done = await page.runtime.programme.copy(
            session, page.place.id, span.first, span.days, by_days=span.by_days, user_id=page.me.id
        )
        changes = [ProgrammeChanged(page.place.id, "schedule", schedule.id) for schedule in done.schedules]
        await act.done("copy_programme", f"programme_change/{done.change.id}", page.place.id, *changes)
        return {"id": done.change.id}

    await once_only(page, said, work, page.place.id)


def _read(said: ImmutableMultiDict[str, Any]) -> Span:
    first, to = (fields.day(str(said.get(name, ""))) for name in ("first", "to"))
    return Span(first, 1 if said.get("span") == DAY else MAX_DAYS, to)


def _page(
    page: Page, typed: dict[str, str], *, effect: CopyEffect | None = None, error: LoaError | None = None
) -> HTMLResponse:
    page.me.require(Permission.SCHEDULE, page.place.id)
    told = {} if effect is None else _told(page, effect)
    return page.html("changes/copy.html", error=error, form=typed, effect=effect, key=new_id(), **_NOTHING | told)


_NOTHING: dict[str, Any] = {"days": (), "already": (), "past": (), "meets": (), "refused": "", "count": 0}


def _told(page: Page, effect: CopyEffect) -> dict[str, Any]:
    copied = effect.copied
    found = [airing for plan in copied.plans for airing in _of(plan)]
    return {
        "count": len(found),
        "days": _groups(page, effect, found),
        "already": _groups(page, effect, copied.already),
        "past": _groups(page, effect, copied.past),
        "meets": [
            (
                page.moment(each.start),
                *(effect.titles.get(name.split(" ")[0], "–") for name in (each.first, each.second)),
            )
            for each in copied.meets[:SHOWN]
        ],
        "refused": page.error_text(effect.refusal) if copied.plans else "",
    }


def _of(plan: Plan) -> list[Planned]:
    """All airings of a plan of a single day."""
    begins = plan.first()
    return [] if begins is None else airings([plan], begins, begins + timedelta(days=2))


def _groups(page: Page, effect: CopyEffect, found: Iterable[Planned]) -> list[Group]:
    in_order = sorted(found, key=lambda each: (each.start, each.plan))[:ROWS]
    return [
        Group(day, [(page.clock(each.start), effect.titles.get(each.plan, "–")) for each in of_day])
        for day, of_day in groupby(in_order, key=lambda each: page.local(each.start).date())
    ]
