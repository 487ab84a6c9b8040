"""Which language versions are missing, for which villages."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from devices.wire.audience import MAX_CLUSTERS, MAX_PLACES, Audience
from schedules.missing import Missing, Need
from schedules.service import Lacking
from server.api.shapes import PROBLEMS, Id, Name, Page, Shown
from server.auth.guard import Viewer
from server.auth.permissions import Permission
from server.deps import RuntimeOf

router = APIRouter(prefix="/announcements", tags=["announcements"], responses=PROBLEMS)

Places = Annotated[list[Name], Query(max_length=MAX_PLACES, default_factory=list)]
Clusters = Annotated[list[Name], Query(max_length=MAX_CLUSTERS, default_factory=list)]
NEEDS: dict[Need, Literal["nothing", "first", "further"]] = {
    Need.NOTHING: "nothing",
    Need.FIRST: "first",
    Need.FURTHER: "further",
}


class VillageOut(Shown):
    """A village that misses a language.

    need: "nothing", it hears none of its languages; "first", this is the one it puts first, it hears another of its
    own; "further", this is one of its further languages.
    """

    id: str
    name: str
    people: int
    need: Literal["nothing", "first", "further"]


class MissingOut(Shown):
    """A language that is missing. has_voice: the computer can speak it; otherwise a person must record it."""

    language: str
    has_voice: bool
    people: int
    villages: list[VillageOut]


class LackingOut(Shown):
    """An announcement with what it lacks: the languages that leave most people with nothing first."""

    announcement_id: str
    title: str
    missing: list[MissingOut] = Field(description="empty: everybody hears every language of the village")


@router.get("/{announcement_id}/missing-languages")
async def missing(
    *,
    announcement_id: Id,
    who: Viewer,
    runtime: RuntimeOf,
    places: Places,
    zones: Places,
    clusters: Clusters,
) -> Page[LackingOut]:
    """What an announcement lacks for the whole commune, or for the villages, zones and clusters named.

    Of a session, one entry for each announcement in it.
    """
    audience = Audience(tuple(places), tuple(zones), tuple(clusters))
    async with runtime.database.reading() as session:
        about = await runtime.announcements.find(session, announcement_id)
        who.require(Permission.VIEW, about.place_id)
        found = await runtime.languages.missing(session, announcement_id, None if audience.everyone else audience)
    voiced = {voice.language for voice in runtime.audio.voices()}
    return Page(items=[_shown(each, voiced) for each in found])


def _shown(lacking: Lacking, voiced: set[str]) -> LackingOut:
    return LackingOut(
        announcement_id=lacking.announcement_id,
        title=lacking.title,
        missing=[_missing(each, has_voice=each.language in voiced) for each in lacking.missing],
    )


def _missing(it: Missing, *, has_voice: bool) -> MissingOut:
    villages = [
        VillageOut(id=lack.village.id, name=lack.village.name, people=lack.village.population, need=NEEDS[lack.need])
        for lack in it.lacks
    ]
    return MissingOut(language=it.language, has_voice=has_voice, people=it.people, villages=villages)
