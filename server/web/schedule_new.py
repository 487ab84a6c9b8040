"""A new schedule: what, when, where; with the times it will play shown before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError
from base.ids import new_id
from devices.wire.orders import AfterPreemption
from schedules.changes import ProgrammeChanged
from schedules.models import AnnouncementState
from schedules.recurrence import Rule, check_times
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer, once
from server.web import audience, fields
from server.web.announcements import find
from server.web.audience import Chosen, read_chosen
from server.web.languages import lacking_for
from server.web.page import Page, SchedulePage, go
from server.web.recurring import ONCE, rule_of, weekday_names

router = APIRouter(include_in_schema=False)

ROWS = 50
TIMES = 4
SHOWN = 6
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """The next times of what the form says, or why there are none."""

    times: tuple[datetime, ...] = ()
    more: bool = False
    problem: str = ""


@router.get("/schedules/new")
async def form(page: SchedulePage, announcement: str = "") -> HTMLResponse:
    blank = {
        "announcement": announcement,
        "repeat": ONCE,
        "weekdays": (),
        "times": ("", "", "", ""),
        "first_day": page.today.isoformat(),
        "last_day": "",
        "volume": 80,
        "preempted": AfterPreemption.RESUME.value,
    }
    return await _form(page, blank, Chosen(), Preview(), key=new_id())


@router.get("/schedules/preview")
async def preview(page: SchedulePage) -> HTMLResponse:
    """The times again, whenever the form changes."""
    return page.html("schedules/preview.html", preview=_preview(page, page.request.query_params))


@router.post("/schedules/new")
async def create(page: SchedulePage) -> Response:
    """Make it once, however often the button is pressed."""
    said = await page.request.form()
    chosen, key = read_chosen(said), str(said.get("key", ""))
    if "preview" in said:
        return await _form(page, _typed(said), chosen, _preview(page, said), key=key)

    async def work(session: AsyncSession) -> Answer:
        return await _create(page, session, said, chosen)

    asked = repr(sorted((name, str(value)) for name, value in said.multi_items() if name != "csrf")).encode()
    try:
        runtime = page.runtime
        answer = await once(runtime.database, runtime.clock, user_id=page.me.id, key=key, asked=asked, work=work)
    except LoaError as error:
        return await _form(page, _typed(said), chosen, _preview(page, said), key=new_id(), error=error)
    return go(f"/schedules/{answer['id']}", "scheduled")


async def _create(page: Page, session: AsyncSession, said: ImmutableMultiDict[str, Any], chosen: Chosen) -> Answer:
    about = (await find(page, session, str(said.get("announcement", "")))).announcement
    act = Act(session, page.runtime, page.me)
    act.require(Permission.SCHEDULE, about.place_id)
    rule = _rule(page, said)
    made = await page.runtime.programme.create_schedule(
        session,
        announcement_id=about.id,
        rule=rule,
        audience=audience.needed(chosen),
        volume=fields.whole(said, "volume"),
        preempted=AfterPreemption(str(said.get("preempted", AfterPreemption.RESUME.value))),
        user_id=page.me.id,
    )
    changed = ProgrammeChanged(made.place_id, "schedule", made.id)
    await act.done("create_schedule", f"schedule/{made.id}", made.place_id, changed, announcement=about.id)
    return {"id": made.id}


def _rule(page: Page, said: ImmutableMultiDict[str, Any]) -> Rule:
    times = [str(value) for value in said.getlist("time") if value]
    last = str(said.get("last_day", "") or "")
    rrule = rule_of(str(said.get("repeat", ONCE)), map(str, said.getlist("weekday")))
    first_day = fields.day(str(said.get("first_day", "")))
    last_day: date | None = first_day if not rrule else fields.day(last) if last else None
    return Rule(rrule, first_day, last_day, check_times(times), page.zone)


def _preview(page: Page, said: ImmutableMultiDict[str, Any]) -> Preview:
    if not said.get("first_day") or not any(said.getlist("time")):
        return Preview()
    try:
        found = _upcoming(_rule(page, said), page.now)
    except LoaError as error:
        return Preview(problem=page.error_text(error))
    return Preview(tuple(found[:SHOWN]), len(found) > SHOWN)


def _upcoming(rule: Rule, now: datetime) -> list[datetime]:
    """A few of its next moments, one after the other."""
    found: list[datetime] = []
    moment = rule.first(now)
    while moment is not None and len(found) <= SHOWN:
        found.append(moment)
        moment = rule.first(moment + _A_MINUTE)
    return found


def _typed(said: ImmutableMultiDict[str, Any]) -> dict[str, Any]:
    """What was typed, to be shown again."""
    times = [str(value) for value in said.getlist("time")][:24]
    return {
        **{name: str(said.get(name, "")) for name in ("announcement", "repeat", "first_day", "last_day", "preempted")},
        "volume": str(said.get("volume", "80")),
        "weekdays": tuple(map(str, said.getlist("weekday"))),
        "times": tuple(times + [""] * (TIMES - len(times))),
    }


async def _form(
    page: Page,
    typed: Mapping[str, Any],
    chosen: Chosen,
    shown: Preview,
    *,
    key: str,
    error: LoaError | None = None,
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        approved = await page.runtime.announcements.list(
            session, page.place.id, state=AnnouncementState.APPROVED, limit=ROWS
        )
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        about = _chosen_of([view.announcement.id for view in approved], str(typed["announcement"]))
        lacking = await lacking_for(page, session, ground, about, chosen)
    return page.html(
        "schedules/new.html",
        error=error,
        announcements=[view.announcement for view in approved],
        heard=audience.count_or_none(ground, chosen),
        lacking=lacking,
        form=typed,
        weekdays=weekday_names(page.locale),
        places=places,
        chosen=chosen,
        preview=shown,
        key=key,
    )


def _chosen_of(announcement_ids: Sequence[str], typed: str) -> str:
    """The announcement the form shows as chosen: what was typed, or the first; empty when there is none."""
    return typed if typed in announcement_ids else next(iter(announcement_ids), "")
