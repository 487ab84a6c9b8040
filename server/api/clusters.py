"""Clusters: what they are, how they are, how their day was, what they will hear."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from base.times import from_ms
from devices.models import ClusterKind, Presence
from devices.views import ClusterView, FleetSummary
from server.api.shapes import PROBLEMS, Limit, Moment, Name, Page, Shown
from server.auth.guard import Viewer
from server.auth.permissions import Permission
from server.deps import RuntimeOf

router = APIRouter(tags=["clusters"], responses=PROBLEMS)


class HealthOut(Shown):
    """The last heartbeat of the device that sounds a cluster.

    `wake`: minutes of the UTC day, [[from, to), …], in which it has its link; null: always.
    """

    heard_at: Moment | None
    volume: int | None
    power: str | None
    battery_pct: int | None
    link: str | None
    signal_dbm: int | None
    temperature_c: int | None
    storage_free_kib: int | None
    storage_total_kib: int | None
    clock_state: str | None
    clock_bound_ms: int | None
    clock_offset_ms: int | None
    uptime_s: int | None
    playing: list[str]
    faults: list[str]
    quiet_until: Moment | None
    wake: list[list[int]] | None
    carrier: str


class ClusterOut(Shown):
    """A cluster; `inferred` when its presence is its gateway's, because it says nothing itself.

    receiver: what its gateway knows of a wireless one: `answered` or `silent` at the last call, `assumed`,
    `no_transmitter`.
    """

    id: str
    name: str
    kind: ClusterKind
    commune_id: str
    village_id: str
    village_name: str = ""
    device_id: str | None
    gateway_name: str | None = None
    code: str
    link: str
    power: str
    languages: list[str]
    speakers: int
    lat: float | None
    lon: float | None
    presence: Presence = Presence.NEVER
    inferred: bool = False
    receiver: str | None = None
    health: HealthOut | None = None


class SummaryOut(Shown):
    """How many clusters there are, by presence."""

    smart_total: int
    smart_online: int
    smart_late: int
    smart_lost: int
    smart_quiet: int
    smart_never: int
    wireless_total: int
    wireless_reachable: int


class SlotOut(Shown):
    """Ten minutes of heartbeats."""

    slot_at: Moment
    beats: int
    signal_min_dbm: int | None
    battery_min_pct: int | None
    temperature_max_c: int | None
    faults: list[str]


class PresenceOut(Shown):
    """A change of presence."""

    at: Moment
    presence: Presence


class HistoryOut(Shown):
    """How a device's day was, oldest first."""

    slots: list[SlotOut]
    changes: list[PresenceOut]


class HeardOut(Shown):
    """One uninterrupted stretch of sound."""

    occurrence: str
    start_at: Moment
    ends_at: Moment


@router.get("/clusters")
async def of_commune(
    *,
    who: Viewer,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    presence: Presence | None = None,
    kind: ClusterKind | None = None,
    search: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[Name | None, Query()] = None,
    limit: Limit = 50,
) -> Page[ClusterOut]:
    """A commune's clusters."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        views = await runtime.devices.clusters(
            session, place_id, presence=presence, kind=kind, search=search, after=after, limit=limit + 1
        )
    shown = [_shown(view) for view in views[:limit]]
    return Page(items=shown, next=shown[-1].id if len(views) > limit else None)


@router.get("/places/{place_id}/fleet")
async def fleet(place_id: Name, who: Viewer, runtime: RuntimeOf) -> SummaryOut:
    """A commune's clusters in numbers."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        summary: FleetSummary = await runtime.devices.fleet_summary(session, place_id)
    return SummaryOut.model_validate(summary)


@router.get("/clusters/{cluster_id}")
async def get(cluster_id: Name, who: Viewer, runtime: RuntimeOf) -> ClusterOut:
    """One cluster with its device's health."""
    async with runtime.database.reading() as session:
        view = await runtime.devices.cluster(session, cluster_id)
    who.require(Permission.VIEW, view.cluster.commune_id)
    return _shown(view)


@router.get("/clusters/{cluster_id}/history")
async def history(
    cluster_id: Name,
    who: Viewer,
    runtime: RuntimeOf,
    since: Annotated[Moment | None, Query(description="a day ago when not given")] = None,
    until: Annotated[Moment | None, Query(description="now when not given")] = None,
) -> HistoryOut:
    """Heartbeats and changes of presence of the device that sounds it; at most 40 days are kept."""
    end = until or runtime.clock()
    async with runtime.database.reading() as session:
        view = await runtime.devices.cluster(session, cluster_id)
        who.require(Permission.VIEW, view.cluster.commune_id)
        if view.cluster.device_id is None:
            return HistoryOut(slots=[], changes=[])
        found = await runtime.devices.history(session, view.cluster.device_id, since or end - timedelta(days=1), end)
    return HistoryOut.model_validate(found)


@router.get("/clusters/{cluster_id}/programme")
async def programme(
    cluster_id: Name, who: Viewer, runtime: RuntimeOf, day: Annotated[date | None, Query()] = None
) -> Page[HeardOut]:
    """What the cluster will hear on a local day, by the very rules it follows."""
    async with runtime.database.reading() as session:
        view = await runtime.devices.cluster(session, cluster_id)
        who.require(Permission.VIEW, view.cluster.commune_id)
        zone = ZoneInfo(who.places.zone_name(view.cluster.commune_id))
        rehearsal = await runtime.programme.hear(session, cluster_id, day or _today(runtime.clock(), zone))
    return Page(
        items=[
            HeardOut(occurrence=each.occurrence, start_at=from_ms(each.from_ms), ends_at=from_ms(each.to_ms))
            for each in rehearsal.heard
        ]
    )


def _today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def _shown(view: ClusterView) -> ClusterOut:
    return ClusterOut.model_validate(view.cluster).model_copy(
        update={
            "village_name": view.village_name,
            "gateway_name": view.gateway_name,
            "presence": view.presence,
            "inferred": view.inferred,
            "receiver": view.receiver,
            "health": None if view.state is None or view.inferred else HealthOut.model_validate(view.state),
        }
    )
