"""Queries on how devices are set: what people set for single ones, and what config orders told."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import Device, DeviceConfig, OrderEntry
from devices.repository.tables import upsert, values
from devices.wire.config import Config


async def device_config(session: AsyncSession, device_id: str) -> DeviceConfig | None:
    return await session.get(DeviceConfig, device_id)


async def device_configs(session: AsyncSession, commune_id: str) -> Sequence[DeviceConfig]:
    """Of the commune's devices that are not revoked, by device."""
    found = await session.scalars(
        select(DeviceConfig)
        .join(Device, col(Device.id) == col(DeviceConfig.device_id))
        .where(col(Device.commune_id) == commune_id, col(Device.revoked_at).is_(None))
        .order_by(col(DeviceConfig.device_id))
    )
    return found.all()


async def save_device_config(session: AsyncSession, row: DeviceConfig) -> None:
    await upsert(session, DeviceConfig, [values(row)])


async def has_devices(session: AsyncSession, commune_id: str) -> bool:
    """Whether anybody would hear a config of this commune."""
    query = select(col(Device.id)).where(col(Device.commune_id) == commune_id, col(Device.revoked_at).is_(None))
    return (await session.execute(query.limit(1))).first() is not None


async def told(session: AsyncSession, logs: Collection[str], now: datetime) -> Sequence[OrderEntry]:
    """The config orders in force of these logs, each log in its order."""
    found = await session.scalars(
        select(OrderEntry)
        .where(col(OrderEntry.log).in_(logs), col(OrderEntry.type) == Config.type, col(OrderEntry.expires_at) > now)
        .order_by(col(OrderEntry.log), col(OrderEntry.seq))
    )
    return found.all()
