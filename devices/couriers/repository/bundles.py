"""Queries on bundles: what was prepared, who carries it, who took it, how far its airings are."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.couriers.models import (
    BundleDevice,
    BundleOrder,
    Carriage,
    CourierBundle,
    HandOver,
)
from devices.couriers.states import Progress
from devices.models import (
    Delivery,
    DeliveryState,
)
from devices.repository.tables import insert_new, values

FINAL = (
    DeliveryState.PLAYED,
    DeliveryState.TRANSMITTED,
    DeliveryState.REJECTED,
    DeliveryState.MISSED,
    DeliveryState.PREEMPTED,
    DeliveryState.CANCELLED,
    DeliveryState.INTERRUPTED,
)


async def add_bundle(
    session: AsyncSession, row: CourierBundle, recipients: Iterable[BundleDevice], order_ids: Iterable[str]
) -> None:
    session.add(row)
    await session.flush()
    await insert_new(session, BundleDevice, [values(each) for each in recipients])
    await insert_new(session, BundleOrder, [{"bundle_id": row.id, "order_id": each} for each in order_ids])


async def bundle(session: AsyncSession, bundle_id: str) -> CourierBundle | None:
    return await session.get(CourierBundle, bundle_id)


async def bundles(
    session: AsyncSession, commune_id: str, *, before: str | None = None, limit: int = 50
) -> Sequence[CourierBundle]:
    """A commune's bundles, newest first."""
    query = select(CourierBundle).where(col(CourierBundle.commune_id) == commune_id)
    if before is not None:
        query = query.where(col(CourierBundle.id) < before)
    return (await session.scalars(query.order_by(col(CourierBundle.id).desc()).limit(limit))).all()


async def files(session: AsyncSession) -> Sequence[CourierBundle]:
    """Bundles whose file is still there, oldest first."""
    found = await session.scalars(
        select(CourierBundle).where(col(CourierBundle.removed_at).is_(None)).order_by(col(CourierBundle.id))
    )
    return found.all()


async def mark_removed(session: AsyncSession, bundle_ids: Collection[str], at: datetime) -> None:
    await session.execute(update(CourierBundle).where(col(CourierBundle.id).in_(bundle_ids)).values(removed_at=at))


async def bundle_devices(session: AsyncSession, bundle_ids: Collection[str]) -> dict[str, list[BundleDevice]]:
    """Bundle → its devices, by id."""
    found = await session.scalars(
        select(BundleDevice)
        .where(col(BundleDevice.bundle_id).in_(bundle_ids))
        .order_by(col(BundleDevice.bundle_id), col(BundleDevice.device_id))
    )
    grouped: dict[str, list[BundleDevice]] = {}
    for row in found:
        grouped.setdefault(row.bundle_id, []).append(row)
    return grouped


async def carriages(session: AsyncSession, bundle_ids: Collection[str]) -> dict[str, list[Carriage]]:
    """Bundle → who took it along, first to last."""
    found = await session.scalars(
        select(Carriage).where(col(Carriage.bundle_id).in_(bundle_ids)).order_by(col(Carriage.id))
    )
    grouped: dict[str, list[Carriage]] = {}
    for row in found:
        grouped.setdefault(row.bundle_id, []).append(row)
    return grouped


async def add_carriage(session: AsyncSession, row: Carriage) -> None:
    """Note it, unless the same person is noted already."""
    await insert_new(session, Carriage, [values(row)])


async def progress(session: AsyncSession, bundle_ids: Collection[str]) -> dict[str, Progress]:
    """Bundle → how far the airings it brought have come; those without any are left out."""
    ended = func.sum(case((col(Delivery.state).in_(FINAL), 1), else_=0))
    found = await session.execute(
        select(col(BundleOrder.bundle_id), func.count(), ended)
        .join(Delivery, col(Delivery.order_id) == col(BundleOrder.order_id))
        .join(
            BundleDevice,
            (col(BundleDevice.bundle_id) == col(BundleOrder.bundle_id))
            & (col(BundleDevice.device_id) == col(Delivery.device_id)),
        )
        .where(col(BundleOrder.bundle_id).in_(bundle_ids))
        .group_by(col(BundleOrder.bundle_id))
    )
    return {row[0]: Progress(int(row[1]), int(row[2])) for row in found}


async def hand_over(
    session: AsyncSession, bundle_ids: Collection[str], device_id: str, at: datetime, *, proof: HandOver, outcome: str
) -> list[str]:
    """Note that a device took these bundles, unless that is already proved as well; gives those of which it is new."""
    better = ("", HandOver.PHONE.value) if proof is HandOver.RETURN else ("",)
    found = await session.scalars(
        update(BundleDevice)
        .where(
            col(BundleDevice.bundle_id).in_(bundle_ids),
            col(BundleDevice.device_id) == device_id,
            col(BundleDevice.proof).in_(better),
        )
        .values(handed_at=at, proof=proof.value, outcome=outcome)
        .returning(col(BundleDevice.bundle_id))
    )
    return list(found)
