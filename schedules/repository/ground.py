"""Queries on the places that audiences name."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import Place
from devices.repository.places import NODE
from devices.views import PlaceNode


async def around(session: AsyncSession, place_id: str) -> list[PlaceNode]:
    """A place, everything above it and everything below it; empty when there is none of that name."""
    start = select(col(Place.id), col(Place.parent_id)).where(col(Place.id) == place_id)
    above = start.cte("above", recursive=True)
    above = above.union(select(col(Place.id), col(Place.parent_id)).join(above, col(Place.id) == above.c.parent_id))
    below = start.cte("below", recursive=True)
    below = below.union(select(col(Place.id), col(Place.parent_id)).join(below, col(Place.parent_id) == below.c.id))
    found = select(above.c.id).union(select(below.c.id)).subquery()
    return [PlaceNode(*row) for row in await session.execute(select(*NODE).join(found, col(Place.id) == found.c.id))]
