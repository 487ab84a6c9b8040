"""Changes of the programme looked at before they are made, what was changed, and the pauses: nothing here is kept."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from base.errors import LoaError
from devices.wire.audience import Audience
from devices.wire.orders import AfterPreemption, PlayClass
from schedules.differences import Aired, Difference
from schedules.models import PauseRow, ProgrammeChange
from schedules.pauses import Occasion
from schedules.plans import Planned, airings
from schedules.trying import CopyEffect, Effect
from server.api.programme_changes import AiringChange, CopyIn, PauseIn, Scheduler, change_of, pause_of
from server.api.shapes import PROBLEMS, AudienceIn, Id, Moment, MomentIn, Name, Page, Shown
from server.auth.guard import Viewer
from server.auth.permissions import Permission
from server.deps import RuntimeOf
from server.i18n import negotiate, translate_error

router = APIRouter(tags=["programme"], responses=PROBLEMS)

PAST = 50
CHANGES = 20


class AiredOut(Shown):
    """One airing as people hear it; with_speakers: its order was written already."""

    start: Moment
    title: str
    announcement_id: str
    audience: AudienceIn
    volume: int
    preempted: AfterPreemption
    stale_s: int | None
    with_speakers: bool


class DifferenceOut(Shown):
    """before null: it would be new; after null: no longer heard."""

    before: AiredOut | None
    after: AiredOut | None


class MeetingOut(Shown):
    """Two airings that would sound at once; clusters 0: on a transmitter. wins: title of the higher class."""

    start: Moment
    end: Moment
    title: str
    other: str
    clusters: int
    wins: str | None


class EffectOut(Shown):
    """What would be heard otherwise, whom it would meet, and the single changes that a new rule would give up."""

    differences: list[DifferenceOut]
    meetings: list[MeetingOut]
    dropped: list[Moment]


class RefusalOut(Shown):
    """Why it would be refused."""

    code: str
    detail: str
    params: dict[str, Any]


class PlannedOut(Shown):
    """An airing that a copy would bring, or that is there already, or past."""

    start: Moment
    title: str
    announcement_id: str


class CopyLookOut(Shown):
    """What a copy would bring; refusal: why it would be refused as a whole."""

    new: list[PlannedOut]
    already: list[PlannedOut]
    past: list[PlannedOut]
    meetings: list[dict[str, Any]]
    refusal: RefusalOut | None


class MissedOut(Shown):
    """One airing that a cluster would not hear."""

    occurrence_id: str
    title: str
    start: Moment
    end: Moment
    with_speakers: bool


class PauseLookOut(Shown):
    """Cluster → what it would miss, of what is planned so far."""

    clusters: dict[str, list[MissedOut]]


class PauseShown(Shown):
    """A pause. ended_at: it was ended early, or called off."""

    id: str
    place_id: str
    audience: AudienceIn
    start_at: Moment
    end_at: Moment
    occasion: Occasion
    note: str
    up_to: PlayClass
    created_by: str
    created_at: Moment
    ended_by: str | None
    ended_at: Moment | None


class ChangeShown(Shown):
    """A change of the programme, and the schedules it touched."""

    id: str
    what: str
    by: str
    at: Moment
    undone_at: Moment | None
    schedules: list[str]


@router.post("/schedules/{schedule_id}/airings/{original}/look")
async def look_at_change(
    schedule_id: Id, original: MomentIn, body: AiringChange, who: Scheduler, runtime: RuntimeOf
) -> EffectOut:
    """What a change of an airing would do; it is refused as the change would be."""
    async with runtime.database.writing() as session:
        found = await runtime.programme.schedule(session, schedule_id)
        who.require(Permission.SCHEDULE, found.place_id)
        change = await change_of(runtime, session, found.place_id, body)
        effect = await runtime.programme.trials.edit(
            session,
            schedule_id,
            original,
            body.scope,
            change,
            revision=body.revision,
            now=runtime.clock(),
            user_id=who.id,
        )
    return _effect(effect)


@router.post("/places/{place_id}/programme/copies/look")
async def look_at_copy(
    place_id: Name, body: CopyIn, who: Scheduler, runtime: RuntimeOf, request: Request
) -> CopyLookOut:
    """What a copy would bring and meet, what is there already or past, and whether it would be refused."""
    who.require(Permission.SCHEDULE, place_id)
    async with runtime.database.writing() as session:
        effect = await runtime.programme.trials.copy(
            session, place_id, body.first, body.days, by_days=body.by_days, now=runtime.clock(), user_id=who.id
        )
    return _copy(effect, negotiate(request))


@router.post("/places/{place_id}/pauses/look")
async def look_at_pause(place_id: Name, body: PauseIn, who: Scheduler, runtime: RuntimeOf) -> PauseLookOut:
    """What each cluster would miss in a pause that is not written yet."""
    who.require(Permission.SCHEDULE, place_id)
    pauses, pause = runtime.programme.pauses, pause_of(body, who.id)
    async with runtime.database.reading() as session:
        missed, rows = await pauses.missed_rows(session, place_id, pause, runtime.clock())
    return PauseLookOut(
        clusters={
            cluster: [
                MissedOut(
                    occurrence_id=slot.occurrence,
                    title=rows[slot.occurrence].title,
                    start=slot.start,
                    end=slot.end,
                    with_speakers=rows[slot.occurrence].state.value == "issued",
                )
                for slot in slots
            ]
            for cluster, slots in missed.items()
        }
    )


@router.get("/places/{place_id}/pauses")
async def pauses(
    place_id: Name, who: Viewer, runtime: RuntimeOf, *, over: Annotated[bool, Query()] = False
) -> Page[PauseShown]:
    """The pauses that hold or are to come; with `over`, the last of those that are over."""
    who.require(Permission.VIEW, place_id)
    desk, now = runtime.programme.pauses, runtime.clock()
    async with runtime.database.reading() as session:
        found: list[PauseRow] = (
            await desk.over(session, place_id, now, PAST) if over else await desk.to_come(session, place_id, now)
        )
    return Page(items=[PauseShown.model_validate(row) for row in found])


@router.get("/places/{place_id}/programme/changes")
async def changes(place_id: Name, who: Viewer, runtime: RuntimeOf) -> Page[ChangeShown]:
    """The last changes of a place's programme, latest first; `undo` takes back the first that was not undone."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.history.changes(session, place_id, CHANGES)
    return Page(items=[_change(row) for row in found])


