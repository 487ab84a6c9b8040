"""The lock that puts those who plan in one place in order: each judges what the one before has planned."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from devices.repository.places import PLACE


async def lock_place(session: AsyncSession, place_id: str) -> None:
    """Whoever plans in this place waits here for who does so already; nobody else waits."""
    await session.execute(select(PLACE.c.id).where(PLACE.c.id == place_id).with_for_update(key_share=True))


async def lock_free_places(session: AsyncSession, place_ids: Collection[str]) -> set[str]:
    """Those of these places nobody plans in, locked."""
    if not place_ids:
        return set()
    query = select(PLACE.c.id).where(PLACE.c.id.in_(place_ids)).order_by(PLACE.c.id)
    return set(await session.scalars(query.with_for_update(key_share=True, skip_locked=True)))
