"""Queries on how devices are reached: contact plans, routes, and what waits for whom."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.contacts import Reach
from devices.couriers.models import (
    CourierRoute,
    DeviceContact,
    LastReturn,
)
from devices.models import (
    Cluster,
    Delivery,
    DeliveryState,
    Device,
    DeviceState,
    OrderEntry,
    Place,
    Presence,
)
from devices.repository.places import clusters_of_devices
from devices.repository.tables import upsert, values


class Waiting(NamedTuple):
    """A device that is not always online, one of its clusters, and what is known of it."""

    device: Device
    contact: DeviceContact
    cluster: Cluster
    village: Place
    state: DeviceState | None
    last: LastReturn | None


class Open(NamedTuple):
    """An airing in force that is not yet known to be on its device: the order, and which cluster it is for."""

    device_id: str
    cluster_id: str
    occurrence_id: str
    entry: OrderEntry


class Remote(NamedTuple):
    """How a device that is not always online is reached, and what is known of its silence."""

    plan: DeviceContact
    commune_id: str
    planned_quiet_until: datetime | None
    presence: Presence
    heard_at: datetime | None


async def contacts(session: AsyncSession, device_ids: Collection[str]) -> dict[str, DeviceContact]:
    found = await session.scalars(select(DeviceContact).where(col(DeviceContact.device_id).in_(device_ids)))
    return {row.device_id: row for row in found}


async def save_contact(session: AsyncSession, row: DeviceContact) -> None:
    await upsert(session, DeviceContact, [values(row)])


async def remote_devices(session: AsyncSession) -> list[Remote]:
    """Every device not always online that was ever heard of."""
    found = await session.execute(
        select(
            DeviceContact,
            col(Device.commune_id),
            col(DeviceState.planned_quiet_until),
            col(DeviceState.presence),
            col(DeviceState.heard_at),
        )
        .join(Device, col(Device.id) == col(DeviceContact.device_id))
        .join(DeviceState, col(DeviceState.device_id) == col(Device.id))
        .where(col(DeviceContact.reach) != Reach.ONLINE, col(Device.revoked_at).is_(None))
    )
    return [Remote(*row) for row in found]


async def save_silences(session: AsyncSession, silences: Sequence[Mapping[str, Any]]) -> None:
    """Each gives device_id (of a state that is there) and planned_quiet_until; many in one statement."""
    if silences:
        await session.execute(update(DeviceState), list(silences))


async def forget_silence(session: AsyncSession, device_id: str) -> None:
    await session.execute(
        update(DeviceState).where(col(DeviceState.device_id) == device_id).values(planned_quiet_until=None)
    )


async def communes_of_couriers(session: AsyncSession) -> list[str]:
    """Communes with a device that only couriers reach."""
    found = await session.scalars(
        select(col(Device.commune_id))
        .join(DeviceContact, col(DeviceContact.device_id) == col(Device.id))
        .where(col(DeviceContact.reach) == Reach.COURIER, col(Device.revoked_at).is_(None))
        .distinct()
    )
    return sorted(found)


async def routes(session: AsyncSession, commune_id: str | None = None) -> Sequence[CourierRoute]:
    """A commune's routes, or all, by name."""
    query = select(CourierRoute).order_by(col(CourierRoute.name), col(CourierRoute.id))
    if commune_id is not None:
        query = query.where(col(CourierRoute.commune_id) == commune_id)
    return (await session.scalars(query)).all()


async def routes_by_id(session: AsyncSession, route_ids: Collection[str]) -> Sequence[CourierRoute]:
    return (await session.scalars(select(CourierRoute).where(col(CourierRoute.id).in_(route_ids)))).all()


async def route(session: AsyncSession, route_id: str, *, lock: bool = False) -> CourierRoute | None:
    return await session.get(CourierRoute, route_id, with_for_update=lock or None, populate_existing=lock)


async def save_route(session: AsyncSession, row: CourierRoute) -> None:
    """Insert or change a route; for which visit a bundle was prepared stays as it is."""
    described = {name: value for name, value in values(row).items() if name != "prepared_for"}
    await upsert(session, CourierRoute, [described])