def _effect(effect: Effect) -> EffectOut:
    return EffectOut(
        differences=[_difference(each) for each in effect.differences],
        meetings=[MeetingOut.model_validate(each) for each in effect.meetings],
        dropped=list(effect.dropped),
    )


def _difference(found: Difference) -> DifferenceOut:
    return DifferenceOut(before=_aired(found.before), after=_aired(found.after))


def _aired(aired: Aired | None) -> AiredOut | None:
    if aired is None:
        return None
    return AiredOut(
        start=aired.start,
        title=aired.title,
        announcement_id=aired.announcement,
        audience=_audience(aired.audience),
        volume=aired.volume,
        preempted=aired.preempted.then,
        stale_s=aired.preempted.stale_s,
        with_speakers=aired.ordered,
    )


def _audience(audience: Audience) -> AudienceIn:
    return AudienceIn(
        places=list(audience.places),
        zones=list(audience.zones),
        clusters=list(audience.clusters),
        but=list(audience.but),
    )


def _copy(effect: CopyEffect, locale: str) -> CopyLookOut:
    def shown(found: Iterable[Planned]) -> list[PlannedOut]:
        return [
            PlannedOut(start=each.start, title=effect.titles.get(each.plan, ""), announcement_id=each.announcement)
            for each in found
        ]

    copied = effect.copied
    begins = min((plan.rule.begins() for plan in copied.plans), default=None)
    new = [] if begins is None else airings(copied.plans, begins, begins + timedelta(days=9))
    return CopyLookOut(
        new=shown(new),
        already=shown(copied.already),
        past=shown(copied.past),
        meetings=[
            {
                "start": each.start,
                "end": each.end,
                "titles": [effect.titles.get(name.split(" ")[0], "") for name in (each.first, each.second)],
                "clusters": len(each.clusters),
            }
            for each in copied.meets
        ],
        refusal=_refusal(effect.refusal, locale),
    )


def _refusal(error: LoaError | None, locale: str) -> RefusalOut | None:
    if error is None:
        return None
    return RefusalOut(code=error.code, detail=translate_error(locale, error), params=error.params)


def _change(row: ProgrammeChange) -> ChangeShown:
    names = sorted({str(each["id"]) for each in (*row.before, *row.after)})
    return ChangeShown(id=row.id, what=row.what, by=row.by, at=row.at, undone_at=row.undone_at, schedules=names)
