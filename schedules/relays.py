"""Stations whose streams are relayed: kept, changed with a new approval of what relays them, and retired."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.wire.orders import Level
from schedules.announcements import AnnouncementService
from schedules.composing import check_item, source_of
from schedules.content import composition_of
from schedules.models import Announcement, RelaySource
from schedules.repository import announcements
from schedules.repository import relays as rows
from schedules.stream_address import check_address

_log = structlog.get_logger(__name__)

MAX_NAME = 120
MIN_QUIET_S, USUAL_QUIET_S, MAX_QUIET_S = 3, 10, 120
"""Speech has pauses of a second or two; after two minutes everybody takes the speaker for broken."""
USUAL_AGAIN_S, MAX_AGAIN_S = 60, 3_600
MAX_SOURCES = 100


@dataclass(frozen=True, slots=True)
class Station:
    """What is said of a station. quiet_s: how long it may be silent or dead before the fallback sounds. again_s: how
    long after its end the fallback sounds anew while the station stays so; None: once.
    """

    name: str
    url: str
    quiet_s: int = USUAL_QUIET_S
    level: int = Level.COUNTRY
    fallback_id: str | None = None
    again_s: int | None = USUAL_AGAIN_S


@dataclass(frozen=True, slots=True)
class ChangedSource:
    """A station as it is now, and the sessions that need a new approval because of it."""

    source: RelaySource
    sessions: tuple[Announcement, ...] = ()


@dataclass(frozen=True, slots=True)
class Relays:
    """Every method works inside the caller's transaction. An unknown id raises NotFound.

    private: whether streams of our own networks may be relayed.
    """

    announcements: AnnouncementService
    clock: Clock
    private: bool = False

    async def sources(self, session: AsyncSession, place_id: str, *, retired: bool = False) -> Sequence[RelaySource]:
        """A place's stations by name; the retired ones, or the others."""
        return await rows.of_place(session, place_id, retired=retired)

    async def get(self, session: AsyncSession, source_id: str) -> RelaySource:
        return await self._found(session, source_id, lock=False)

    async def sessions(self, session: AsyncSession, source: RelaySource) -> list[Announcement]:
        """The sessions that relay it and are not put away, the oldest first."""
        return list((await announcements.many(session, await rows.sessions_with(session, source))).values())

    async def fallbacks(self, session: AsyncSession, sources: Sequence[RelaySource]) -> dict[str, Announcement]:
        """What sounds instead of these stations, by id."""
        ids = {source.fallback_announcement_id for source in sources} - {None}
        return await announcements.many(session, [each for each in ids if each is not None])

    async def add(self, session: AsyncSession, place_id: str, station: Station, user_id: str) -> RelaySource:
        """A new station.

        Raises Refused: relay_name_wrong, relay_address_*, relay_quiet_wrong, relay_again_wrong, level_wrong,
        relay_too_many; of its fallback session_item_unknown, session_nested, session_item_archived.
        """
        await self._check(session, place_id, station)
        if await rows.count(session, place_id) >= MAX_SOURCES:
            raise Refused("schedules.relay_too_many", limit=MAX_SOURCES)
        source = RelaySource(
            id=new_id(), place_id=place_id, name="", url="", created_by=user_id, created_at=self.clock()
        )
        _write(source, station)
        session.add(source)
        await session.flush()
        return source

    async def change(
        self, session: AsyncSession, source_id: str, station: Station, user_id: str, *, seen: str | None = None
    ) -> ChangedSource:
        """Say something else of it. Whatever is heard differently for it is a draft again in all that relays it; its
        name is not heard, and what was approved keeps the one it was approved with.

        seen: the `stamp` of what was looked at. Raises what `add` does; Conflict: relay_changed, relay_retired, and
        relay_issued while the speakers have airings that relay it.
        """
        source = await self._found(session, source_id, lock=False)
        await self._check(session, source.place_id, station)
        # The sessions first, as who changes one of them locks it first; those that were composed meanwhile after it.
        await announcements.many(session, await rows.sessions_with(session, source), lock=True)
        source = await self._open(session, source_id, seen)
        before = source_of(source)
        _write(source, station)
        await session.flush()
        if replace(source_of(source), name=before.name) == before:
            return ChangedSource(source)
        ids = await rows.sessions_with(session, source)
        await self._check_not_issued(session, ids)
        relaying = await announcements.many(session, ids, lock=True)
        told = [await self._again(session, each, source, user_id) for each in relaying.values()]
        _log.info("relay.changed", source=source.id, user=user_id, sessions=len(told))
        return ChangedSource(source, tuple(told))

    async def retire(self, session: AsyncSession, source_id: str, user_id: str) -> ChangedSource:
        """Offer it no more, and let nothing that relays it be heard: drafts again, never approved. Twice is once.

        Raises Conflict: relay_scheduled, relay_issued.
        """
        source = await self._found(session, source_id, lock=False)
        await announcements.many(session, await rows.sessions_with(session, source), lock=True)
        source = await self._found(session, source_id, lock=True)
        if source.retired_at is not None:
            return ChangedSource(source)
        ids = await rows.sessions_with(session, source)
        schedules = await announcements.count_active_schedules(session, ids)
        if schedules:
            raise Conflict("schedules.relay_scheduled", schedules=schedules)
        await self._check_not_issued(session, ids)
        source.retired_at = self.clock()
        relaying = await announcements.many(session, ids, lock=True)
        told = [await self._again(session, each, source, user_id) for each in relaying.values()]
        _log.info("relay.retired", source=source.id, user=user_id, sessions=len(told))
        return ChangedSource(source, tuple(told))

    async def _again(
        self, session: AsyncSession, relaying: Announcement, source: RelaySource, user_id: str
    ) -> Announcement:
        composition = composition_of(relaying)
        assert composition is not None
        now = composition.with_sources({source.id: source_of(source)})
        return await self.announcements.recompose(session, relaying, now, user_id, source.name)

    async def _check(self, session: AsyncSession, place_id: str, station: Station) -> None:
        if not 1 <= len(station.name.strip()) <= MAX_NAME:
            raise Refused("schedules.relay_name_wrong", limit=MAX_NAME)
        check_address(station.url.strip(), private=self.private)
        if not MIN_QUIET_S <= station.quiet_s <= MAX_QUIET_S:
            raise Refused("schedules.relay_quiet_wrong", least_s=MIN_QUIET_S, limit_s=MAX_QUIET_S)
        if station.again_s is not None and not 0 <= station.again_s <= MAX_AGAIN_S:
            raise Refused("schedules.relay_again_wrong", limit_s=MAX_AGAIN_S)
        if station.level not in set(Level):
            raise Refused("schedules.level_wrong")
        if station.fallback_id is not None:
            check_item(place_id, station.fallback_id, await announcements.one(session, station.fallback_id))

    async def _check_not_issued(self, session: AsyncSession, session_ids: Sequence[str]) -> None:
        airings = await announcements.count_issued_ahead(session, session_ids, self.clock())
        if airings:
            raise Conflict("schedules.relay_issued", airings=airings)

    async def _open(self, session: AsyncSession, source_id: str, seen: str | None) -> RelaySource:
        source = await self._found(session, source_id, lock=True)
        if source.retired_at is not None:
            raise Conflict("schedules.relay_retired", name=source.name)
        if seen is not None and seen != stamp(source):
            raise Conflict("schedules.relay_changed", name=source.name)
        return source

    async def _found(self, session: AsyncSession, source_id: str, *, lock: bool) -> RelaySource:
        source = await rows.one(session, source_id, lock=lock)
        if source is None:
            raise NotFound("schedules.relay_unknown", id=source_id[:26])
        return source


def stamp(source: RelaySource) -> str:
    """The same as long as nothing said of it has changed."""
    said = json.dumps(source_of(source).to_map(), sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()[:16]


def _write(source: RelaySource, station: Station) -> None:
    source.name, source.url = station.name.strip(), station.url.strip()
    source.quiet_s, source.level = station.quiet_s, int(station.level)
    source.fallback_announcement_id, source.again_s = station.fallback_id, station.again_s
