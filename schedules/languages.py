"""Which language versions of an announcement, or of the parts of a session, are missing for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from devices.service import DeviceService
from devices.views import PlaceNode
from devices.wire.audience import Audience
from schedules import ground as grounds
from schedules.announcements import AnnouncementService
from schedules.composing import ItemKind
from schedules.ground import Ground
from schedules.missing import Missing, missing


@dataclass(frozen=True, slots=True)
class Lacking:
    """An announcement with the languages it lacks, the most urgent first; none when everybody is served."""

    announcement_id: str
    title: str
    missing: tuple[Missing, ...]


class Languages:
    """Every method works inside the caller's transaction."""

    def __init__(self, devices: DeviceService, announcements: AnnouncementService) -> None:
        self._devices = devices
        self._announcements = announcements

    async def missing(
        self, session: AsyncSession, announcement_id: str, audience: Audience | None = None
    ) -> tuple[Lacking, ...]:
        """What an announcement lacks for an audience; without one, for its whole place.

        Of a session, item by item; its identification is left out, which names the station and tells nothing, and so
        are music and what is relayed.
        Raises NotFound for the announcement; Refused: audience_unknown, audience_too_long, nobody_meant.
        """
        about = await self._announcements.find(session, announcement_id)
        ground = await grounds.load(session, self._devices, about.place_id)
        return await self.missing_in(session, ground, announcement_id, audience)

    async def missing_in(
        self, session: AsyncSession, ground: Ground, announcement_id: str, audience: Audience | None = None
    ) -> tuple[Lacking, ...]:
        """The same on ground that is loaded already."""
        heard = await self._heard(session, ground, audience)
        view = await self._announcements.get(session, announcement_id)
        if view.composition is not None:
            items = {item.id: item for item in view.items if item.kind is ItemKind.ANNOUNCEMENT}.values()
            return tuple(Lacking(item.id, item.title, missing(heard, item.languages)) for item in items)
        spoken = [version.language for version in view.versions]
        return (Lacking(announcement_id, view.announcement.title, missing(heard, spoken)),)

    async def _heard(
        self, session: AsyncSession, ground: Ground, audience: Audience | None
    ) -> list[tuple[PlaceNode, Sequence[str]]]:
        """The village and the languages of every cluster that is meant."""
        clusters = ground.clusters if audience is None else ground.check(audience).clusters
        languages = await self._devices.cluster_languages(session, ground.place.id)
        return [(ground.places[cluster.village_id], languages[cluster.id]) for cluster in clusters]
