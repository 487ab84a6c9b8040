"""Every query on sounds and renditions."""

from collections.abc import Collection, Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audio.models import AssetReport, AudioAsset, DictionaryWord, Rendition


async def add(session: AsyncSession, asset: AudioAsset, renditions: Sequence[Rendition], report: AssetReport) -> None:
    """Write an asset, then its renditions and what was found in it."""
    session.add(asset)
    await session.flush()
    session.add_all([*renditions, report])
    await session.flush()


async def report(session: AsyncSession, asset_id: str) -> AssetReport | None:
    """What was found in a sound; sounds of the first versions have none."""
    return await session.get(AssetReport, asset_id)


async def words(session: AsyncSession, commune_id: str) -> list[DictionaryWord]:
    """A commune's dictionary, in the order of what is written."""
    query = select(DictionaryWord).where(col(DictionaryWord.commune_id) == commune_id)
    return list(await session.scalars(query.order_by(col(DictionaryWord.written))))


async def word(session: AsyncSession, commune_id: str, written: str) -> DictionaryWord | None:
    """One word of a commune's dictionary."""
    return await session.get(DictionaryWord, (commune_id, written))


async def add_word(session: AsyncSession, new: DictionaryWord) -> DictionaryWord:
    """Write a new word; where somebody has written it at the same moment, theirs."""
    try:
        async with session.begin_nested():
            session.add(new)
    except IntegrityError:
        return await session.get_one(DictionaryWord, (new.commune_id, new.written))
    return new


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
