"""Queries on policies, local holidays, and what is planned below a place."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from schedules.models import HolidayOverride, Occurrence, OccurrenceState, Off, Policy, Schedule, ScheduleState

_NEVER = date.max


async def policy(session: AsyncSession, place_id: str) -> Policy | None:
    """A place's own policy, locked."""
    return await session.get(Policy, place_id, with_for_update=True, populate_existing=True)


async def with_programme(session: AsyncSession, place_ids: Collection[str], after: datetime) -> list[str]:
    """Those of these places that have schedules, or airings ahead, by id."""
    running = select(Schedule.place_id).where(
        col(Schedule.place_id).in_(place_ids), col(Schedule.state) == ScheduleState.ACTIVE
    )
    ahead = select(Occurrence.place_id).where(col(Occurrence.place_id).in_(place_ids), col(Occurrence.start_at) > after)
    return sorted({*await session.scalars(running), *await session.scalars(ahead)})


async def running(
    session: AsyncSession, place_id: str, today: date | None = None, *, lock: bool = False
) -> list[Schedule]:
    """A place's schedules that make occurrences, by id; with `today` also those ended ones that might again.

    Ended may be what has nothing ahead but for a holiday that is still to be added. lock: nobody else plans them
    until the transaction ends.
    """
    query = select(Schedule).where(col(Schedule.place_id) == place_id)
    if today is None:
        query = query.where(col(Schedule.state) == ScheduleState.ACTIVE)
    found = await session.scalars(_locked(query.order_by(col(Schedule.id)), lock=lock))
    return [
        row for row in found if row.state is ScheduleState.ACTIVE or (row.last_day or date.min) >= (today or _NEVER)
    ]


async def ahead(
    session: AsyncSession, place_id: str, after: datetime, reasons: Collection[str], *, lock: bool = False
) -> list[Occurrence]:
    """What is planned or issued of announcements after a moment, and what was called off for one of `reasons`."""
    standing = col(Occurrence.state).in_((OccurrenceState.PLANNED, OccurrenceState.ISSUED))
    called_off = (
        (col(Occurrence.state) == OccurrenceState.CANCELLED)
        & (col(Occurrence.off) == Off.UNFIT)
        & col(Occurrence.reason).in_(reasons)
    )
    query = select(Occurrence).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.emergency_id).is_(None),
        col(Occurrence.start_at) > after,
        or_(standing, called_off),
    )
    return list(await session.scalars(_locked(query.order_by(col(Occurrence.id)), lock=lock)))


def _locked(query: Any, *, lock: bool) -> Any:
    return query.with_for_update().execution_options(populate_existing=True) if lock else query


async def holiday(session: AsyncSession, place_id: str, day: date) -> HolidayOverride | None:
    """What a place itself says of a day, locked."""
    return await session.get(HolidayOverride, (place_id, day), with_for_update=True, populate_existing=True)


async def count_holidays(session: AsyncSession, place_id: str) -> int:
    """How many days a place corrects."""
    query = select(func.count()).select_from(HolidayOverride).where(col(HolidayOverride.place_id) == place_id)
    return await session.scalar(query) or 0


async def with_schedules(session: AsyncSession, place_ids: Collection[str]) -> list[str]:
    """Those of these places that have, or had, schedules, by id."""
    query = select(Schedule.place_id).where(col(Schedule.place_id).in_(place_ids)).distinct()
    return sorted(await session.scalars(query))
