"""Queries on clusters with their devices, states and histories."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from devices.models import (
    BeatSlot,
    Cluster,
    ClusterKind,
    Device,
    DeviceState,
    Place,
    Presence,
    PresenceChange,
)
from devices.views import ClusterView

_GATEWAY: Any = aliased(Cluster)
"""The smart cluster of the device that transmits for a wireless one."""


def _views() -> Select[Any]:
    return (
        select(Cluster, col(Place.name), Device, DeviceState, _GATEWAY.name)
        .join(Place, col(Place.id) == col(Cluster.village_id))
        .outerjoin(Device, col(Device.id) == col(Cluster.device_id))
        .outerjoin(DeviceState, col(DeviceState.device_id) == col(Cluster.device_id))
        .outerjoin(
            _GATEWAY,
            (_GATEWAY.device_id == col(Cluster.device_id))
            & (col(Cluster.kind) == ClusterKind.WIRELESS)
            & (_GATEWAY.kind == ClusterKind.SMART),
        )
    )


def _view(row: Any) -> ClusterView:
    cluster, village_name, device, state, gateway_name = row
    wireless = cluster.kind is ClusterKind.WIRELESS
    return ClusterView(
        cluster=cluster,
        village_name=village_name,
        device=device,
        state=state,
        presence=Presence.NEVER if state is None else state.presence,
        inferred=wireless,
        gateway_name=(gateway_name or cluster.device_id) if wireless else None,
    )


async def cluster_views(
    session: AsyncSession,
    commune_id: str,
    *,
    presence: Presence | None,
    kind: ClusterKind | None,
    search: str,
    after: str | None,
    limit: int,
) -> list[ClusterView]:
    """Active clusters of a commune by id, each with all that is shown of it; one query."""
    query = _views().where(col(Cluster.commune_id) == commune_id, col(Cluster.retired_at).is_(None))
    if kind is not None:
        query = query.where(col(Cluster.kind) == kind)
    if presence is not None:
        query = query.where(func.coalesce(col(DeviceState.presence), Presence.NEVER.value) == presence.value)
    if search:
        named = (col(Cluster.id), col(Cluster.name), col(Place.name))
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in named)))
    if after is not None:
        query = query.where(col(Cluster.id) > after)
    found = await session.execute(query.order_by(col(Cluster.id)).limit(limit))
    return [_view(row) for row in found]


async def cluster_view(session: AsyncSession, cluster_id: str) -> ClusterView | None:
    found = (await session.execute(_views().where(col(Cluster.id) == cluster_id))).first()
    return None if found is None else _view(found)


async def presence_counts(session: AsyncSession, commune_id: str) -> dict[tuple[ClusterKind, Presence], int]:
    """How many active clusters there are of each kind and presence."""
    query = (
        select(col(Cluster.kind), col(DeviceState.presence), func.count())
        .outerjoin(DeviceState, col(DeviceState.device_id) == col(Cluster.device_id))
        .where(col(Cluster.commune_id) == commune_id, col(Cluster.retired_at).is_(None))
        .group_by(col(Cluster.kind), col(DeviceState.presence))
    )
    counts: dict[tuple[ClusterKind, Presence], int] = {}
    for kind, presence, count in await session.execute(query):
        key = kind, presence or Presence.NEVER
        counts[key] = counts.get(key, 0) + count
    return counts


async def beat_slots(session: AsyncSession, device_id: str, since: datetime, until: datetime) -> list[BeatSlot]:
    found = await session.scalars(
        select(BeatSlot)
        .where(col(BeatSlot.device_id) == device_id, col(BeatSlot.slot_at) >= since, col(BeatSlot.slot_at) < until)
        .order_by(col(BeatSlot.slot_at))
    )
    return list(found)


async def presence_changes(
    session: AsyncSession, device_id: str, since: datetime, until: datetime
) -> list[PresenceChange]:
    """The changes of a span, oldest first, and the last one before it, which says how the span began."""
    mine = select(PresenceChange).where(col(PresenceChange.device_id) == device_id)
    before = await session.scalars(
        mine.where(col(PresenceChange.at) < since).order_by(col(PresenceChange.at).desc()).limit(1)
    )
    inside = await session.scalars(
        mine.where(col(PresenceChange.at) >= since, col(PresenceChange.at) < until).order_by(col(PresenceChange.at))
    )
    return [*before, *inside]


async def device(session: AsyncSession, device_id: str) -> Device | None:
    return await session.get(Device, device_id)


async def devices_of(session: AsyncSession, device_ids: Sequence[str] | None = None) -> Sequence[Device]:
    """These devices, or all that are not revoked."""
    query = select(Device).order_by(col(Device.id))
    narrowed = (
        query.where(col(Device.revoked_at).is_(None))
        if device_ids is None
        else query.where(col(Device.id).in_(device_ids))
    )
    return (await session.scalars(narrowed)).all()


async def state(session: AsyncSession, device_id: str) -> DeviceState | None:
    return await session.get(DeviceState, device_id)
