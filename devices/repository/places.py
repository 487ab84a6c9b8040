"""Queries on places, clusters' addresses, and zones."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import Cluster, Device, Place, Zone, ZoneMember
from devices.repository.tables import insert_new, table, upsert, values
from devices.views import ClusterNode, PlaceNode, ZoneView

PLACE, CLUSTER = table(Place), table(Cluster)
"""For questions about a whole commune: a thousand plain rows cost a tenth of as many objects."""
NODE = tuple(PLACE.c[name] for name in PlaceNode._fields)
"""The columns of a `PlaceNode`."""


async def all_places(session: AsyncSession) -> Sequence[Place]:
    return (await session.scalars(select(Place))).all()


async def place_nodes(session: AsyncSession) -> list[PlaceNode]:
    """Every place."""
    return [PlaceNode(*row) for row in (await session.execute(select(*NODE))).all()]


async def lineages(session: AsyncSession, place_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Each place and all above it, from the lowest to the country."""
    line = (
        select(col(Place.id).label("origin"), col(Place.id).label("id"), col(Place.parent_id).label("parent"))
        .where(col(Place.id).in_(place_ids))
        .cte("line", recursive=True)
    )
    above = select(line.c.origin, col(Place.id), col(Place.parent_id)).join(line, col(Place.id) == line.c.parent)
    line = line.union_all(above)
    found = await session.execute(select(line.c.origin, line.c.id, line.c.parent))
    parents: dict[str, dict[str, str | None]] = {}
    for origin, place_id, parent in found:
        parents.setdefault(origin, {})[place_id] = parent
    return {origin: tuple(_upwards(origin, known)) for origin, known in parents.items()}


def _upwards(origin: str, parents: Mapping[str, str | None]) -> list[str]:
    line: list[str] = []
    at: str | None = origin
    while at is not None and at in parents:
        line.append(at)
        at = parents[at]
    return line


def is_active(commune_id: str) -> ColumnElement[bool]:
    """Whether a cluster is one of that commune and not retired."""
    return and_(CLUSTER.c.commune_id == commune_id, CLUSTER.c.retired_at.is_(None))


async def active_clusters(session: AsyncSession, commune_id: str) -> Sequence[Cluster]:
    """The clusters of a commune that are not retired, by name."""
    found = await session.scalars(select(Cluster).where(is_active(commune_id)).order_by(col(Cluster.id)))
    return found.all()


async def cluster_nodes(session: AsyncSession, commune_id: str) -> list[ClusterNode]:
    """The same as plain rows."""
    columns = [CLUSTER.c[name] for name in ClusterNode._fields]
    found = await session.execute(select(*columns).where(is_active(commune_id)).order_by(CLUSTER.c.id))
    return [ClusterNode(*row) for row in found.all()]


async def parts_known(session: AsyncSession, commune_id: str) -> dict[str, frozenset[str]]:
    """Device that has said hello → the later kinds of parts it named."""
    said = col(Device.firmware) != ""
    found = await session.execute(
        select(col(Device.id), col(Device.parts)).where(col(Device.commune_id) == commune_id, said)
    )
    return {device_id: frozenset(parts or ()) for device_id, parts in found}


async def cluster_languages(session: AsyncSession, commune_id: str) -> dict[str, tuple[str, ...]]:
    """Active cluster → its languages in order."""
    found = await session.execute(select(CLUSTER.c.id, CLUSTER.c.languages).where(is_active(commune_id)))
    return {cluster_id: tuple(languages) for cluster_id, languages in found}


async def zone_members(session: AsyncSession, commune_id: str) -> dict[str, list[str]]:
    """Zone → its clusters, for every zone of a commune that has any."""
    found = await session.execute(
        select(col(ZoneMember.zone_id), col(ZoneMember.cluster_id))
        .join(Zone, col(Zone.id) == col(ZoneMember.zone_id))
        .where(col(Zone.commune_id) == commune_id)
        .order_by(col(ZoneMember.zone_id), col(ZoneMember.cluster_id))
    )
    members: dict[str, list[str]] = {}
    for zone_id, cluster_id in found:
        members.setdefault(zone_id, []).append(cluster_id)
    return members


async def zones(session: AsyncSession, commune_id: str) -> list[ZoneView]:
    """The commune's zones by name, each with its clusters."""
    found = await session.execute(
        select(Zone, col(ZoneMember.cluster_id))
        .outerjoin(ZoneMember, col(ZoneMember.zone_id) == col(Zone.id))
        .where(col(Zone.commune_id) == commune_id)
        .order_by(col(Zone.name), col(Zone.id), col(ZoneMember.cluster_id))
    )
    members: dict[str, tuple[Zone, list[str]]] = {}
    for zone_row, cluster_id in found:
        _, clusters = members.setdefault(zone_row.id, (zone_row, []))
        if cluster_id is not None:
            clusters.append(cluster_id)
    return [ZoneView(zone_row, tuple(clusters)) for zone_row, clusters in members.values()]


async def zone(session: AsyncSession, zone_id: str) -> Zone | None:
    return await session.get(Zone, zone_id)


async def save_zone(session: AsyncSession, row: Zone, cluster_ids: Collection[str]) -> None:
    """Insert or change a zone, and make its members exactly these."""
    await upsert(session, Zone, [values(row)])
    await session.execute(
        delete(ZoneMember).where(col(ZoneMember.zone_id) == row.id, col(ZoneMember.cluster_id).not_in(cluster_ids))
    )
    await insert_new(session, ZoneMember, [{"zone_id": row.id, "cluster_id": each} for each in cluster_ids])


async def save_places(session: AsyncSession, rows: Sequence[Place]) -> None:
    """Insert or change places; parents come before their children."""
    await upsert(session, Place, [values(row) for row in rows])


async def save_clusters(session: AsyncSession, rows: Sequence[Cluster]) -> None:
    """Insert or change clusters; which device sounds them, and whether they are retired, stays as it is."""
    kept = {"device_id", "retired_at"}
    described = [{name: value for name, value in values(row).items() if name not in kept} for row in rows]
    await upsert(session, Cluster, described)


async def clusters_of_devices(session: AsyncSession, device_ids: Collection[str]) -> dict[str, list[Cluster]]:
    """Device → the active clusters it sounds or transmits for, its own first."""
    found = await session.scalars(
        select(Cluster)
        .where(col(Cluster.device_id).in_(device_ids), col(Cluster.retired_at).is_(None))
        .order_by(col(Cluster.kind), col(Cluster.id))
    )
    clusters: dict[str, list[Cluster]] = {}
    for row in found:
        clusters.setdefault(str(row.device_id), []).append(row)
    return clusters


async def cluster_owners(session: AsyncSession, cluster_ids: Collection[str]) -> dict[str, Any]:
    """Cluster → its commune, for those that exist."""
    found = await session.execute(
        select(col(Cluster.id), col(Cluster.commune_id)).where(col(Cluster.id).in_(cluster_ids))
    )
    return {row[0]: row[1] for row in found}


async def zones_of_clusters(session: AsyncSession, cluster_ids: Collection[str]) -> dict[str, list[str]]:
    """Cluster → the zones it is in."""
    found = await session.execute(
        select(col(ZoneMember.cluster_id), col(ZoneMember.zone_id))
        .where(col(ZoneMember.cluster_id).in_(cluster_ids))
        .order_by(col(ZoneMember.cluster_id), col(ZoneMember.zone_id))
    )
    zones: dict[str, list[str]] = {}
    for cluster_id, zone_id in found:
        zones.setdefault(cluster_id, []).append(zone_id)
    return zones
