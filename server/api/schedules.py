"""Schedules: when and where an announcement recurs."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from devices.wire.orders import AfterPreemption, PlayClass
from schedules.changes import ProgrammeChanged
from schedules.models import Schedule, ScheduleState
from schedules.plans import STALE_S
from server.acts import Act, acting
from server.api.idempotent import Repeatable
from server.api.rule_shapes import RuleIn
from server.api.shapes import PROBLEMS, AudienceIn, Id, Moment, Name, Page, Shown
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.idempotency import Answer

router = APIRouter(prefix="/schedules", tags=["schedules"], responses=PROBLEMS)

Scheduler = Annotated[Who, Depends(allow(Permission.SCHEDULE))]


class ScheduleIn(RuleIn):
    """What is heard, when, by whom, and how loud.

    preempted: what becomes of it when it has to give way; stale_s: how long after its beginning it may still be taken
    up again.
    """

    announcement_id: Id
    title: Annotated[str, Field(max_length=200)] = ""
    audience: AudienceIn = AudienceIn()
    volume: Annotated[int, Field(ge=0, le=100)] = 80
    preempted: AfterPreemption = AfterPreemption.RESUME
    stale_s: Annotated[int | None, Field(ge=STALE_S[0], le=STALE_S[1])] = None


class ScheduleOut(Shown):
    """A schedule. rule: everything of it that is kept; since, until: the part of the rule that is this schedule's.

    overrides: single airings that differ, each under the local time its rule gives it. follows_id: split from that one.
    """

    id: str
    place_id: str
    announcement_id: str
    title: str
    rrule: str
    times: list[str]
    first_day: date
    last_day: date | None
    zone_name: str
    rule: dict[str, Any]
    overrides: list[dict[str, Any]]
    since: Moment | None
    until: Moment | None
    follows_id: str | None
    play_class: PlayClass
    audience: AudienceIn
    volume: int
    preempted: AfterPreemption
    stale_s: int | None
    state: ScheduleState
    planned_until: Moment | None
    revision: int
    created_by: str
    created_at: Moment


@router.get("")
async def of_place(
    who: Viewer, runtime: RuntimeOf, place_id: Annotated[Name, Query()], state: ScheduleState | None = None
) -> Page[ScheduleOut]:
    """A place's schedules, newest first."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.schedules(session, place_id, state=state)
    return Page(items=[ScheduleOut.model_validate(schedule) for schedule in found])


@router.post("", status_code=201, response_model=ScheduleOut)
async def create(body: ScheduleIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Make a schedule, with its occurrences up to the horizon."""

    async def work(act: Act) -> Answer:
        announcement = await act.runtime.announcements.find(act.session, body.announcement_id)
        act.require(Permission.SCHEDULE, announcement.place_id)
        zone = await act.runtime.programme.zone(act.session, announcement.place_id, body.zone_name)
        made = await act.runtime.programme.create_schedule(
            act.session,
            announcement_id=announcement.id,
            title=body.title,
            rule=body.rule(zone),
            audience=body.audience.audience(),
            volume=body.volume,
            preempted=body.preempted,
            stale_s=body.stale_s,
            user_id=who.id,
        )
        await _done(act, "create_schedule", made)
        return ScheduleOut.model_validate(made).model_dump(mode="json")

    return await once(who, body, work, status=201)


@router.get("/{schedule_id}")
async def get(schedule_id: Id, who: Viewer, runtime: RuntimeOf) -> ScheduleOut:
    """One schedule."""
    async with runtime.database.reading() as session:
        found = await runtime.programme.schedule(session, schedule_id)
    who.require(Permission.VIEW, found.place_id)
    return ScheduleOut.model_validate(found)


@router.post("/{schedule_id}/end")
async def end(schedule_id: Id, who: Scheduler, runtime: RuntimeOf) -> ScheduleOut:
    """Call off what it still had ahead; what speakers already hold is cancelled by a signed order."""
    async with acting(runtime, who) as act:
        found = await runtime.programme.schedule(act.session, schedule_id)
        act.require(Permission.SCHEDULE, found.place_id)
        ended = await runtime.programme.end_schedule(act.session, schedule_id, who.id)
        await _done(act, "end_schedule", ended)
    return ScheduleOut.model_validate(ended)


async def _done(act: Act, action: str, schedule: Schedule) -> None:
    changed = ProgrammeChanged(schedule.place_id, "schedule", schedule.id)
    await act.done(action, f"schedule/{schedule.id}", schedule.place_id, changed, title=schedule.title)
