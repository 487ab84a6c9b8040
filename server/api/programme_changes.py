"""Changes of the programme: airings, copies, undoing, pauses; each done once, however often it is asked for."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from devices.wire.orders import AfterPreemption, PlayClass
from schedules.changes import ProgrammeChanged
from schedules.copying import MAX_DAYS
from schedules.editing import Changed
from schedules.edits import Change, Scope
from schedules.pauses import NOTE_LENGTH, Occasion, Pause
from schedules.pausing import Paused
from schedules.plans import STALE_S, Preempted
from server.acts import Act
from server.api.idempotent import Repeatable
from server.api.rule_shapes import RuleIn
from server.api.schedules import ScheduleOut
from server.api.shapes import PROBLEMS, AudienceIn, Id, Moment, MomentIn, Name, Shown, Strict
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.idempotency import Answer
from server.runtime import Runtime

router = APIRouter(tags=["programme"], responses=PROBLEMS)

Scheduler = Annotated[Who, Depends(allow(Permission.SCHEDULE))]


class PreemptedIn(Strict):
    """What becomes of it when it has to give way; stale_s: how long after its beginning it may be taken up again."""

    then: AfterPreemption
    stale_s: Annotated[int | None, Field(ge=STALE_S[0], le=STALE_S[1])] = None


class AiringChange(Strict):
    """What is to be different, of this airing, of it and those that follow, or of all still to come.

    time and day: for one airing; rule: for several. cancel: nothing is heard. revision: of the schedule that was seen.
    """

    scope: Scope
    time: Annotated[str | None, Field(max_length=5, description="HH:MM")] = None
    day: date | None = None
    rule: RuleIn | None = None
    announcement_id: Id | None = None
    audience: AudienceIn | None = None
    volume: Annotated[int | None, Field(ge=0, le=100)] = None
    preempted: PreemptedIn | None = None
    cancel: bool = False
    revision: int | None = None


class CopyIn(Strict):
    """So many days from `first` on are heard again `by_days` later."""

    first: date
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 1
    by_days: Annotated[int, Field(ge=-366, le=366)]


class PauseIn(Strict):
    """Nothing up to a class is heard by those meant; the occasion `other` needs a note."""

    audience: AudienceIn = AudienceIn()
    start: MomentIn
    end: MomentIn
    occasion: Occasion
    note: Annotated[str, Field(max_length=NOTE_LENGTH)] = ""
    up_to: PlayClass = PlayClass.PRIORITY


class ChangedOut(Shown):
    """The schedules as they are now; how many occurrences are new, say something new, or are called off."""

    schedules: list[ScheduleOut]
    added: int
    changed: int
    called_off: int


class PauseOut(Shown):
    """A pause, and how many airings with the speakers were called off, cut down or replaced."""

    id: str
    start: Moment
    end: Moment
    changed: int


@router.patch("/schedules/{schedule_id}/airings/{original}", response_model=ChangedOut)
async def change_airing(
    schedule_id: Id, original: MomentIn, body: AiringChange, who: Scheduler, once: Repeatable
) -> JSONResponse:
    """Change the airing whose rule gives it this moment; what the speakers have is replaced with it."""

    async def work(act: Act) -> Answer:
        found = await act.runtime.programme.schedule(act.session, schedule_id)
        act.require(Permission.SCHEDULE, found.place_id)
        change = await change_of(act.runtime, act.session, found.place_id, body)
        done = await act.runtime.programme.edit(
            act.session, schedule_id, original, body.scope, change, revision=body.revision, user_id=who.id
        )
        return await changed_out(act, "edit_schedule", found.place_id, done)

    return await once(who, body, work)


@router.post("/places/{place_id}/programme/copies", status_code=201, response_model=ChangedOut)
async def copy(place_id: Name, body: CopyIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Copy what is heard on some days to other days."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        _, done = await act.runtime.programme.copy(
            act.session, place_id, body.first, body.days, by_days=body.by_days, user_id=who.id
        )
        return await changed_out(act, "copy_programme", place_id, done)

    return await once(who, body, work, status=201)


class Nothing(Strict):
    """An empty body."""


class UndoAsked(Strict):
    """change_id: of the change that was seen; without it the last one is meant, whichever that is by now."""

    change_id: Id | None = None


@router.post("/places/{place_id}/programme/undo", response_model=ChangedOut)
async def undo(place_id: Name, body: UndoAsked, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Take back the last change of a place's programme. 409 when it is no longer the one that was seen."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        done = await act.runtime.programme.undo(act.session, place_id, who.id, change_id=body.change_id)
        return await changed_out(act, "undo_programme", place_id, done)

    return await once(who, body, work)


@router.post("/places/{place_id}/pauses", status_code=201, response_model=PauseOut)
async def pause(place_id: Name, body: PauseIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Leave somebody in peace for a time."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        wanted = pause_of(body, who.id)
        return await _paused(act, "pause", await act.runtime.programme.pause(act.session, place_id, wanted))

    return await once(who, body, work, status=201)


@router.post("/places/{place_id}/pauses/{pause_id}/end", response_model=PauseOut)
async def end_pause(place_id: Name, pause_id: Id, body: Nothing, who: Scheduler, once: Repeatable) -> JSONResponse:
    """End a pause early; what it would still have silenced is heard again."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        done = await act.runtime.programme.end_pause(act.session, pause_id, who.id)
        act.require(Permission.SCHEDULE, done.pause.place_id)
        return await _paused(act, "end_pause", done)

    return await once(who, body, work)


async def change_of(runtime: Runtime, session: AsyncSession, place_id: str, body: AiringChange) -> Change:
    """A change as the schedules take it. Raises Refused."""
    rule, way = None, body.preempted
    if body.rule is not None:
        rule = body.rule.rule(await runtime.programme.zone(session, place_id, body.rule.zone_name))
    return Change(
        time=body.time,
        day=body.day,
        rule=rule,
        announcement=body.announcement_id,
        audience=None if body.audience is None else body.audience.audience(),
        volume=body.volume,
        preempted=None if way is None else Preempted(way.then, way.stale_s),
        cancel=body.cancel,
    )


def pause_of(body: PauseIn, user_id: str) -> Pause:
    """A pause that is not written yet. Raises Refused."""
    whom = body.audience.audience()
    return Pause(new_id(), whom, body.start, body.end, body.occasion, user_id, body.note, body.up_to)


async def changed_out(act: Act, action: str, place_id: str, done: Changed) -> Answer:
    """What a change came to, told to the audit and to open pages."""
    changes = [ProgrammeChanged(place_id, "schedule", schedule.id) for schedule in done.schedules]
    await act.done(action, f"programme_change/{done.change.id}", place_id, *changes, change=done.change.what)
    shown: dict[str, Any] = ChangedOut(
        schedules=[ScheduleOut.model_validate(schedule) for schedule in done.schedules],
        added=len(done.followed.added),
        changed=len(done.followed.changed),
        called_off=len(done.followed.called_off),
    ).model_dump(mode="json")
    return shown


async def _paused(act: Act, action: str, done: Paused) -> Answer:
    row = done.pause
    changed = ProgrammeChanged(row.place_id, "pause", row.id)
    await act.done(action, f"pause/{row.id}", row.place_id, changed, occasion=row.occasion)
    end = row.end_at if row.ended_at is None else min(row.end_at, row.ended_at)
    count = sum(done.remedies.values())
    shown: dict[str, Any] = PauseOut(id=row.id, start=row.start_at, end=end, changed=count).model_dump(mode="json")
    return shown
