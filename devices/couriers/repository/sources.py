"""Queries on what a bundle is made of: devices and what they hold, orders in force, keys, receipts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import (
    AuthorityKey,
    Device,
    DeviceState,
    OrderEntry,
    ReceiptEntry,
)

STORED = ("stored", "started", "paused", "resumed", "played", "transmitted")
"""Receipts that prove the sounds of their order to be on the device."""


async def devices(session: AsyncSession, device_ids: Collection[str]) -> list[Device]:
    """Those of these that are not revoked."""
    found = await session.scalars(
        select(Device).where(col(Device.id).in_(device_ids), col(Device.revoked_at).is_(None)).order_by(col(Device.id))
    )
    return list(found)


async def states(session: AsyncSession, device_ids: Collection[str]) -> dict[str, DeviceState]:
    found = await session.scalars(select(DeviceState).where(col(DeviceState.device_id).in_(device_ids)))
    return {row.device_id: row for row in found}


async def in_force(session: AsyncSession, logs: Collection[str], now: datetime) -> Sequence[OrderEntry]:
    """Unexpired orders of these logs, each log in its order."""
    found = await session.scalars(
        select(OrderEntry)
        .where(col(OrderEntry.log).in_(logs), col(OrderEntry.expires_at) > now)
        .order_by(col(OrderEntry.log), col(OrderEntry.seq))
    )
    return found.all()


async def public_keys(session: AsyncSession, authority_ids: Collection[str]) -> Sequence[AuthorityKey]:
    """Every epoch of these authorities, retired or not."""
    return (await session.scalars(select(AuthorityKey).where(col(AuthorityKey.authority_id).in_(authority_ids)))).all()


async def stored_orders(
    session: AsyncSession, device_ids: Collection[str], order_ids: Collection[str]
) -> list[tuple[str, str, int, datetime]]:
    """(device, order, receipt series, device's time) of the receipts that prove an order's sounds to be there."""
    found = await session.execute(
        select(
            col(ReceiptEntry.device_id), col(ReceiptEntry.order_id), col(ReceiptEntry.series), col(ReceiptEntry.at)
        ).where(
            col(ReceiptEntry.device_id).in_(device_ids),
            col(ReceiptEntry.order_id).in_(order_ids),
            col(ReceiptEntry.state).in_(STORED),
        )
    )
    return [(device_id, order_id, series, at) for device_id, order_id, series, at in found]


async def receipts_from(session: AsyncSession, device_id: str, series: int, first_n: int) -> list[bytes]:
    """Digests of a device's receipts from a number on, in that series and the one before, by number."""
    found = await session.scalars(
        select(col(ReceiptEntry.digest))
        .where(
            col(ReceiptEntry.device_id) == device_id,
            col(ReceiptEntry.series) >= series - 1,
            col(ReceiptEntry.n) >= first_n,
        )
        .order_by(col(ReceiptEntry.n))
    )
    return list(found)
