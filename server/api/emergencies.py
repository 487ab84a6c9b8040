"""Emergencies and drills: prepared, looked at, started, stopped, cleared, countersigned."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from devices.wire.orders import Status
from schedules.changes import EmergencyChanged
from schedules.models import Emergency, EmergencyState, TemplateKind
from server.acts import Act, acting
from server.api.idempotent import Repeatable
from server.api.shapes import PROBLEMS, AudienceIn, Id, Limit, Moment, Name, Page, Shown, Strict, page_of
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.idempotency import Answer

router = APIRouter(tags=["emergencies"], responses=PROBLEMS)

# Whoever may only drill passes this door too; `_needed` asks for the right permission by what is started.
Stager = Annotated[Who, Depends(allow(Permission.DRILL))]
Signer = Annotated[Who, Depends(allow(Permission.EMERGENCY))]


class TemplateOut(Shown):
    """A prepared emergency; held_at: since when it lies in every message bank."""

    id: str
    place_id: str
    key: str
    kind: TemplateKind
    titles: dict[str, str]
    tone: str
    texts: dict[str, str]
    assets: dict[str, str]
    repeat_count: int
    repeat_gap_s: int
    lasts_s: int
    held_at: Moment | None


class PreviewIn(Strict):
    """Who would hear it."""

    audience: AudienceIn = AudienceIn()


class PreviewOut(Shown):
    """What would happen: whom it reaches, what they hear, and which clusters cannot be reached now."""

    smart: int
    wireless: int
    villages: list[str]
    people: int
    unreachable: list[str]
    texts: dict[str, str]
    tone: str


class EmergencyIn(Strict):
    """What to start, for whom; `drill` is an exercise."""

    template_id: Id
    audience: AudienceIn = AudienceIn()
    status: Literal[Status.ACTUAL, Status.DRILL]


class EmergencyOut(Shown):
    """An emergency or a drill."""

    id: str
    place_id: str
    template_id: str
    title: str
    status: Status
    audience: AudienceIn
    occurrence_id: str
    clear_occurrence_id: str | None
    state: EmergencyState
    started_by: str
    started_at: Moment
    expires_at: Moment
    ended_by: str | None
    ended_at: Moment | None
    countersigned_by: str | None
    countersigned_at: Moment | None


@router.get("/places/{place_id}/emergency-templates")
async def templates(place_id: Name, who: Viewer, runtime: RuntimeOf) -> Page[TemplateOut]:
    """What a place has prepared."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.emergencies.templates(session, place_id)
    return Page(items=[TemplateOut.model_validate(template) for template in found])


@router.post("/emergency-templates/{template_id}/preview")
async def preview(template_id: Id, body: PreviewIn, who: Stager, runtime: RuntimeOf) -> PreviewOut:
    """Exactly what would happen, before it does."""
    async with runtime.database.reading() as session:
        found = await runtime.emergencies.preview(session, template_id, body.audience.audience())
    who.require(Permission.DRILL, found.template.place_id)
    return PreviewOut.model_validate(found)


@router.get("/emergencies")
async def of_place(
    *,
    who: Viewer,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    state: EmergencyState | None = None,
    before: Annotated[Id | None, Query()] = None,
    limit: Limit = 50,
) -> Page[EmergencyOut]:
    """A place's emergencies and drills, newest first."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.emergencies.list(session, place_id, state=state, before=before, limit=limit + 1)
    return page_of(found, [EmergencyOut.model_validate(each) for each in found], limit, "id")


@router.post("/emergencies", status_code=201, response_model=EmergencyOut)
async def launch(body: EmergencyIn, who: Stager, once: Repeatable) -> JSONResponse:
    """Order it to sound now. It pre-empts whatever plays."""

    async def work(act: Act) -> Answer:
        emergency = await act.runtime.emergencies.launch(
            act.session,
            template_id=body.template_id,
            audience=body.audience.audience(),
            status=body.status,
            user_id=who.id,
        )
        act.require(_needed(emergency), emergency.place_id)
        return await _done(act, "launch_emergency", emergency)

    return await once(who, body, work, status=201)


@router.get("/emergencies/{emergency_id}")
async def get(emergency_id: Id, who: Viewer, runtime: RuntimeOf) -> EmergencyOut:
    """One emergency. Its proof is that of its occurrence."""
    async with runtime.database.reading() as session:
        found = await runtime.emergencies.get(session, emergency_id)
    who.require(Permission.VIEW, found.place_id)
    return EmergencyOut.model_validate(found)


@router.post("/emergencies/{emergency_id}/stop")
async def stop(emergency_id: Id, who: Stager, runtime: RuntimeOf) -> EmergencyOut:
    """End it without telling people."""
    async with acting(runtime, who) as act:
        found = await runtime.emergencies.get(act.session, emergency_id)
        act.require(_needed(found), found.place_id)
        ended = await runtime.emergencies.stop(act.session, emergency_id, who.id)
        await _done(act, "stop_emergency", ended)
    return EmergencyOut.model_validate(ended)


@router.post("/emergencies/{emergency_id}/all-clear")
async def all_clear(emergency_id: Id, who: Stager, runtime: RuntimeOf) -> EmergencyOut:
    """End it and tell people so."""
    async with acting(runtime, who) as act:
        found = await runtime.emergencies.get(act.session, emergency_id)
        act.require(_needed(found), found.place_id)
        ended = await runtime.emergencies.all_clear(act.session, emergency_id, who.id)
        await _done(act, "all_clear", ended)
    return EmergencyOut.model_validate(ended)


@router.post("/emergencies/{emergency_id}/countersign")
async def countersign(emergency_id: Id, who: Signer, runtime: RuntimeOf) -> EmergencyOut:
    """A second person confirms it."""
    async with acting(runtime, who) as act:
        found = await runtime.emergencies.get(act.session, emergency_id)
        act.require(Permission.EMERGENCY, found.place_id)
        signed = await runtime.emergencies.countersign(act.session, emergency_id, who.id)
        await _done(act, "countersign_emergency", signed)
    return EmergencyOut.model_validate(signed)


def _needed(emergency: Emergency) -> Permission:
    return Permission.DRILL if emergency.status is Status.DRILL else Permission.EMERGENCY


async def _done(act: Act, action: str, emergency: Emergency) -> Answer:
    what, place_id = f"emergency/{emergency.id}", emergency.place_id
    changed = EmergencyChanged(place_id, emergency.id)
    await act.done(action, what, place_id, changed, title=emergency.title, status=emergency.status.value)
    return EmergencyOut.model_validate(emergency).model_dump(mode="json")
