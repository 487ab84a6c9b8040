"""Occurrences: the calendar, what is proved of each airing, and calling one off."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from devices.models import ClusterKind, DeliveryState
from devices.views import DeliveryCounts, DeliveryView
from devices.wire.orders import Level, PlayClass, Status
from schedules.changes import ProgrammeChanged
from schedules.models import Occurrence, OccurrenceState
from server.acts import acting
from server.api.shapes import PROBLEMS, AudienceIn, Id, Limit, Moment, MomentIn, Name, Page, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.runtime import Runtime

router = APIRouter(tags=["occurrences"], responses=PROBLEMS)

Stopper = Annotated[Who, Depends(allow(Permission.STOP))]


class Counts(Shown):
    """How many clusters stand at each state of proof; wireless ones are never `played`, only `transmitted`."""

    smart: dict[DeliveryState, int] = Field(default_factory=dict)
    wireless: dict[DeliveryState, int] = Field(default_factory=dict)


class OccurrenceOut(Shown):
    """One planned airing at one time."""

    id: str
    place_id: str
    schedule_id: str | None
    announcement_id: str | None
    emergency_id: str | None
    title: str
    start_at: Moment
    ends_at: Moment
    expires_at: Moment
    immediate: bool
    play_class: PlayClass
    level: Level
    status: Status
    audience: AudienceIn
    volume: int
    state: OccurrenceState
    reason: str
    clusters: int
    people: int
    created_by: str
    created_at: Moment
    counts: Counts = Counts()


class OccurrenceDetail(OccurrenceOut):
    """With the start skew between clusters: milliseconds each began after (or before) the planned moment."""

    start_skew_ms: list[int] = Field(default_factory=list)


class DeliveryOut(Shown):
    """What is proved of an airing in one cluster; every moment is the device's own."""

    cluster_id: str
    cluster_name: str
    village_id: str
    village_name: str
    kind: ClusterKind
    state: DeliveryState
    ordered_at: Moment
    has_order_at: Moment | None
    stored_at: Moment | None
    started_at: Moment | None
    start_bound_ms: int | None
    finished_at: Moment | None
    sounded_ms: int
    reason: str


class Reason(Strict):
    """Why it is called off; people see it."""

    reason: Annotated[str, Field(max_length=200)] = ""


class StopAll(Strict):
    """Up to which class to stop: 3 stops everything, emergencies too."""

    up_to: PlayClass = PlayClass.EMERGENCY


class Stopped(Shown):
    """How many orders went out."""

    orders: int


@router.get("/occurrences")
async def of_place(
    *,
    who: Viewer,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    start: Annotated[MomentIn | None, Query(description="from; now when not given")] = None,
    end: Annotated[MomentIn | None, Query(description="to; a day after the start when not given")] = None,
    limit: Limit = 100,
) -> Page[OccurrenceOut]:
    """A place's airings between two moments, first to last; `next` is the `start` to go on with."""
    who.require(Permission.VIEW, place_id)
    begin = start or runtime.clock()
    until = end or begin + timedelta(days=1)
    async with runtime.database.reading() as session:
        found = await runtime.programme.occurrences(session, place_id, begin, until, limit + 1)
        counts = await runtime.devices.delivery_counts(session, [each.id for each in found])
    items = [_shown(each, counts.get(each.id)) for each in found[:limit]]
    return Page(items=items, next=_isoformat(found[limit].start_at) if len(found) > limit else None)


@router.get("/occurrences/{occurrence_id}")
async def get(occurrence_id: Id, who: Viewer, runtime: RuntimeOf) -> OccurrenceDetail:
    """One airing and how far it is proved."""
    async with runtime.database.reading() as session:
        found = await runtime.programme.occurrence(session, occurrence_id)
        who.require(Permission.VIEW, found.place_id)
        counts = await runtime.devices.delivery_counts(session, [occurrence_id])
        skew = await runtime.devices.start_skew(session, occurrence_id)
    shown = _shown(found, counts.get(occurrence_id))
    return OccurrenceDetail(**shown.model_dump(), start_skew_ms=skew)


@router.get("/occurrences/{occurrence_id}/deliveries")
async def deliveries(
    *,
    occurrence_id: Id,
    who: Viewer,
    runtime: RuntimeOf,
    state: DeliveryState | None = None,
    after: Annotated[Name | None, Query(description="the last cluster already seen")] = None,
    limit: Limit = 50,
) -> Page[DeliveryOut]:
    """Cluster by cluster."""
    async with runtime.database.reading() as session:
        found = await runtime.programme.occurrence(session, occurrence_id)
        who.require(Permission.VIEW, found.place_id)
        views = await runtime.devices.deliveries(session, occurrence_id, after=after, limit=limit + 1, state=state)
    items = [_delivery(view) for view in views[:limit]]
    return Page(items=items, next=items[-1].cluster_id if len(views) > limit else None)


@router.post("/occurrences/{occurrence_id}/cancel")
async def cancel(occurrence_id: Id, body: Reason, who: Stopper, runtime: RuntimeOf) -> OccurrenceOut:
    """Call off one airing, also while it sounds."""
    async with acting(runtime, who) as act:
        found = await runtime.programme.occurrence(act.session, occurrence_id)
        act.require(Permission.STOP, found.place_id)
        cancelled = await runtime.programme.cancel_occurrence(act.session, occurrence_id, who.id, body.reason)
        changed = ProgrammeChanged(cancelled.place_id, "occurrence", occurrence_id)
        await act.done(
            "cancel_occurrence", f"occurrence/{occurrence_id}", cancelled.place_id, changed, reason=body.reason
        )
    return await shown_occurrence(runtime, cancelled)


@router.post("/places/{place_id}/stop-all")
async def stop_all(place_id: Name, body: StopAll, who: Stopper, runtime: RuntimeOf) -> Stopped:
    """End what sounds now in every cluster of a place; what is planned for later stays."""
    async with acting(runtime, who) as act:
        act.require(Permission.STOP, place_id)
        entries = await runtime.programme.stop_all(act.session, place_id, who.id, body.up_to)
        changed = ProgrammeChanged(place_id, "occurrence", "")
        await act.done("stop_all", f"place/{place_id}", place_id, changed, up_to=int(body.up_to))
    return Stopped(orders=len(entries))


async def shown_occurrence(runtime: Runtime, occurrence: Occurrence) -> OccurrenceOut:
    """An occurrence with its counts."""
    async with runtime.database.reading() as session:
        counts = await runtime.devices.delivery_counts(session, [occurrence.id])
    return _shown(occurrence, counts.get(occurrence.id))


def _shown(occurrence: Occurrence, counts: DeliveryCounts | None) -> OccurrenceOut:
    shown = OccurrenceOut.model_validate(occurrence)
    if counts is None:
        return shown
    return shown.model_copy(update={"counts": Counts(smart=dict(counts.smart), wireless=dict(counts.wireless))})


def _delivery(view: DeliveryView) -> DeliveryOut:
    named = {
        "cluster_name": view.cluster_name,
        "village_id": view.village_id,
        "village_name": view.village_name,
        "kind": view.kind,
    }
    return DeliveryOut.model_validate(view.delivery.model_dump() | named)


def _isoformat(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
