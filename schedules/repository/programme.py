"""Queries on schedules and occurrences."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.models import Delivery
from devices.wire.orders import PlayClass
from schedules.models import (
    Announcement,
    AnnouncementState,
    Occurrence,
    OccurrenceState,
    Off,
    PauseRow,
    Policy,
    ProgrammeChange,
    Schedule,
    ScheduleState,
)
from schedules.repository.places import lock_free_places, lock_place

LATEST = timedelta(days=1)
"""No airing may begin later than this after its time (`Play.late_ms` is at most a day)."""
PAUSED = "paused"
"""The reason of an occurrence that nobody is left for."""
_OPEN = (OccurrenceState.PLANNED, OccurrenceState.ISSUED)


async def schedule(session: AsyncSession, schedule_id: str) -> Schedule | None:
    return await session.get(Schedule, schedule_id)


async def schedules(session: AsyncSession, place_id: str, *, state: ScheduleState | None) -> list[Schedule]:
    """A place's schedules, newest first."""
    query = select(Schedule).where(col(Schedule.place_id) == place_id)
    if state is not None:
        query = query.where(col(Schedule.state) == state)
    return list(await session.scalars(query.order_by(col(Schedule.id).desc())))


async def locked_schedules(session: AsyncSession, schedule_ids: Collection[str]) -> list[Schedule]:
    """These schedules, locked in the order of their ids, after their places; those nobody knows are left out."""
    places = select(Schedule.place_id).where(col(Schedule.id).in_(schedule_ids)).distinct()
    for place_id in sorted(await session.scalars(places)):
        await lock_place(session, place_id)
    query = select(Schedule).where(col(Schedule.id).in_(schedule_ids)).order_by(col(Schedule.id))
    return list(await session.scalars(query.with_for_update().execution_options(populate_existing=True)))


async def named_schedules(session: AsyncSession, schedule_ids: Collection[str]) -> dict[str, Schedule]:
    """Those of these schedules that exist, by id."""
    query = select(Schedule).where(col(Schedule.id).in_(schedule_ids))
    return {schedule.id: schedule for schedule in await session.scalars(query)}


async def free_schedules(session: AsyncSession, announcement_ids: Collection[str]) -> list[Schedule]:
    """The schedules of these announcements that nobody else is changing, locked."""
    query = select(Schedule).where(col(Schedule.announcement_id).in_(announcement_ids)).order_by(col(Schedule.id))
    return list(await session.scalars(query.with_for_update(skip_locked=True)))


async def last_change(session: AsyncSession, place_id: str) -> ProgrammeChange | None:
    """The last change of a place's schedules that was not taken back, locked."""
    query = select(ProgrammeChange).where(
        col(ProgrammeChange.place_id) == place_id, col(ProgrammeChange.undone_at).is_(None)
    )
    latest = query.order_by(col(ProgrammeChange.at).desc(), col(ProgrammeChange.id).desc()).limit(1)
    return (await session.scalars(latest.with_for_update().execution_options(populate_existing=True))).first()


async def short_of(session: AsyncSession, horizon: datetime, limit: int) -> list[Schedule]:
    """Active schedules not yet planned up to the horizon; on PostgreSQL those that another planner holds, or whose
    place it does, are left out.
    """
    short = and_(
        col(Schedule.state) == ScheduleState.ACTIVE,
        or_(col(Schedule.planned_until).is_(None), col(Schedule.planned_until) < horizon),
    )
    places = await session.scalars(select(Schedule.place_id).where(short).distinct())
    free = await lock_free_places(session, places.all())
    if not free:
        return []
    query = (
        select(Schedule)
        .where(short, col(Schedule.place_id).in_(free))
        .order_by(col(Schedule.planned_until), col(Schedule.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(query))


async def present(
    session: AsyncSession,
    schedule_ids: Collection[str],
    *,
    start: datetime,
    end: datetime,
    originals: tuple[datetime, datetime] | None,
) -> list[Occurrence]:
    """The occurrences of schedules that begin in [start, end), and those whose names lie in `originals`."""
    within = and_(col(Occurrence.start_at) >= start, col(Occurrence.start_at) < end)
    if originals is not None:
        within = or_(within, col(Occurrence.original_at).between(*originals))
    query = select(Occurrence).where(col(Occurrence.schedule_id).in_(schedule_ids), within)
    return list(await session.scalars(query.order_by(col(Occurrence.id))))


async def lock(session: AsyncSession, occurrence_ids: Collection[str]) -> list[Occurrence]:
    """These occurrences as they are now; nobody else changes them until the transaction ends."""
    query = select(Occurrence).where(col(Occurrence.id).in_(occurrence_ids)).order_by(col(Occurrence.id))
    return list(await session.scalars(query.with_for_update().execution_options(populate_existing=True)))


async def standing(session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[Occurrence]:
    """What is, or was, to be heard of a place and lies at least partly in [start, end)."""
    query = select(Occurrence).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.state) != OccurrenceState.CANCELLED,
        col(Occurrence.start_at) < end,
        col(Occurrence.ends_at) >= start,
    )
    return list(await session.scalars(query.order_by(col(Occurrence.start_at), col(Occurrence.id))))


async def last_begun(session: AsyncSession, place_id: str, after: datetime, until: datetime) -> datetime | None:
    """The latest start in (after, until] of an airing of a place of which some device says that it has begun."""
    begun = select(Delivery.occurrence_id).where(
        col(Delivery.occurrence_id) == col(Occurrence.id), col(Delivery.started_at).is_not(None)
    )
    query = select(Occurrence.start_at).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.start_at) > after,
        col(Occurrence.start_at) <= until,
        begun.exists(),
    )
    return (await session.scalars(query.order_by(col(Occurrence.start_at).desc()).limit(1))).first()


