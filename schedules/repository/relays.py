"""Queries on stations, and on the sessions that relay them."""

from collections.abc import Collection

from sqlalchemy import String, cast, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from schedules.models import Announcement, AnnouncementState, RelaySource


async def one(session: AsyncSession, source_id: str, *, lock: bool = False) -> RelaySource | None:
    """One station; with `lock`, nobody else changes it, or composes a session of it, until the transaction ends."""
    return await session.get(RelaySource, source_id, with_for_update=lock or None, populate_existing=lock)


async def of_place(session: AsyncSession, place_id: str, *, retired: bool) -> list[RelaySource]:
    """A place's stations by name; the retired ones, or the others."""
    ended = col(RelaySource.retired_at)
    query = select(RelaySource).where(col(RelaySource.place_id) == place_id)
    query = query.where(ended.is_not(None) if retired else ended.is_(None))
    return list(await session.scalars(query.order_by(col(RelaySource.name), col(RelaySource.id))))


async def many(session: AsyncSession, ids: Collection[str]) -> dict[str, RelaySource]:
    """Those of these ids that exist, locked."""
    if not ids:
        return {}
    query = select(RelaySource).where(col(RelaySource.id).in_(ids)).order_by(col(RelaySource.id))
    found = await session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {source.id: source for source in found}


async def count(session: AsyncSession, place_id: str) -> int:
    """How many stations a place has that are not retired."""
    query = select(func.count()).where(col(RelaySource.place_id) == place_id, col(RelaySource.retired_at).is_(None))
    return await session.scalar(query) or 0


async def sessions_with(session: AsyncSession, source: RelaySource) -> list[str]:
    """The ids of the sessions that relay a station and are not put away, in their order."""
    query = select(Announcement.id).where(
        col(Announcement.place_id) == source.place_id,
        col(Announcement.state) != AnnouncementState.ARCHIVED,
        # An id is like no other text: where it stands in a composition, the station does.
        cast(col(Announcement.composition), String).contains(source.id),
    )
    return list(await session.scalars(query.order_by(col(Announcement.id))))
