"""Queries on return files that were taken in."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.couriers.models import (
    CourierReturn,
    LastReturn,
)
from devices.repository.tables import insert_new, upsert, values


async def last_returns(session: AsyncSession, device_ids: Collection[str]) -> dict[str, LastReturn]:
    found = await session.scalars(select(LastReturn).where(col(LastReturn.device_id).in_(device_ids)))
    return {row.device_id: row for row in found}


async def save_last_return(session: AsyncSession, row: LastReturn) -> None:
    await upsert(session, LastReturn, [values(row)])


async def is_taken(session: AsyncSession, digest: bytes) -> bool:
    """Whether that very return file came before."""
    return await session.get(CourierReturn, digest) is not None


async def add_return(session: AsyncSession, row: CourierReturn) -> None:
    await insert_new(session, CourierReturn, [values(row)])


async def returns(session: AsyncSession, device_ids: Collection[str], limit: int) -> Sequence[CourierReturn]:
    """Return files of these devices, the last received first."""
    found = await session.scalars(
        select(CourierReturn)
        .where(col(CourierReturn.device_id).in_(device_ids))
        .order_by(col(CourierReturn.received_at).desc())
        .limit(limit)
    )
    return found.all()
