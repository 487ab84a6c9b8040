"""Queries on emergency templates and emergencies."""

from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.wire.orders import Status
from schedules.models import Emergency, EmergencyState, EmergencyTemplate


async def template(session: AsyncSession, template_id: str, *, lock: bool = False) -> EmergencyTemplate | None:
    """One template; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(EmergencyTemplate, template_id, with_for_update=lock or None, populate_existing=lock)


async def templates(session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
    """A place's templates, in the order they were made."""
    query = select(EmergencyTemplate).where(col(EmergencyTemplate.place_id) == place_id)
    return list(await session.scalars(query.order_by(col(EmergencyTemplate.id))))


async def template_by_key(session: AsyncSession, place_id: str, key: str) -> EmergencyTemplate | None:
    query = select(EmergencyTemplate).where(
        col(EmergencyTemplate.place_id) == place_id, col(EmergencyTemplate.key) == key
    )
    found: EmergencyTemplate | None = await session.scalar(query)
    return found


async def not_held(session: AsyncSession, place_id: str, since: datetime) -> list[EmergencyTemplate]:
    """Templates whose content changed since it was last ordered into the message bank, or that was long ago."""
    held_at = col(EmergencyTemplate.held_at)
    query = (
        select(EmergencyTemplate)
        .where(col(EmergencyTemplate.place_id) == place_id, or_(held_at.is_(None), held_at < since))
        .order_by(col(EmergencyTemplate.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


async def emergency(session: AsyncSession, emergency_id: str, *, lock: bool = False) -> Emergency | None:
    """One emergency; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(Emergency, emergency_id, with_for_update=lock or None, populate_existing=lock)


async def emergencies(
    session: AsyncSession, place_id: str, *, state: EmergencyState | None, before: str | None, limit: int
) -> list[Emergency]:
    """A place's emergencies and drills, newest first, older than the id `before`."""
    query = select(Emergency).where(col(Emergency.place_id) == place_id)
    if state is not None:
        query = query.where(col(Emergency.state) == state)
    if before is not None:
        query = query.where(col(Emergency.id) < before)
    return list(await session.scalars(query.order_by(col(Emergency.id).desc()).limit(limit)))


async def not_countersigned(session: AsyncSession, place_id: str, limit: int) -> list[Emergency]:
    """A place's real emergencies no second person has signed, newest first."""
    query = select(Emergency).where(
        col(Emergency.place_id) == place_id,
        col(Emergency.status) == Status.ACTUAL,
        col(Emergency.countersigned_by).is_(None),
    )
    return list(await session.scalars(query.order_by(col(Emergency.id).desc()).limit(limit)))


async def sounding(session: AsyncSession, place_id: str, *, skip_locked: bool = False) -> list[Emergency]:
    """A place's emergencies and drills that are still sounding, locked."""
    query = select(Emergency).where(
        col(Emergency.place_id) == place_id, col(Emergency.state) == EmergencyState.SOUNDING
    )
    return list(await session.scalars(query.order_by(col(Emergency.id)).with_for_update(skip_locked=skip_locked)))


async def run_out(session: AsyncSession, now: datetime) -> list[Emergency]:
    """The emergencies still sounding whose time has run out."""
    query = select(Emergency).where(col(Emergency.state) == EmergencyState.SOUNDING, col(Emergency.expires_at) <= now)
    return list(await session.scalars(query.with_for_update(skip_locked=True)))
