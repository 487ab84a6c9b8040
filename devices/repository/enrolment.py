"""Queries on enrolling devices."""

from collections.abc import Collection

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.models import Cluster, Device, DeviceState


async def save_device(session: AsyncSession, device: Device) -> None:
    session.add(device)
    await session.flush()


async def begin_anew(session: AsyncSession, device_id: str) -> None:
    """A device with a new identity counts boots, heartbeats and receipts from the beginning, in a new series."""
    await session.execute(
        update(DeviceState)
        .where(col(DeviceState.device_id) == device_id)
        .values(boot=0, beat_n=0, receipt_series=DeviceState.receipt_series + 1)
    )


async def assign_clusters(session: AsyncSession, device_id: str, cluster_ids: Collection[str]) -> None:
    """Make a device the one that sounds exactly these clusters."""
    await session.execute(
        update(Cluster)
        .where(col(Cluster.device_id) == device_id, col(Cluster.id).not_in(cluster_ids))
        .values(device_id=None)
    )
    await session.execute(update(Cluster).where(col(Cluster.id).in_(cluster_ids)).values(device_id=device_id))


async def stamp(session: AsyncSession) -> tuple[int, int, int]:
    """Three figures that change whenever a device is enrolled, enrolled again, or revoked."""
    row = (
        await session.execute(
            select(
                func.count(col(Device.id)),
                func.coalesce(func.sum(col(Device.generation)), 0),
                func.count(col(Device.revoked_at)),
            )
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2])
