"""Changing one airing, it and all that follow, or all still to come: what to change, what that does, then done."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import Conflict, LoaError
from base.ids import new_id
from schedules import ground as grounds
from schedules.changes import ProgrammeChanged
from schedules.dispatch import read_audience
from schedules.editing import Changed
from schedules.festivals import FESTIVALS
from schedules.ground import Ground
from schedules.models import AnnouncementState, Occurrence, OccurrenceState, Schedule
from schedules.plans import Preempted
from schedules.repository import changes as rows
from schedules.trying import Effect
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer
from server.web import audience, repository, rule_form
from server.web.airing_form import KEEP, Asked, blank, blank_rule, chosen_of, read, typed
from server.web.audience import Chosen
from server.web.effect_words import SHOWN, THEN, after_giving_way, lines, meetings, names_of, whom
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, go, in_place
from server.web.recurring import weekday_names

router = APIRouter(include_in_schema=False)

ROWS = 50
_SENT = ("csrf", "step", "key")
"""Fields of the form that say nothing of the change."""


@dataclass(frozen=True, slots=True)
class _About:
    """An airing, its schedule and its place."""

    it: Occurrence
    schedule: Schedule
    ground: Ground


@router.get("/occurrences/{occurrence_id}/change")
async def form(page: SchedulePage, occurrence_id: str) -> HTMLResponse:
    return await _form(await _at(page, occurrence_id), occurrence_id, None)


@router.post("/occurrences/{occurrence_id}/change")
async def change(page: SchedulePage, occurrence_id: str) -> Response:
    """Show what it does, and do it when that was seen; once, however often the button is pressed."""
    page = await _at(page, occurrence_id)
    said = await audience.settled(page, await page.request.form())
    if said.get("step") == "back":
        return await _form(page, occurrence_id, said)
    try:
        if said.get("step") != "do":
            return await _look(page, occurrence_id, said)
        answer = await _once(page, occurrence_id, said)
    except LoaError as error:
        return await _form(page, occurrence_id, said, error)
    return go(f"/occurrences/{answer['id']}", "airing_off" if said.get("off") else "airing_changed")


async def _at(page: Page, occurrence_id: str) -> Page:
    """The page in the airing's commune. Raises NotFound, Forbidden."""
    async with page.runtime.database.reading() as session:
        place_id = (await page.runtime.programme.occurrence(session, occurrence_id)).place_id
    page.me.require(Permission.SCHEDULE, place_id)
    return await in_place(page, place_id)


async def _look(page: Page, occurrence_id: str, said: ImmutableMultiDict[str, Any]) -> HTMLResponse:
    async with page.runtime.database.writing() as session:
        about = await _about(page, session, occurrence_id)
        asked = read(said, about.it, about.ground.rules.zone)
        # What is tried is taken back, and with it what was loaded: the page needs these.
        it, names = {"id": about.it.id, "title": about.it.title}, await _names(session, about)
        effect = await _tried(page, session, about, asked)
    kept = [(name, str(value)) for name, value in said.multi_items() if name not in _SENT]
    return page.html(
        "changes/effect.html",
        it=it,
        asked=asked,
        kept=kept,
        key=new_id(),
        effect=effect,
        lines=lines(page, names, effect.differences),
        more=max(0, len(effect.differences) - SHOWN),
        meets=meetings(page, effect.meetings),
    )


async def _tried(page: Page, session: AsyncSession, about: _About, asked: Asked) -> Effect:
    return await page.runtime.programme.trials.edit(
        session,
        about.schedule.id,
        about.it.original_at or about.it.start_at,
        asked.scope,
        asked.change,
        revision=asked.revision,
        now=page.now,
        user_id=page.me.id,
    )


async def _once(page: Page, occurrence_id: str, said: ImmutableMultiDict[str, Any]) -> Answer:
    async def work(session: AsyncSession) -> Answer:
        return await _do(page, session, occurrence_id, said)

    return await once_only(page, said, work)


async def _do(page: Page, session: AsyncSession, occurrence_id: str, said: ImmutableMultiDict[str, Any]) -> Answer:
    about = await _about(page, session, occurrence_id)
    it = about.it
    asked = read(said, it, about.ground.rules.zone)
    done = await page.runtime.programme.edit(
        session,
        about.schedule.id,
        it.original_at or it.start_at,
        asked.scope,
        asked.change,
        revision=asked.revision,
        user_id=page.me.id,
    )
    changes = [ProgrammeChanged(it.place_id, "schedule", schedule.id) for schedule in done.schedules]
    act = Act(session, page.runtime, page.me)
    await act.done(
        "edit_schedule", f"programme_change/{done.change.id}", it.place_id, *changes, change=done.change.what
    )
    return {"id": _goes_on_as(it, done)}


def _goes_on_as(it: Occurrence, done: Changed) -> str:
    """The airing that people now hear where they would have heard this one."""
    added = done.followed.added
    if it.state is not OccurrenceState.CANCELLED or not added:
        return it.id
    own = [row for row in added if row.replaces_id == it.id]
    return min(own or added, key=lambda row: abs(row.start_at - it.start_at)).id


async def _about(page: Page, session: AsyncSession, occurrence_id: str) -> _About:
    """Raises NotFound, Forbidden, Conflict: occurrence_over; is_emergency for what no schedule made."""
    it = await page.runtime.programme.occurrence(session, occurrence_id)
    page.me.require(Permission.SCHEDULE, it.place_id)
    if it.schedule_id is None:
        raise Conflict("server.airing_single")
    schedule = await page.runtime.programme.schedule(session, it.schedule_id)
    return _About(it, schedule, await grounds.load(session, page.runtime.devices, it.place_id))


async def _names(session: AsyncSession, about: _About) -> dict[str, str]:
    return names_of(about.ground, await repository.place_and_zone_names(session, about.it.place_id))


async def _form(
    page: Page, occurrence_id: str, said: ImmutableMultiDict[str, Any] | None, error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        about = await _about(page, session, occurrence_id)
        it, ground = about.it, about.ground
        approved = await page.runtime.announcements.list(
            session, it.place_id, state=AnnouncementState.APPROVED, limit=ROWS
        )
        choices = {view.announcement.id: view.announcement.title for view in approved}
        if it.announcement_id is not None and it.announcement_id not in choices:
            own = await page.runtime.announcements.get(session, it.announcement_id)
            choices = {it.announcement_id: own.announcement.title} | choices
        places = await audience.choices(session, page, ground)
        names = await _names(session, about)
        newer = await rows.latest_of(session, about.schedule.id, it.original_at or it.start_at)
    return page.html(
        "changes/airing.html",
        error=error,
        it=it,
        schedule=about.schedule,
        newer=newer.id if newer is not None and newer.id != it.id else "",
        form=blank(it, ground.rules.zone) if said is None else typed(said),
        nearest=_nearest(error),
        choices=choices,
        places=places,
        chosen=Chosen(KEEP) if said is None else chosen_of(said),
        whom=whom(page, names, read_audience(it.audience)),
        then=after_giving_way(page, Preempted(it.preempted, it.stale_s)),
        thens={each.value: text for each, text in THEN.items()},
        rule=blank_rule(it, ground.rules.zone, page.today)
        if said is None or "repeat" not in said
        else rule_form.read(said),
        weekdays=weekday_names(page.locale),
        festivals=[(key, each.names[page.locale], each) for key, each in FESTIVALS.items()],
    )


def _nearest(error: LoaError | None) -> str:
    """The time of the same day that a refusal offers instead; empty when it offers none."""
    offered = str(error.params.get("nearest", "")) if error is not None else ""
    return offered if len(offered) == len("HH:MM") else ""
