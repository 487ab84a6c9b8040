"""Queries of the as-run log: the airings of a time, and what is proved of them, one by one or those alike at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    distinct,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from devices.models import Cluster, ClusterKind, Delivery, DeliveryState
from devices.repository.tables import table
from devices.wire.content import SILENT_STREAM
from devices.wire.orders import Status
from schedules.asrun import FINAL, Claim
from schedules.models import Announcement, ApprovalStep, Emergency, Occurrence, OccurrenceState, Off

_CLUSTER, _DELIVERY, _OCCURRENCE = table(Cluster).c, table(Delivery).c, table(Occurrence).c


class Airing(NamedTuple):
    """An occurrence as far as the log tells of it."""

    id: str
    place_id: str
    title: str
    start_at: datetime
    ends_at: datetime
    expires_at: datetime
    play_class: int
    level: int
    status: Status
    audience: dict[str, Any]
    paused: list[str]
    state: OccurrenceState
    off: Off | None
    reason: str
    clusters: int


class Listed(NamedTuple):
    """A cluster that is or was in a place, also when it is retired."""

    id: str
    name: str
    kind: ClusterKind
    village_id: str
    commune_id: str
    device_id: str | None
    languages: list[str]


class Proved(NamedTuple):
    """What is proved of one airing in one cluster. languages: JSON, of the cluster when it was ordered."""

    occurrence_id: str
    cluster_id: str
    village_id: str
    device_id: str | None
    languages: str
    state: DeliveryState
    reason: str
    started_at: datetime | None
    start_bound_ms: int | None
    sounded_ms: int


class Group(NamedTuple):
    """Clusters of which the same is known of one airing. villages: ids with commas; first: the first of the clusters.

    gateway: what transmits to them, of wireless ones.
    """

    occurrence_id: str
    wireless: bool
    gateway: str | None
    languages: str
    state: DeliveryState
    reason: str
    began: bool
    sounded_ms: int
    clusters: int
    villages: str
    first: str


class Sum(NamedTuple):
    """How often one thing may be said of a cluster's airings, and how long they sounded in all."""

    cluster_id: str
    village_id: str
    claim: Claim
    airings: int
    sounded_ms: int


class Which(NamedTuple):
    """Of which airings and clusters. village, cluster: only there; claims: only of these, any when there are none."""

    occurrence_ids: Collection[str]
    communes: Collection[str]
    village: str | None = None
    cluster: str | None = None
    claims: Collection[Claim] = ()


async def airings(
    session: AsyncSession, place_ids: Collection[str], start: datetime, end: datetime, limit: int
) -> list[Airing]:
    """What begins in [start, end), first to last."""
    query = select(*(_OCCURRENCE[name] for name in Airing._fields)).where(
        _OCCURRENCE.place_id.in_(place_ids), _OCCURRENCE.start_at >= start, _OCCURRENCE.start_at < end
    )
    found = await session.execute(query.order_by(_OCCURRENCE.start_at, _OCCURRENCE.id).limit(limit))
    return [Airing(*row) for row in found.all()]


async def listed(session: AsyncSession, communes: Collection[str]) -> list[Listed]:
    """Every cluster these communes have or had, by id."""
    query = select(*(_CLUSTER[name] for name in Listed._fields)).where(_CLUSTER.commune_id.in_(communes))
    return [Listed(*row) for row in (await session.execute(query.order_by(_CLUSTER.id))).all()]


async def groups(session: AsyncSession, which: Which, now: datetime) -> list[Group]:
    """What is proved of airings, clusters of which the same is known taken together."""
    base = _proved(which, now)
    same = [base.c[name] for name in Group._fields[:8]]
    listing = func.string_agg(distinct(base.c.village_id), ",")
    if session.get_bind().dialect.name == "sqlite":
        listing = func.group_concat(distinct(base.c.village_id))
    query = select(*same, func.count(), listing, func.min(base.c.cluster_id)).group_by(*same)
    return [Group(*row) for row in (await session.execute(query)).all()]


async def sums(session: AsyncSession, which: Which, now: datetime) -> list[Sum]:
    """Of each cluster, how often what may be said of the programme there."""
    base = _proved(which, now, actual=True)
    same = (base.c.cluster_id, base.c.village_id, base.c.claim)
    query = select(*same, func.count(), func.sum(base.c.sounded_ms)).group_by(*same)
    found = (await session.execute(query)).all()
    return [Sum(cluster, village, Claim(claim), count, int(ms)) for cluster, village, claim, count, ms in found]


async def proved(
    session: AsyncSession, which: Which, now: datetime, *, after: tuple[datetime, str, str] | None, limit: int
) -> list[Proved]:
    """Row by row, in order of time, occurrence and cluster; `after`: the last that was seen."""
    base = _proved(which, now)
    order = (base.c.start_at, base.c.occurrence_id, base.c.cluster_id)
    query = select(*(base.c[name] for name in Proved._fields))
    if after is not None:
        start, occurrence_id, cluster_id = after
        same = and_(base.c.start_at == start, tuple_(*order[1:]) > tuple_(occurrence_id, cluster_id))
        query = query.where(or_(base.c.start_at > start, same))
    return [Proved(*row) for row in (await session.execute(query.order_by(*order).limit(limit))).all()]


