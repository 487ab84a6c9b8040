"""Queries on authority keys."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import AuthorityKey


async def present_key(session: AsyncSession, authority_id: str) -> AuthorityKey | None:
    """The key of the highest epoch that signs."""
    found = await session.scalars(
        select(AuthorityKey)
        .where(
            col(AuthorityKey.authority_id) == authority_id,
            col(AuthorityKey.retired_at).is_(None),
            col(AuthorityKey.signing_from).is_not(None),
        )
        .order_by(col(AuthorityKey.epoch).desc())
        .limit(1)
    )
    return found.first()


async def all_keys(session: AsyncSession, authority_ids: Collection[str] | None = None) -> list[AuthorityKey]:
    """Every key of these authorities (of all, when None), retired ones too, by authority and epoch."""
    query = select(AuthorityKey).order_by(col(AuthorityKey.authority_id), col(AuthorityKey.epoch))
    if authority_ids is not None:
        query = query.where(col(AuthorityKey.authority_id).in_(authority_ids))
    return list(await session.scalars(query))


async def unretired_keys(session: AsyncSession, authority_ids: Collection[str]) -> list[AuthorityKey]:
    found = await session.scalars(
        select(AuthorityKey)
        .where(col(AuthorityKey.authority_id).in_(authority_ids), col(AuthorityKey.retired_at).is_(None))
        .order_by(col(AuthorityKey.authority_id), col(AuthorityKey.epoch))
    )
    return list(found)


async def public_key(session: AsyncSession, authority_id: str, epoch: int) -> bytes | None:
    """The public half of any epoch, retired or not."""
    found = await session.get(AuthorityKey, (authority_id, epoch))
    return None if found is None else found.public


async def add_key(session: AsyncSession, key: AuthorityKey) -> None:
    session.add(key)
    await session.flush()
