"""Queries on changes of the programme and on pauses, for looking only."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from schedules.models import Occurrence, OccurrenceState, PauseRow, ProgrammeChange, Schedule

_OPEN = (OccurrenceState.PLANNED, OccurrenceState.ISSUED)


async def changes(session: AsyncSession, place_id: str, limit: int) -> list[ProgrammeChange]:
    """The last changes of a place's schedules, latest first."""
    query = select(ProgrammeChange).where(col(ProgrammeChange.place_id) == place_id)
    order = col(ProgrammeChange.at).desc(), col(ProgrammeChange.id).desc()
    return list(await session.scalars(query.order_by(*order).limit(limit)))


async def standing_change(session: AsyncSession, place_id: str) -> ProgrammeChange | None:
    """The last one that was not taken back; nothing is locked."""
    query = select(ProgrammeChange).where(
        col(ProgrammeChange.place_id) == place_id, col(ProgrammeChange.undone_at).is_(None)
    )
    order = col(ProgrammeChange.at).desc(), col(ProgrammeChange.id).desc()
    return (await session.scalars(query.order_by(*order).limit(1))).first()


async def schedules(session: AsyncSession, schedule_ids: Collection[str]) -> list[Schedule]:
    """These schedules, as far as they exist."""
    return list(await session.scalars(select(Schedule).where(col(Schedule.id).in_(schedule_ids))))


async def ahead(session: AsyncSession, schedule_ids: Collection[str], after: datetime) -> list[Occurrence]:
    """What these schedules have planned or ordered that begins after a moment, first to last."""
    query = select(Occurrence).where(
        col(Occurrence.schedule_id).in_(schedule_ids),
        col(Occurrence.state).in_(_OPEN),
        col(Occurrence.start_at) > after,
    )
    return list(await session.scalars(query.order_by(col(Occurrence.start_at), col(Occurrence.id))))


async def occurrences(session: AsyncSession, occurrence_ids: Collection[str]) -> dict[str, Occurrence]:
    """These occurrences by id."""
    found = await session.scalars(select(Occurrence).where(col(Occurrence.id).in_(occurrence_ids)))
    return {row.id: row for row in found}


async def latest_of(session: AsyncSession, schedule_id: str, original: datetime) -> Occurrence | None:
    """The last generation of an airing."""
    query = select(Occurrence).where(
        col(Occurrence.schedule_id) == schedule_id, col(Occurrence.original_at) == original
    )
    return (await session.scalars(query.order_by(col(Occurrence.generation).desc()).limit(1))).first()


async def pauses_ahead(session: AsyncSession, place_id: str, now: datetime) -> list[PauseRow]:
    """The pauses of a place that hold or are to come, first to last."""
    query = select(PauseRow).where(
        col(PauseRow.place_id) == place_id, col(PauseRow.end_at) > now, col(PauseRow.ended_at).is_(None)
    )
    return list(await session.scalars(query.order_by(col(PauseRow.start_at), col(PauseRow.id))))


async def pauses_past(session: AsyncSession, place_id: str, now: datetime, limit: int) -> list[PauseRow]:
    """Those that are over or were ended, latest first."""
    query = select(PauseRow).where(
        col(PauseRow.place_id) == place_id, or_(col(PauseRow.end_at) <= now, col(PauseRow.ended_at).is_not(None))
    )
    return list(await session.scalars(query.order_by(col(PauseRow.start_at).desc(), col(PauseRow.id)).limit(limit)))
