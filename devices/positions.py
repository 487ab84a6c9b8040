"""Where a cluster stands and a village lies, as far as somebody has said."""

import math

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from devices.models import Cluster, Place

Position = tuple[float, float]
"""Decimal degrees, north and east."""


async def place_cluster(session: AsyncSession, cluster_id: str, at: Position | None) -> Cluster:
    """Say where a cluster stands; None: it is not known. Raises NotFound, Refused("devices.position_wrong")."""
    cluster = await session.get(Cluster, cluster_id)
    if cluster is None:
        raise NotFound("devices.cluster_unknown", cluster_id=cluster_id[:48])
    _put(cluster, at)
    await session.flush()
    return cluster


async def place_place(session: AsyncSession, place_id: str, at: Position | None) -> Place:
    """Say where a village, or another place, lies. Raises as `place_cluster` does."""
    place = await session.get(Place, place_id)
    if place is None:
        raise NotFound("devices.place_unknown", place_id=place_id[:48])
    _put(place, at)
    await session.flush()
    return place


def _put(row: Cluster | Place, at: Position | None) -> None:
    if at is None:
        row.lat = row.lon = None
        return
    lat, lon = at
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise Refused("devices.position_wrong")
    row.lat, row.lon = lat, lon
