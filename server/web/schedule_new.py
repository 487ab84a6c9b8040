"""A new schedule: what, when, where; what would come of it, and stand against it, shown before it is saved."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError
from base.ids import new_id
from devices.wire.orders import AfterPreemption
from schedules.changes import ProgrammeChanged
from schedules.festivals import FESTIVALS
from schedules.models import Announcement, AnnouncementState
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer
from server.web import audience, fields, repository
from server.web.abilities import unable
from server.web.announcements import find
from server.web.audience import Chosen, read_chosen
from server.web.clash_choice import decide_chosen
from server.web.form_once import once_only
from server.web.languages import lacking_for
from server.web.page import Page, SchedulePage, go
from server.web.recurring import weekday_names
from server.web.rule_form import RuleForm, blank, read
from server.web.schedule_look import Preview, look, preempted
from server.web.signs import ANNOUNCEMENT

router = APIRouter(include_in_schema=False)

ROWS = 50
_LOOKING = {"preview", "use", "volume_to"}
"""Buttons that save nothing."""


@router.get("/schedules/new")
async def form(page: SchedulePage, announcement: str = "") -> HTMLResponse:
    plain = {"announcement": announcement, "volume": "80", "preempted": AfterPreemption.RESUME.value, "stale": ""}
    return await _form(page, plain, blank(page.today), Chosen(), Preview(), key=new_id())


@router.get("/schedules/preview")
async def preview(page: SchedulePage) -> HTMLResponse:
    """The times again, and what stands against them, whenever the form changes."""
    said = await audience.settled(page, page.request.query_params)
    return page.html("schedules/preview.html", preview=await _preview(page, said, read(said), read_chosen(said)))


@router.post("/schedules/new")
async def create(page: SchedulePage) -> Response:
    """Make it once, however often the button is pressed; or look again, with what a button offers taken up."""
    said = await audience.settled(page, await page.request.form())
    chosen, typed, key = read_chosen(said), read(said), str(said.get("key", ""))
    plain = _plain(said)
    if said.keys() & _LOOKING:
        typed, plain = _taken_up(page, said, typed, plain)
        shown = await _preview(page, ImmutableMultiDict([*said.multi_items(), *plain.items()]), typed, chosen)
        return await _form(page, plain, typed, chosen, shown, key=key)

    async def work(session: AsyncSession) -> Answer:
        return await _create(page, session, said, typed, chosen)

    try:
        answer = await once_only(page, said, work)
    except LoaError as error:
        shown = await _preview(page, said, typed, chosen)
        return await _form(page, plain, typed, chosen, shown, key=new_id(), error=error)
    return go(f"/schedules/{answer['id']}", "scheduled")


async def _create(
    page: Page, session: AsyncSession, said: ImmutableMultiDict[str, Any], typed: RuleForm, chosen: Chosen
) -> Answer:
    about = (await find(page, session, str(said.get("announcement", "")))).announcement
    act = Act(session, page.runtime, page.me)
    act.require(Permission.SCHEDULE, about.place_id)
    given_way = preempted(said)
    made = await page.runtime.programme.create_schedule(
        session,
        announcement_id=about.id,
        rule=typed.rule(page.zone),
        audience=audience.needed(chosen),
        volume=fields.whole(said, "volume"),
        preempted=given_way.then,
        stale_s=given_way.stale_s,
        user_id=page.me.id,
    )
    decided = await decide_chosen(page, session, made, said)
    changed = ProgrammeChanged(made.place_id, "schedule", made.id)
    details = {"decisions": decided} if decided else {}
    await act.done("create_schedule", f"schedule/{made.id}", made.place_id, changed, announcement=about.id, **details)
    return {"id": made.id}


async def _preview(page: Page, said: ImmutableMultiDict[str, Any], typed: RuleForm, chosen: Chosen) -> Preview:
    async with page.runtime.database.reading() as session:
        return await look(page, session, typed, said, chosen)


def _taken_up(
    page: Page, said: ImmutableMultiDict[str, Any], typed: RuleForm, plain: dict[str, str]
) -> tuple[RuleForm, dict[str, str]]:
    """The form with what a button offered: another time, or a lower volume. What none of ours says does nothing."""
    was, _, to = str(said.get("use", ""))[:40].partition(">")
    with suppress(ValueError):
        typed = typed.at_time(was, datetime.fromisoformat(to).replace(tzinfo=page.zone))
    softer = str(said.get("volume_to", ""))
    return typed, plain | ({"volume": softer} if softer.isdecimal() and len(softer) <= 3 else {})


def _plain(said: ImmutableMultiDict[str, Any]) -> dict[str, str]:
    """What was typed beside the rule and the audience, to be shown again."""
    typed = {name: str(said.get(name, ""))[:40] for name in ("announcement", "preempted", "stale")}
    return typed | {"volume": str(said.get("volume", "80"))[:8]}


async def _form(
    page: Page,
    plain: Mapping[str, str],
    typed: RuleForm,
    chosen: Chosen,
    shown: Preview,
    *,
    key: str,
    error: LoaError | None = None,
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        known = await repository.schedulable(session, page.place.id, ROWS)
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        about = _chosen_of([each.id for each in known], plain["announcement"])
        lacking = await lacking_for(page, session, ground, about, chosen)
        old = await unable(page, session, about, chosen)
    return page.html(
        "schedules/new.html",
        error=error,
        announcements=[(each, state_word(page, each)) for each in known],
        heard=audience.count_or_none(ground, chosen),
        lacking=lacking,
        unable=old,
        form=plain,
        rule=typed,
        weekdays=weekday_names(page.locale),
        festivals=[(key, each.names[page.locale], each) for key, each in FESTIVALS.items()],
        places=places,
        chosen=chosen,
        preview=shown,
        key=key,
    )


def state_word(page: Page, about: Announcement) -> str:
    """What an announcement lacks to be heard, in words; empty for an approved one."""
    return "" if about.state is AnnouncementState.APPROVED else page.gettext(ANNOUNCEMENT[about.state].word)


def _chosen_of(announcement_ids: Sequence[str], typed: str) -> str:
    """The announcement the form shows as chosen: what was typed, or the first; empty when there is none."""
    return typed if typed in announcement_ids else next(iter(announcement_ids), "")
