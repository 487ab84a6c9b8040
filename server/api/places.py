"""Places and zones."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from devices.models import Place, PlaceKind
from server.acts import acting
from server.api.shapes import PROBLEMS, Name, Page, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf

router = APIRouter(tags=["places"], responses=PROBLEMS)


class PlaceOut(Shown):
    """A node of the tree country → province → commune → village."""

    id: str
    kind: PlaceKind
    parent_id: str | None
    name: str
    code: str
    zone_name: str | None
    population: int
    households: int
    lat: float | None
    lon: float | None
    languages: list[str]


class ZoneOut(Shown):
    """An operator's own group of clusters."""

    id: str
    commune_id: str
    name: str
    clusters: list[str]


class ZoneIn(Strict):
    """A zone's name and clusters, which must lie in its commune."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    clusters: Annotated[list[Name], Field(max_length=1_000)]


@router.get("/places")
async def places(who: Viewer, runtime: RuntimeOf) -> Page[PlaceOut]:
    """Every place this person may see."""
    async with runtime.database.reading() as session:
        found = await runtime.places.all(session)
    shown = [PlaceOut.model_validate(place) for place in found if _visible(who, place)]
    return Page(items=shown)


@router.get("/places/{place_id}/zones")
async def zones(place_id: Name, who: Viewer, runtime: RuntimeOf) -> Page[ZoneOut]:
    """The zones of a commune."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.devices.list_zones(session, place_id)
    return Page(
        items=[
            ZoneOut(
                id=view.zone.id, commune_id=view.zone.commune_id, name=view.zone.name, clusters=list(view.cluster_ids)
            )
            for view in found
        ]
    )


@router.put("/places/{place_id}/zones/{zone_id}", status_code=204)
async def save_zone(
    place_id: Name,
    zone_id: Name,
    body: ZoneIn,
    who: Annotated[Who, Depends(allow(Permission.MANAGE_CLUSTERS))],
    runtime: RuntimeOf,
) -> None:
    """Make or change a zone."""
    async with acting(runtime, who) as act:
        act.require(Permission.MANAGE_CLUSTERS, place_id)
        await runtime.devices.save_zone(
            act.session, zone_id=zone_id, commune_id=place_id, name=body.name, cluster_ids=body.clusters
        )
        await act.done("save_zone", f"zone/{zone_id}", place_id, name=body.name, clusters=body.clusters)


def _visible(who: Who, place: Place) -> bool:
    return who.can(Permission.VIEW, place.id)
