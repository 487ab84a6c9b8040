"""Queries on the places and zones that audiences name."""

from sqlalchemy import select as pick
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.models import Place, Zone, ZoneMember


async def above(session: AsyncSession, place_id: str) -> list[Place]:
    """A place and everything above it; empty when there is none of that name."""
    start = pick(col(Place.id), col(Place.parent_id)).where(col(Place.id) == place_id).cte("above", recursive=True)
    upwards = start.union(pick(col(Place.id), col(Place.parent_id)).join(start, col(Place.id) == start.c.parent_id))
    return list(await session.scalars(select(Place).join(upwards, col(Place.id) == upwards.c.id)))


async def below(session: AsyncSession, place_id: str) -> list[Place]:
    """A place and everything below it."""
    start = pick(col(Place.id)).where(col(Place.id) == place_id).cte("below", recursive=True)
    downwards = start.union(pick(col(Place.id)).join(start, col(Place.parent_id) == start.c.id))
    return list(await session.scalars(select(Place).join(downwards, col(Place.id) == downwards.c.id)))


async def zone_members(session: AsyncSession, place_id: str) -> dict[str, frozenset[str]]:
    """Every zone of a commune with its clusters, also one that is empty."""
    query = (
        pick(col(Zone.id), col(ZoneMember.cluster_id))
        .outerjoin(ZoneMember, col(ZoneMember.zone_id) == col(Zone.id))
        .where(col(Zone.commune_id) == place_id)
    )
    found: dict[str, set[str]] = {}
    for zone_id, cluster_id in await session.execute(query):
        found.setdefault(zone_id, set()).update({cluster_id} - {None})
    return {zone_id: frozenset(clusters) for zone_id, clusters in found.items()}
