"""Queries on schedules and occurrences."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.wire.orders import PlayClass
from schedules.models import (
    Announcement,
    AnnouncementState,
    Occurrence,
    OccurrenceState,
    Policy,
    Schedule,
    ScheduleState,
)

LATEST = timedelta(days=1)
"""No airing may begin later than this after its time (`Play.late_ms` is at most a day)."""
_OPEN = (OccurrenceState.PLANNED, OccurrenceState.ISSUED)


async def schedule(session: AsyncSession, schedule_id: str, *, lock: bool = False) -> Schedule | None:
    """One schedule; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(Schedule, schedule_id, with_for_update=lock or None, populate_existing=lock)


async def schedules(session: AsyncSession, place_id: str, *, state: ScheduleState | None) -> list[Schedule]:
    """A place's schedules, newest first."""
    query = select(Schedule).where(col(Schedule.place_id) == place_id)
    if state is not None:
        query = query.where(col(Schedule.state) == state)
    return list(await session.scalars(query.order_by(col(Schedule.id).desc())))


async def short_of(session: AsyncSession, horizon: datetime, limit: int) -> list[Schedule]:
    """Active schedules not yet planned up to the horizon; on PostgreSQL those another planner holds are left out."""
    query = (
        select(Schedule)
        .where(
            col(Schedule.state) == ScheduleState.ACTIVE,
            or_(col(Schedule.planned_until).is_(None), col(Schedule.planned_until) < horizon),
        )
        .order_by(col(Schedule.planned_until), col(Schedule.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(query))


async def starts(
    session: AsyncSession, schedule_ids: Collection[str], since: datetime
) -> dict[str, dict[datetime, OccurrenceState]]:
    """Schedule → start → state of every occurrence from `since` on."""
    found: dict[str, dict[datetime, OccurrenceState]] = {schedule_id: {} for schedule_id in schedule_ids}
    if not schedule_ids:
        return found
    query = select(Occurrence.schedule_id, Occurrence.start_at, Occurrence.state).where(
        col(Occurrence.schedule_id).in_(schedule_ids), col(Occurrence.start_at) >= since
    )
    for schedule_id, start_at, state in await session.execute(query):
        found[schedule_id][start_at] = state
    return found


async def add_new(session: AsyncSession, rows: Sequence[Occurrence]) -> int:
    """Insert occurrences; one whose (schedule, start) is taken is passed over. Gives how many were new."""
    if not rows:
        return 0
    values = [row.model_dump() for row in rows]
    made = await session.execute(_insert_or_pass(session).returning(col(Occurrence.id)), values)
    return len(made.all())


def _insert_or_pass(session: AsyncSession) -> Any:
    fence = ["schedule_id", "start_at"]
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(Occurrence).on_conflict_do_nothing(index_elements=fence)
    return sqlite.insert(Occurrence).on_conflict_do_nothing(index_elements=fence)


async def call_off_planned(
    session: AsyncSession, schedule_id: str, reason: str, *, after: datetime, at: Collection[datetime] | None = None
) -> int:
    """Cancel a schedule's planned occurrences from `after` on, or of these only those `at` the given starts."""
    query = (
        update(Occurrence)
        .where(
            col(Occurrence.schedule_id) == schedule_id,
            col(Occurrence.state) == OccurrenceState.PLANNED,
            col(Occurrence.start_at) > after,
        )
        .values(state=OccurrenceState.CANCELLED, reason=reason)
        .returning(col(Occurrence.id))
    )
    if at is not None:
        query = query.where(col(Occurrence.start_at).in_(at))
    return len((await session.scalars(query)).all())


async def issued_of(session: AsyncSession, schedule_id: str, after: datetime) -> list[Occurrence]:
    """A schedule's occurrences that are with the speakers and begin after a moment."""
    query = select(Occurrence).where(
        col(Occurrence.schedule_id) == schedule_id,
        col(Occurrence.state) == OccurrenceState.ISSUED,
        col(Occurrence.start_at) > after,
    )
    return list(await session.scalars(query.order_by(col(Occurrence.start_at), col(Occurrence.id)).with_for_update()))


async def planned_of(session: AsyncSession, announcement_ids: Collection[str], after: datetime) -> list[Occurrence]:
    """What is planned of these announcements after a moment, locked; on PostgreSQL without what is being ordered."""
    query = select(Occurrence).where(
        col(Occurrence.announcement_id).in_(announcement_ids),
        col(Occurrence.state) == OccurrenceState.PLANNED,
        col(Occurrence.start_at) > after,
    )
    return list(await session.scalars(query.order_by(col(Occurrence.id)).with_for_update(skip_locked=True)))


async def occurrence(session: AsyncSession, occurrence_id: str, *, lock: bool = False) -> Occurrence | None:
    """One occurrence; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(Occurrence, occurrence_id, with_for_update=lock or None, populate_existing=lock)


async def occurrences(
    session: AsyncSession, place_ids: Collection[str], *, start: datetime, end: datetime, open_only: bool, limit: int
) -> list[Occurrence]:
    """What lies at least partly in [start, end), first to last; `open_only`: planned or issued."""
    query = select(Occurrence).where(
        col(Occurrence.place_id).in_(place_ids), col(Occurrence.start_at) < end, col(Occurrence.ends_at) > start
    )
    if open_only:
        query = query.where(col(Occurrence.state).in_(_OPEN))
    return list(await session.scalars(query.order_by(col(Occurrence.start_at), col(Occurrence.id)).limit(limit)))


async def due_for_issue(
    session: AsyncSession,
    now: datetime,
    until: datetime,
    limit: int,
    *,
    but: Collection[str] = (),
    but_places: Collection[str] = (),
    far: Collection[str] = (),
    far_until: datetime | None = None,
) -> list[Occurrence]:
    """Planned occurrences of approved announcements that begin by `until`, soonest first, but those named; those of
    the places `far` when they begin by `far_until`.

    On PostgreSQL those another server is issuing are left out; SQLite has one writer.
    """
    query = (
        select(Occurrence)
        .join(Announcement, col(Announcement.id) == col(Occurrence.announcement_id))
        .where(
            col(Occurrence.state) == OccurrenceState.PLANNED,
            col(Announcement.state) == AnnouncementState.APPROVED,
            or_(
                col(Occurrence.start_at) <= until,
                and_(col(Occurrence.place_id).in_(far), col(Occurrence.start_at) <= (far_until or until)),
            ),
            col(Occurrence.start_at) > now - LATEST,
            col(Occurrence.id).not_in(but),
            col(Occurrence.place_id).not_in(but_places),
        )
        .order_by(col(Occurrence.start_at), col(Occurrence.id))
        .limit(limit)
        .with_for_update(of=Occurrence, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


async def never_issued(session: AsyncSession, now: datetime, limit: int) -> list[Occurrence]:
    """Planned occurrences of announcements whose time has come without an order."""
    query = (
        select(Occurrence)
        .where(
            col(Occurrence.announcement_id).is_not(None),
            col(Occurrence.state) == OccurrenceState.PLANNED,
            col(Occurrence.start_at) <= now,
        )
        .order_by(col(Occurrence.start_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(query))


async def close_expired(session: AsyncSession, now: datetime) -> list[tuple[str, str]]:
    """Issued occurrences whose orders have expired become over. Gives (place, occurrence) of each."""
    query = (
        update(Occurrence)
        .where(col(Occurrence.state) == OccurrenceState.ISSUED, col(Occurrence.expires_at) <= now)
        .values(state=OccurrenceState.OVER)
        .returning(col(Occurrence.place_id), col(Occurrence.id))
    )
    return [(place_id, occurrence_id) for place_id, occurrence_id in await session.execute(query)]


async def on_air(
    session: AsyncSession, place_id: str, up_to: PlayClass, *, now: datetime, soon: datetime, skip_locked: bool = False
) -> list[Occurrence]:
    """Issued occurrences up to a class that begin before `soon` and have not expired, locked.

    What was to sound at once has begun, whatever the clock says of its start: it may have been set back since.
    """
    query = select(Occurrence).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.state) == OccurrenceState.ISSUED,
        col(Occurrence.play_class) <= int(up_to),
        or_(col(Occurrence.start_at) <= soon, col(Occurrence.immediate)),
        col(Occurrence.expires_at) > now,
    )
    query = query.order_by(col(Occurrence.start_at), col(Occurrence.id)).with_for_update(skip_locked=skip_locked)
    return list(await session.scalars(query))


async def policies(session: AsyncSession, place_ids: Collection[str]) -> dict[str, Policy]:
    """The policies of these places, as far as they have one of their own."""
    found = await session.scalars(select(Policy).where(col(Policy.place_id).in_(place_ids)))
    return {policy.place_id: policy for policy in found}