async def add_new(session: AsyncSession, rows: Sequence[Occurrence]) -> set[str]:
    """Insert occurrences; one whose (schedule, original, generation) is taken is passed over. Gives the new ones."""
    if not rows:
        return set()
    values = [row.model_dump() for row in rows]
    made = await session.execute(_insert_or_pass(session).returning(col(Occurrence.id)), values)
    return set(made.scalars())


def _insert_or_pass(session: AsyncSession) -> Any:
    fence = ["schedule_id", "original_at", "generation"]
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(Occurrence).on_conflict_do_nothing(index_elements=fence)
    return sqlite.insert(Occurrence).on_conflict_do_nothing(index_elements=fence)


async def call_off_planned(session: AsyncSession, schedule_id: str, reason: str, *, after: datetime) -> int:
    """Cancel a schedule's planned occurrences from `after` on: it does not want them any more."""
    query = (
        update(Occurrence)
        .where(
            col(Occurrence.schedule_id) == schedule_id,
            col(Occurrence.state) == OccurrenceState.PLANNED,
            col(Occurrence.start_at) > after,
        )
        .values(state=OccurrenceState.CANCELLED, off=Off.NOT_WANTED, reason=reason)
        .returning(col(Occurrence.id))
    )
    return len((await session.scalars(query)).all())


async def issued_of(session: AsyncSession, schedule_id: str, after: datetime) -> list[Occurrence]:
    """A schedule's occurrences that are with the speakers and begin after a moment."""
    query = select(Occurrence).where(
        col(Occurrence.schedule_id) == schedule_id,
        col(Occurrence.state) == OccurrenceState.ISSUED,
        col(Occurrence.start_at) > after,
    )
    return list(await session.scalars(query.order_by(col(Occurrence.id)).with_for_update()))


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
    session: AsyncSession,
    place_ids: Collection[str],
    *,
    start: datetime,
    end: datetime,
    open_only: bool,
    limit: int,
    of_class: PlayClass | None = None,
) -> list[Occurrence]:
    """What lies at least partly in [start, end), first to last; `open_only`: planned or issued."""
    query = select(Occurrence).where(
        col(Occurrence.place_id).in_(place_ids), col(Occurrence.start_at) < end, col(Occurrence.ends_at) > start
    )
    if open_only:
        query = query.where(col(Occurrence.state).in_(_OPEN))
    if of_class is not None:
        query = query.where(col(Occurrence.play_class) == of_class)
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


async def pauses(session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[PauseRow]:
    """The pauses of a place that lie at least partly in [start, end), as they were asked for."""
    query = select(PauseRow).where(
        col(PauseRow.place_id) == place_id, col(PauseRow.start_at) < end, col(PauseRow.end_at) > start
    )
    return list(await session.scalars(query.order_by(col(PauseRow.id))))


async def pause(session: AsyncSession, pause_id: str) -> PauseRow | None:
    """One pause, locked."""
    return await session.get(PauseRow, pause_id, with_for_update=True, populate_existing=True)


async def touched_by_pause(session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[Occurrence]:
    """What is with the speakers, or is not because everybody is paused, and lies at least partly in [start, end).

    What is planned is locked with it: somebody may be about to order it, by the pauses as they were.
    """
    query = select(Occurrence).where(
        col(Occurrence.place_id) == place_id,
        col(Occurrence.emergency_id).is_(None),
        or_(col(Occurrence.state).in_(_OPEN), col(Occurrence.reason) == PAUSED),
        col(Occurrence.start_at) < end,
        col(Occurrence.ends_at) >= start,
    )
    query = query.order_by(col(Occurrence.id)).with_for_update().execution_options(populate_existing=True)
    return [row for row in await session.scalars(query) if row.state is not OccurrenceState.PLANNED]


async def replaced(session: AsyncSession, occurrence_ids: Collection[str]) -> set[str]:
    """Of these, what another one has taken the place of."""
    query = select(Occurrence.replaces_id).where(col(Occurrence.replaces_id).in_(occurrence_ids))
    return {each for each in await session.scalars(query) if each is not None}


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
    return list(await session.scalars(query.order_by(col(Occurrence.id)).with_for_update(skip_locked=skip_locked)))


async def policies(session: AsyncSession, place_ids: Collection[str]) -> dict[str, Policy]:
    """The policies of these places, as far as they have one of their own."""
    found = await session.scalars(select(Policy).where(col(Policy.place_id).in_(place_ids)))
    return {policy.place_id: policy for policy in found}
