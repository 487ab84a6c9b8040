"""Queries on the places that audiences name."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.repository.places import NODE, PLACE
from devices.views import PlaceNode
from schedules.models import HolidayOverride


async def around(session: AsyncSession, place_id: str) -> list[PlaceNode]:
    """A place, everything above it and everything below it; empty when there is none of that name."""
    start = select(PLACE.c.id, PLACE.c.parent_id).where(PLACE.c.id == place_id)
    above = start.cte("above", recursive=True)
    above = above.union(select(PLACE.c.id, PLACE.c.parent_id).join(above, PLACE.c.id == above.c.parent_id))
    below = start.cte("below", recursive=True)
    below = below.union(select(PLACE.c.id, PLACE.c.parent_id).join(below, PLACE.c.parent_id == below.c.id))
    found = select(above.c.id).union(select(below.c.id)).subquery()
    rows = await session.execute(select(*NODE).join(found, PLACE.c.id == found.c.id))
    return [PlaceNode(*row) for row in rows.all()]


async def holidays(session: AsyncSession, place_ids: Collection[str]) -> list[HolidayOverride]:
    """What these places say of the public holidays."""
    query = select(HolidayOverride).where(col(HolidayOverride.place_id).in_(place_ids))
    return list(await session.scalars(query))
