"""Queries on announcements, their language versions and their way to air."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import String, cast, delete, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audio.models import AudioAsset
from schedules.models import (
    Announcement,
    AnnouncementState,
    AnnouncementVersion,
    ApprovalStep,
    Occurrence,
    OccurrenceState,
    RelaySource,
    Schedule,
    ScheduleState,
)


async def one(session: AsyncSession, announcement_id: str, *, lock: bool = False) -> Announcement | None:
    """One announcement; with `lock`, nobody else changes it until the transaction ends."""
    return await session.get(Announcement, announcement_id, with_for_update=lock or None, populate_existing=lock)


async def of_place(
    session: AsyncSession, place_id: str, *, state: AnnouncementState | None, before: str | None, limit: int
) -> list[Announcement]:
    """A place's announcements, newest first, older than the id `before` (ULIDs are in order of time)."""
    query = select(Announcement).where(col(Announcement.place_id) == place_id)
    if state is not None:
        query = query.where(col(Announcement.state) == state)
    if before is not None:
        query = query.where(col(Announcement.id) < before)
    return list(await session.scalars(query.order_by(col(Announcement.id).desc()).limit(limit)))


async def many(session: AsyncSession, ids: Collection[str], *, lock: bool = False) -> dict[str, Announcement]:
    """Those of these ids that exist; with `lock`, nobody else changes them until the transaction ends."""
    if not ids:
        return {}
    query = select(Announcement).where(col(Announcement.id).in_(ids)).order_by(col(Announcement.id))
    if lock:
        # Without the key: the planner writes rows that name several announcements, and must not wait in a circle.
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {announcement.id: announcement for announcement in await session.scalars(query)}


async def sessions_with(session: AsyncSession, announcement: Announcement) -> list[str]:
    """The ids of the sessions an announcement stands in."""
    query = select(Announcement.id).where(
        col(Announcement.place_id) == announcement.place_id,
        # An id is like no other text: where it stands in a composition, the announcement does.
        cast(col(Announcement.composition), String).contains(announcement.id),
    )
    return list(await session.scalars(query))


async def titled(session: AsyncSession, place_id: str, title: str) -> Announcement | None:
    """A place's newest announcement of a title that is not put away."""
    query = select(Announcement).where(
        col(Announcement.place_id) == place_id,
        col(Announcement.title) == title,
        col(Announcement.state) != AnnouncementState.ARCHIVED,
    )
    return (await session.scalars(query.order_by(col(Announcement.id).desc()).limit(1))).first()


async def assets(session: AsyncSession, ids: Collection[str]) -> dict[str, AudioAsset]:
    """The sounds of these ids that exist."""
    if not ids:
        return {}
    found = await session.scalars(select(AudioAsset).where(col(AudioAsset.id).in_(ids)))
    return {asset.id: asset for asset in found}


async def versions(session: AsyncSession, announcement_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Announcement → language → asset id."""
    found: dict[str, dict[str, str]] = {announcement_id: {} for announcement_id in announcement_ids}
    if not announcement_ids:
        return found
    query = select(AnnouncementVersion).where(col(AnnouncementVersion.announcement_id).in_(announcement_ids))
    for version in await session.scalars(query):
        found[version.announcement_id][version.language] = version.asset_id
    return found


async def replace_versions(session: AsyncSession, announcement_id: str, by_language: Mapping[str, str]) -> None:
    """Let an announcement have exactly these versions."""
    await session.flush()
    await session.execute(
        delete(AnnouncementVersion).where(col(AnnouncementVersion.announcement_id) == announcement_id)
    )
    session.add_all(
        AnnouncementVersion(announcement_id=announcement_id, language=language, asset_id=asset_id)
        for language, asset_id in by_language.items()
    )
    await session.flush()


async def steps(session: AsyncSession, announcement_ids: Collection[str]) -> dict[str, list[ApprovalStep]]:
    """The steps of each announcement, first to last."""
    found: dict[str, list[ApprovalStep]] = {announcement_id: [] for announcement_id in announcement_ids}
    if not announcement_ids:
        return found
    query = select(ApprovalStep).where(col(ApprovalStep.announcement_id).in_(announcement_ids))
    for step in await session.scalars(query.order_by(col(ApprovalStep.at), col(ApprovalStep.id))):
        found[step.announcement_id].append(step)
    return found


async def count_issued_ahead(session: AsyncSession, announcement_ids: Collection[str], now: datetime) -> int:
    """How many airings of these are with the speakers and still to begin."""
    query = (
        select(func.count())
        .select_from(Occurrence)
        .where(
            col(Occurrence.announcement_id).in_(announcement_ids),
            col(Occurrence.state) == OccurrenceState.ISSUED,
            col(Occurrence.start_at) > now,
        )
    )
    return await session.scalar(query) or 0


async def count_active_schedules(session: AsyncSession, announcement_ids: Collection[str]) -> int:
    """How many running schedules air one of these, be it in a single airing that differs from the others."""
    differing = [cast(col(Schedule.overrides), String).contains(each) for each in announcement_ids]
    query = (
        select(func.count())
        .select_from(Schedule)
        .where(
            or_(col(Schedule.announcement_id).in_(announcement_ids), *differing),
            col(Schedule.state) == ScheduleState.ACTIVE,
        )
    )
    return await session.scalar(query) or 0


async def stood_in_for(session: AsyncSession, announcement_id: str) -> str | None:
    """The name of a station that an announcement sounds instead of when it is silent."""
    query = select(RelaySource.name).where(
        col(RelaySource.fallback_announcement_id) == announcement_id, col(RelaySource.retired_at).is_(None)
    )
    return (await session.scalars(query.order_by(col(RelaySource.id)).limit(1))).first()
