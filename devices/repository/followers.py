"""Queries on who follows a log."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import Device, DeviceState, Place, Presence
from devices.wire import topics
from devices.wire.haves import Haves


async def connected(
    session: AsyncSession, log: str, only: Collection[str] | None, now: datetime, page: int
) -> AsyncIterator[list[tuple[str, Haves]]]:
    """Devices that hear this log by MQTT now and what they hold of it, page by page. only: none but these.

    Left out is who announced its silence, and who speaks by HTTP: that one is answered when it asks.
    """
    query = (
        select(col(DeviceState.device_id), col(DeviceState.haves))
        .join(Device, col(Device.id) == col(DeviceState.device_id))
        .where(
            _follows(log),
            col(Device.revoked_at).is_(None),
            col(DeviceState.presence) == Presence.ONLINE,
            col(DeviceState.carrier) == "mqtt",
            or_(col(DeviceState.said_quiet_until).is_(None), col(DeviceState.said_quiet_until) <= now),
        )
        .order_by(col(DeviceState.device_id))
        .limit(page)
    )
    wanted = None if only is None else sorted(only)
    last = ""
    while wanted is None or wanted:
        narrowed = query.where(col(DeviceState.device_id) > last)
        if wanted is not None:
            narrowed = query.where(col(DeviceState.device_id).in_(wanted[:page]))
            wanted = wanted[page:]
        found = [(row[0], _held(row[1], log)) for row in await session.execute(narrowed)]
        if found:
            yield found
            last = found[-1][0]
        if wanted is None and len(found) < page:
            return


async def lacking(session: AsyncSession, log: str, seq: int) -> list[str]:
    """Devices heard lately, or silent as planned, that follow a log and have not shown this number of it."""
    query = (
        select(col(DeviceState.device_id), col(DeviceState.haves))
        .join(Device, col(Device.id) == col(DeviceState.device_id))
        .where(
            _follows(log),
            col(Device.revoked_at).is_(None),
            col(DeviceState.presence).in_([Presence.ONLINE, Presence.LATE, Presence.QUIET]),
        )
        .order_by(col(DeviceState.device_id))
    )
    return [row[0] for row in await session.execute(query) if seq not in _held(row[1], log)]


def _follows(log: str) -> ColumnElement[bool]:
    """Whether a device's commune is the authority or lies below it; or it is the device whose own log it is."""
    device_id = topics.log_device(log)
    if device_id is not None:
        return col(Device.id) == device_id
    below = select(col(Place.id)).where(col(Place.id) == log).cte("below", recursive=True)
    below = below.union_all(select(col(Place.id)).join(below, col(Place.parent_id) == below.c.id))
    return col(Device.commune_id).in_(select(below.c.id))


def _held(haves: dict[str, object], log: str) -> Haves:
    return Haves.from_wire(haves[log]) if log in haves else Haves()
