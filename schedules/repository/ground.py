"""Queries on the places that audiences name."""

from sqlalchemy import select as pick
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.models import Place


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