async def mark_prepared(session: AsyncSession, route_id: str, leaves_at: datetime) -> None:
    await session.execute(update(CourierRoute).where(col(CourierRoute.id) == route_id).values(prepared_for=leaves_at))


async def village_names(session: AsyncSession, device_ids: Collection[str]) -> list[str]:
    """The names of the villages whose clusters these devices sound."""
    found = await session.scalars(
        select(col(Place.name))
        .join(Cluster, col(Cluster.village_id) == col(Place.id))
        .where(col(Cluster.device_id).in_(device_ids), col(Cluster.retired_at).is_(None))
        .distinct()
    )
    return sorted(found)


async def devices_of_route(session: AsyncSession, route_id: str) -> list[str]:
    found = await session.scalars(
        select(col(DeviceContact.device_id))
        .where(col(DeviceContact.route_id) == route_id)
        .order_by(col(DeviceContact.device_id))
    )
    return list(found)


async def devices_in_villages(session: AsyncSession, village_ids: Collection[str]) -> list[str]:
    """The devices whose own cluster stands in one of these villages; a gateway is where it stands, not where it
    transmits to.
    """
    found = await session.scalars(
        select(col(Cluster.device_id))
        .where(
            col(Cluster.village_id).in_(village_ids),
            col(Cluster.retired_at).is_(None),
            col(Cluster.device_id).is_not(None),
        )
        .distinct()
    )
    near = [str(device_id) for device_id in found]
    clusters = await clusters_of_devices(session, near)
    return sorted(each for each in near if clusters[each][0].village_id in village_ids)


async def not_always_online(session: AsyncSession, commune_id: str) -> list[Waiting]:
    """A row for each active cluster of a commune's devices that have only windows or couriers, by village."""
    found = await session.execute(
        select(Device, DeviceContact, Cluster, Place, DeviceState, LastReturn)
        .join(DeviceContact, col(DeviceContact.device_id) == col(Device.id))
        .join(Cluster, col(Cluster.device_id) == col(Device.id))
        .join(Place, col(Place.id) == col(Cluster.village_id))
        .outerjoin(DeviceState, col(DeviceState.device_id) == col(Device.id))
        .outerjoin(LastReturn, col(LastReturn.device_id) == col(Device.id))
        .where(
            col(Device.commune_id) == commune_id,
            col(Device.revoked_at).is_(None),
            col(Cluster.retired_at).is_(None),
            col(DeviceContact.reach) != Reach.ONLINE,
        )
        .order_by(col(Place.name), col(Cluster.id))
    )
    return [Waiting(*row) for row in found]


async def not_stored(session: AsyncSession, device_ids: Collection[str], now: datetime) -> list[Open]:
    """What is still to be brought to these devices."""
    found = await session.execute(
        select(col(Delivery.device_id), col(Delivery.cluster_id), col(Delivery.occurrence_id), OrderEntry)
        .join(OrderEntry, col(OrderEntry.id) == col(Delivery.order_id))
        .where(
            col(Delivery.device_id).in_(device_ids),
            col(Delivery.state).in_((DeliveryState.ORDERED, DeliveryState.HAS_ORDER)),
            col(OrderEntry.expires_at) > now,
        )
    )
    return [
        Open(str(device_id), cluster_id, occurrence_id, entry) for device_id, cluster_id, occurrence_id, entry in found
    ]


async def ahead_by_device(
    session: AsyncSession, device_ids: Collection[str], now: datetime
) -> Mapping[str, tuple[int, datetime]]:
    """Device → how many airings in force it is not known to have, and until when the last of them is good."""
    found = await session.execute(
        select(
            col(Delivery.device_id), func.count(col(Delivery.occurrence_id).distinct()), func.max(OrderEntry.expires_at)
        )
        .join(OrderEntry, col(OrderEntry.id) == col(Delivery.order_id))
        .where(
            col(Delivery.device_id).in_(device_ids),
            col(Delivery.state).in_((DeliveryState.ORDERED, DeliveryState.HAS_ORDER)),
            col(OrderEntry.expires_at) > now,
        )
        .group_by(col(Delivery.device_id))
    )
    return {str(row[0]): (int(row[1]), row[2]) for row in found}