async def on_air(session: AsyncSession, which: Which) -> dict[tuple[str, str], list[str]]:
    """Occurrence and gateway → the languages (JSON) of the wireless clusters it transmitted to, by cluster."""
    languages = _languages().label("languages")
    query = (
        select(_DELIVERY.occurrence_id, _DELIVERY.device_id, languages, func.min(_DELIVERY.cluster_id))
        .join(table(Cluster), _CLUSTER.id == _DELIVERY.cluster_id)
        .where(_DELIVERY.occurrence_id.in_(which.occurrence_ids), _CLUSTER.kind == ClusterKind.WIRELESS)
        .group_by(_DELIVERY.occurrence_id, _DELIVERY.device_id, languages)
        .order_by(func.min(_DELIVERY.cluster_id))
    )
    found: dict[tuple[str, str], list[str]] = {}
    for occurrence_id, device_id, spoken, _ in (await session.execute(query)).all():
        found.setdefault((occurrence_id, device_id), []).append(spoken)
    return found


async def delivered(session: AsyncSession, occurrence_ids: Collection[str]) -> set[tuple[str, str]]:
    """Occurrence and cluster of every order, of these occurrences."""
    query = select(_DELIVERY.occurrence_id, _DELIVERY.cluster_id).where(_DELIVERY.occurrence_id.in_(occurrence_ids))
    return {(row[0], row[1]) for row in (await session.execute(query)).all()}


async def approvals(
    session: AsyncSession, place_ids: Collection[str], start: datetime, end: datetime, limit: int
) -> Sequence[tuple[ApprovalStep, str]]:
    """What was approved or sent back in [start, end), first to last, with the announcements' titles."""
    steps, texts = table(ApprovalStep).c, table(Announcement).c
    query: Select[Any] = (
        select(ApprovalStep, texts.title)
        .join(table(Announcement), texts.id == steps.announcement_id)
        .where(texts.place_id.in_(place_ids), steps.at >= start, steps.at < end)
        .where(steps.action.in_(("approve", "send_back")))
        .order_by(steps.at, steps.id)
        .limit(limit)
    )
    return [(step, title) for step, title in (await session.execute(query)).all()]


async def emergencies(
    session: AsyncSession, place_ids: Collection[str], start: datetime, end: datetime, limit: int
) -> Sequence[Emergency]:
    """The emergencies and drills that began in [start, end)."""
    columns = table(Emergency).c
    query = select(Emergency).where(
        columns.place_id.in_(place_ids), columns.started_at >= start, columns.started_at < end
    )
    return list(await session.scalars(query.order_by(columns.started_at, columns.id).limit(limit)))


def _proved(which: Which, now: datetime, *, actual: bool = False) -> Subquery:
    wireless = _CLUSTER.kind == ClusterKind.WIRELESS
    village = func.coalesce(_DELIVERY.village_id, _CLUSTER.village_id)
    began = _DELIVERY.started_at.is_not(None)
    said = _claim(now)
    query = (
        select(
            _DELIVERY.occurrence_id,
            _DELIVERY.cluster_id,
            village.label("village_id"),
            _DELIVERY.device_id,
            wireless.label("wireless"),
            case((wireless, _DELIVERY.device_id)).label("gateway"),
            _languages().label("languages"),
            _DELIVERY.state,
            _DELIVERY.reason,
            began.label("began"),
            _DELIVERY.started_at,
            _DELIVERY.start_bound_ms,
            _DELIVERY.sounded_ms,
            said.label("claim"),
            _OCCURRENCE.start_at,
        )
        .join(table(Occurrence), _OCCURRENCE.id == _DELIVERY.occurrence_id)
        .join(table(Cluster), _CLUSTER.id == _DELIVERY.cluster_id)
        .where(_DELIVERY.occurrence_id.in_(which.occurrence_ids), _DELIVERY.commune_id.in_(which.communes))
        # What the plans no longer asked for was not to sound; where it did, before they changed, it stays.
        .where(or_(_OCCURRENCE.off.is_(None), _OCCURRENCE.off != Off.NOT_WANTED, began, _DELIVERY.sounded_ms > 0))
    )
    if actual:
        query = query.where(_OCCURRENCE.status == Status.ACTUAL)
    if which.village is not None:
        query = query.where(village == which.village)
    if which.cluster is not None:
        query = query.where(_DELIVERY.cluster_id == which.cluster)
    if which.claims:
        query = query.where(said.in_([each.value for each in which.claims]))
    return query.subquery()


def _languages() -> ColumnElement[str]:
    return cast(func.coalesce(_DELIVERY.languages, _CLUSTER.languages), String)


def _claim(now: datetime) -> ColumnElement[str]:
    """`schedules.asrun.claim`, as the database computes it."""
    wireless = _CLUSTER.kind == ClusterKind.WIRELESS
    sent = or_(wireless, _DELIVERY.state == DeliveryState.TRANSMITTED)
    whole = _DELIVERY.state.in_([DeliveryState.PLAYED, DeliveryState.TRANSMITTED])
    return case(
        (and_(whole, sent), Claim.TRANSMITTED.value),
        (and_(whole, _DELIVERY.reason == SILENT_STREAM), Claim.PARTLY.value),
        (whole, Claim.PLAYED.value),
        (and_(_DELIVERY.state.in_(sorted(FINAL)), _DELIVERY.sounded_ms == 0), Claim.SILENT.value),
        (and_(_DELIVERY.state.in_(sorted(FINAL)), wireless), Claim.TRANSMITTED.value),
        (_DELIVERY.state.in_(sorted(FINAL)), Claim.PARTLY.value),
        (_OCCURRENCE.expires_at > now, Claim.AHEAD.value),
        (_DELIVERY.started_at.is_(None), Claim.NO_WORD.value),
        else_=Claim.BEGAN.value,
    )
