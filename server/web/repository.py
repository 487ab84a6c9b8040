"""What pages read that no room's service gives: names of communes, villages and people."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audio.models import AudioAsset
from devices.models import Cluster, Place, PlaceKind, Zone
from schedules.models import (
    Announcement,
    AnnouncementState,
    Emergency,
    Occurrence,
    OccurrenceState,
    RelaySource,
    Schedule,
)
from server.auth.models import User

_TITLES = {
    "announcement": (col(Announcement.id), col(Announcement.title)),
    "asset": (col(AudioAsset.id), col(AudioAsset.title)),
    "schedule": (col(Schedule.id), col(Schedule.title)),
    "relay": (col(RelaySource.id), col(RelaySource.name)),
    "occurrence": (col(Occurrence.id), col(Occurrence.title)),
    "emergency": (col(Emergency.id), col(Emergency.title)),
    "cluster": (col(Cluster.id), col(Cluster.name)),
    "user": (col(User.id), col(User.name)),
    "place": (col(Place.id), col(Place.name)),
    "zone": (col(Zone.id), col(Zone.name)),
}


class Coming(NamedTuple):
    """An airing ahead, as the frame of a page shows it. about: the state of its announcement; None without one."""

    id: str
    title: str
    start_at: datetime
    play_class: int
    state: OccurrenceState
    about: AnnouncementState | None

    @property
    def waits(self) -> bool:
        """Whether it is not approved: as it is, nothing will be heard."""
        return self.state is OccurrenceState.PLANNED and self.about not in {None, AnnouncementState.APPROVED}


async def communes(session: AsyncSession) -> list[Place]:
    """Every commune, by name."""
    found = await session.scalars(
        select(Place).where(col(Place.kind) == PlaceKind.COMMUNE).order_by(col(Place.name), col(Place.id))
    )
    return list(found)


async def commune(session: AsyncSession, place_id: str) -> Place | None:
    """A commune by its id; None when there is none."""
    place = await session.get(Place, place_id)
    return place if place is not None and place.kind is PlaceKind.COMMUNE else None


async def villages(session: AsyncSession, commune_id: str) -> list[Place]:
    """A commune's villages, by name."""
    found = await session.scalars(
        select(Place)
        .where(col(Place.parent_id) == commune_id, col(Place.kind) == PlaceKind.VILLAGE)
        .order_by(col(Place.name), col(Place.id))
    )
    return list(found)


async def places(session: AsyncSession, place_ids: Collection[str]) -> dict[str, Place]:
    """Places by id."""
    found = await session.scalars(select(Place).where(col(Place.id).in_(place_ids)))
    return {place.id: place for place in found}


async def user_names(session: AsyncSession, user_ids: Collection[str | None]) -> dict[str | None, str]:
    """The names of people by id."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    found = await session.execute(select(col(User.id), col(User.name)).where(col(User.id).in_(wanted)))
    return dict(found.all())


async def place_and_zone_names(session: AsyncSession, commune_id: str) -> dict[str, str]:
    """The names of a commune's villages, zones and clusters by id."""
    villages = await session.execute(select(col(Place.id), col(Place.name)).where(col(Place.parent_id) == commune_id))
    zones = await session.execute(select(col(Zone.id), col(Zone.name)).where(col(Zone.commune_id) == commune_id))
    clusters = await session.execute(
        select(col(Cluster.id), col(Cluster.name)).where(col(Cluster.commune_id) == commune_id)
    )
    return {found_id: name for rows in (clusters, villages, zones) for found_id, name in rows}


async def occurrences_of(session: AsyncSession, schedule_id: str, *, after: datetime, limit: int) -> list[Occurrence]:
    """What a schedule still has ahead, first to last."""
    found = await session.scalars(
        select(Occurrence)
        .where(col(Occurrence.schedule_id) == schedule_id, col(Occurrence.ends_at) > after)
        .order_by(col(Occurrence.start_at))
        .limit(limit)
    )
    return list(found)


async def coming(session: AsyncSession, place_id: str, now: datetime, limit: int) -> list[Coming]:
    """What a place has planned next, first to last."""
    found = await session.execute(
        select(*(col(getattr(Occurrence, name)) for name in Coming._fields[:-1]), col(Announcement.state))
        .outerjoin(Announcement, col(Announcement.id) == col(Occurrence.announcement_id))
        .where(
            col(Occurrence.place_id) == place_id,
            col(Occurrence.start_at) > now,
            col(Occurrence.state).in_((OccurrenceState.PLANNED, OccurrenceState.ISSUED)),
        )
        .order_by(col(Occurrence.start_at), col(Occurrence.id))
        .limit(limit)
    )
    return [Coming._make(row) for row in found]


async def occurrence_titles(session: AsyncSession, occurrence_ids: Collection[str]) -> dict[str, str]:
    """The titles of occurrences by id."""
    found = await session.execute(
        select(col(Occurrence.id), col(Occurrence.title)).where(col(Occurrence.id).in_(occurrence_ids))
    )
    return dict(found.all())


async def role_places(session: AsyncSession) -> list[Place]:
    """Where a role can be given in the console: provinces first, then communes, by name."""
    kinds = (PlaceKind.PROVINCE, PlaceKind.COMMUNE)
    found = list(await session.scalars(select(Place).where(col(Place.kind).in_(kinds)).order_by(col(Place.name))))
    return sorted(found, key=lambda place: kinds.index(place.kind))


async def titles(session: AsyncSession, objects: Collection[str]) -> dict[str, str]:
    """What things are called, by noun/id as the activity log keeps them; one query a noun."""
    wanted: dict[str, list[str]] = {}
    for each in objects:
        noun, _, ident = each.partition("/")
        wanted.setdefault(noun, []).append(ident)
    found: dict[str, str] = {}
    for noun, (ident_column, title_column) in _TITLES.items():
        if noun in wanted:
            rows = await session.execute(select(ident_column, title_column).where(ident_column.in_(wanted[noun])))
            found |= {f"{noun}/{ident}": title for ident, title in rows}
    return found


async def schedulable(session: AsyncSession, place_id: str, limit: int) -> list[Announcement]:
    """What may be given a schedule: the approved ones first, the newest of each first."""
    query = select(Announcement).where(
        col(Announcement.place_id) == place_id, col(Announcement.state) != AnnouncementState.ARCHIVED
    )
    approved_first = (col(Announcement.state) == AnnouncementState.APPROVED).desc()
    return list(await session.scalars(query.order_by(approved_first, col(Announcement.id).desc()).limit(limit)))
