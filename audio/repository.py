"""Every query on sounds and renditions."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audio.models import AudioAsset, Rendition


async def add(session: AsyncSession, asset: AudioAsset, renditions: Sequence[Rendition]) -> None:
    """Write an asset, then its renditions."""
    session.add(asset)
    await session.flush()
    session.add_all(renditions)
    await session.flush()


async def asset(session: AsyncSession, asset_id: str) -> AudioAsset | None:
    """One asset by id."""
    return await session.get(AudioAsset, asset_id)


async def recent(session: AsyncSession, commune_id: str, limit: int, before: str | None) -> list[AudioAsset]:
    """A commune's assets, newest first, older than the id `before`. Ids are ULIDs: their order is that of time."""
    query = select(AudioAsset).where(col(AudioAsset.commune_id) == commune_id)
    if before is not None:
        query = query.where(col(AudioAsset.id) < before)
    return list(await session.scalars(query.order_by(col(AudioAsset.id).desc()).limit(limit)))


async def renditions(session: AsyncSession, asset_ids: Collection[str]) -> list[Rendition]:
    """All renditions of these assets, in one query."""
    if not asset_ids:
        return []
    query = select(Rendition).where(col(Rendition.asset_id).in_(asset_ids))
    return list(await session.scalars(query))
