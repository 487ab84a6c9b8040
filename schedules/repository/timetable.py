"""Queries on what days of the programme need beside their occurrences: what is due before, and what devices have."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import Delivery, DeliveryState
from devices.repository.tables import table
from devices.wire.orders import AfterPreemption, Status
from schedules.models import Announcement, Occurrence, OccurrenceState, Off, Schedule

OCCURRENCE = table(Occurrence)
PROVES = (
    DeliveryState.STORED,
    DeliveryState.PLAYING,
    DeliveryState.PAUSED,
    DeliveryState.PLAYED,
    DeliveryState.TRANSMITTED,
    DeliveryState.INTERRUPTED,
    DeliveryState.PREEMPTED,
)
"""What a device says of an airing whose sounds it has."""
LOOK_BACK = timedelta(days=14)
"""What a device had so long ago it may have thrown away since."""
_OPEN = (OccurrenceState.PLANNED, OccurrenceState.ISSUED)


class OccurrenceRow(NamedTuple):
    """An occurrence as days of the programme show it: the columns of its row, which cost a fraction of the object."""

    id: str
    place_id: str
    schedule_id: str | None
    announcement_id: str | None
    emergency_id: str | None
    replaces_id: str | None
    title: str
    original_at: datetime | None
    start_at: datetime
    ends_at: datetime
    play_class: int
    level: int
    status: Status
    audience: dict[str, Any]
    paused: list[str]
    volume: int
    preempted: AfterPreemption
    state: OccurrenceState
    off: Off | None
    reason: str
    clusters: int


class Due(NamedTuple):
    """What some schedule has ahead: its announcement, the first time, the class, the schedule's audience."""

    announcement_id: str
    first: datetime
    play_class: int
    audience: dict[str, Any]


async def occurrences(
    session: AsyncSession, place_ids: Collection[str], start: datetime, end: datetime, limit: int
) -> list[OccurrenceRow]:
    """What lies at least partly in [start, end) in whatever state, first to last."""
    query = (
        select(*(OCCURRENCE.c[name] for name in OccurrenceRow._fields))
        .where(OCCURRENCE.c.place_id.in_(place_ids), OCCURRENCE.c.start_at < end, OCCURRENCE.c.ends_at > start)
        .order_by(OCCURRENCE.c.start_at, OCCURRENCE.c.id)
        .limit(limit)
    )
    return [OccurrenceRow._make(row) for row in (await session.execute(query)).all()]


async def due_between(session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[Due]:
    """What is to be heard of a place's schedules in [start, end), each announcement of a schedule once."""
    first = func.min(Occurrence.start_at).label("first")
    heard = (
        select(col(Occurrence.schedule_id), col(Occurrence.announcement_id), col(Occurrence.play_class), first)
        .where(
            col(Occurrence.place_id) == place_id,
            col(Occurrence.state).in_(_OPEN),
            col(Occurrence.announcement_id).is_not(None),
            col(Occurrence.start_at) >= start,
            col(Occurrence.start_at) < end,
        )
        .group_by(col(Occurrence.schedule_id), col(Occurrence.announcement_id), col(Occurrence.play_class))
    ).subquery()
    query = select(heard.c.announcement_id, heard.c.first, heard.c.play_class, col(Schedule.audience)).join(
        heard, heard.c.schedule_id == col(Schedule.id)
    )
    return [Due(*row) for row in (await session.execute(query)).all()]


async def held(session: AsyncSession, announcement_ids: Collection[str], now: datetime) -> set[tuple[str, str]]:
    """(device, announcement) whose sounds are known to be on the device as they are now: by its receipts of the last
    airing of these, or of the next, if it was ordered after the announcement was last changed.
    """
    looked_at: set[str] = set()
    for query in (_nearest(announcement_ids, now, past=True), _nearest(announcement_ids, now, past=False)):
        looked_at.update((await session.execute(query)).scalars())
    proved = (
        select(col(Delivery.device_id), col(Occurrence.announcement_id))
        .join(Occurrence, col(Occurrence.id) == col(Delivery.occurrence_id))
        .join(Announcement, col(Announcement.id) == col(Occurrence.announcement_id))
        .where(
            col(Delivery.occurrence_id).in_(looked_at),
            col(Delivery.state).in_(PROVES),
            col(Delivery.device_id).is_not(None),
            col(Delivery.ordered_at) >= col(Announcement.changed_at),
        )
    )
    return {(str(device), str(announcement)) for device, announcement in await session.execute(proved)}


def _nearest(announcement_ids: Collection[str], now: datetime, *, past: bool) -> Select[str]:
    """Of each announcement the airing that was, or will be, ordered and begins nearest to now."""
    begins = col(Occurrence.start_at)
    within = begins.between(now - LOOK_BACK, now) if past else begins > now
    ordered = (OccurrenceState.ISSUED, OccurrenceState.OVER) if past else (OccurrenceState.ISSUED,)
    those = and_(col(Occurrence.announcement_id).in_(announcement_ids), col(Occurrence.state).in_(ordered), within)
    edge = func.max(Occurrence.start_at) if past else func.min(Occurrence.start_at)
    nearest: Select[Any, Any] = select(col(Occurrence.announcement_id).label("about"), edge.label("at")).where(those)
    found = nearest.group_by(col(Occurrence.announcement_id)).subquery()
    return (
        select(col(Occurrence.id))
        .join(found, and_(found.c.about == col(Occurrence.announcement_id), found.c.at == begins))
        .where(col(Occurrence.state).in_(ordered))
    )
