"""Queries on drafted weeks, and on what a draft of a week stands beside."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from schedules.models import DraftState, Occurrence, OccurrenceState, Off, ProgrammeDraft


async def draft(session: AsyncSession, draft_id: str, *, lock: bool = False) -> ProgrammeDraft | None:
    """One draft; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(ProgrammeDraft, draft_id, with_for_update=lock or None, populate_existing=lock)


async def drafts(session: AsyncSession, place_id: str, limit: int) -> list[ProgrammeDraft]:
    """A place's drafts: the open ones first, then the newest."""
    query = (
        select(ProgrammeDraft)
        .where(col(ProgrammeDraft.place_id) == place_id)
        .order_by((col(ProgrammeDraft.state) != DraftState.OPEN), col(ProgrammeDraft.id).desc())
    )
    return list(await session.scalars(query.limit(limit)))


async def called_off(
    session: AsyncSession, place_id: str, start: datetime, end: datetime
) -> Sequence[tuple[str, datetime]]:
    """The names of the airings that begin in [start, end) and that a person has called off."""
    query = select(col(Occurrence.schedule_id), col(Occurrence.original_at)).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.schedule_id).is_not(None),
        col(Occurrence.state) == OccurrenceState.CANCELLED,
        col(Occurrence.off) == Off.BY_PERSON,
        col(Occurrence.start_at) >= start,
        col(Occurrence.start_at) < end,
    )
    return [(schedule, at) for schedule, at in await session.execute(query) if schedule and at]
