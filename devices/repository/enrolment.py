"""Queries on enrolling devices."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.enrolment_code import EnrolmentCode
from devices.models import Cluster, ClusterKind, Device, DeviceState


async def save_device(session: AsyncSession, device: Device) -> None:
    session.add(device)
    await session.flush()


async def begin_anew(session: AsyncSession, device_id: str) -> None:
    """A device with a new identity counts boots, heartbeats and receipts from the beginning, in a new series; it may be
    another board, so nothing is known of what it holds.
    """
    await session.execute(
        update(DeviceState)
        .where(col(DeviceState.device_id) == device_id)
        .values(boot=0, beat_n=0, haves={}, receipt_series=DeviceState.receipt_series + 1)
    )


async def assign_clusters(session: AsyncSession, device_id: str, cluster_ids: Collection[str]) -> None:
    """Make a device the one that sounds exactly these clusters."""
    await session.execute(
        update(Cluster)
        .where(col(Cluster.device_id) == device_id, col(Cluster.id).not_in(cluster_ids))
        .values(device_id=None)
    )
    await session.execute(update(Cluster).where(col(Cluster.id).in_(cluster_ids)).values(device_id=device_id))


async def save_code(session: AsyncSession, code: EnrolmentCode) -> None:
    session.add(code)
    await session.flush()


async def code(session: AsyncSession, digest: bytes) -> EnrolmentCode | None:
    """The row of a code, locked: of two boards that bring it at once, one is first."""
    return await session.get(EnrolmentCode, digest, with_for_update=True)


async def open_code(session: AsyncSession, device_id: str, now: datetime) -> EnrolmentCode | None:
    """The code a device may still be enrolled by."""
    found = await session.scalars(
        select(EnrolmentCode).where(
            col(EnrolmentCode.device_id) == device_id,
            col(EnrolmentCode.used_at).is_(None),
            col(EnrolmentCode.expires_at) > now,
        )
    )
    return found.first()


async def drop_codes(session: AsyncSession, device_id: str, expired_before: datetime, but: bytes = b"") -> None:
    """Forget the codes of a device, and everybody's that ran out before a moment; not the one with the digest `but`."""
    await session.execute(
        delete(EnrolmentCode).where(
            or_(col(EnrolmentCode.device_id) == device_id, col(EnrolmentCode.expires_at) < expired_before),
            col(EnrolmentCode.digest) != but,
        )
    )


async def clusters_of(session: AsyncSession, device_id: str) -> list[str]:
    """The clusters a device sounds or transmits for, its own first."""
    found = await session.scalars(select(Cluster).where(col(Cluster.device_id) == device_id).order_by(col(Cluster.id)))
    return [cluster.id for cluster in sorted(found, key=lambda each: each.kind is not ClusterKind.SMART)]


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
