"""Where clusters stand and villages lie: for areas that are drawn."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from devices import positions
from devices.models import Cluster, Place
from server.acts import acting
from server.api.shapes import PROBLEMS, Name, Shown, Strict
from server.auth.guard import Manager
from server.auth.permissions import Permission
from server.deps import RuntimeOf

router = APIRouter(tags=["places"], responses=PROBLEMS)


class PositionIn(Strict):
    """Decimal degrees, north and east."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class PlacedIn(Strict):
    """Where it is; null: not known."""

    position: PositionIn | None

    def at(self) -> positions.Position | None:
        """As the room of the devices has it."""
        return None if self.position is None else (self.position.lat, self.position.lon)


class PlacedOut(Shown):
    """Where it is now."""

    id: str
    lat: float | None
    lon: float | None


@router.put("/clusters/{cluster_id}/position")
async def place_cluster(cluster_id: Name, body: PlacedIn, who: Manager, runtime: RuntimeOf) -> PlacedOut:
    """Say where a cluster stands."""
    async with acting(runtime, who) as act:
        found = await runtime.devices.cluster(act.session, cluster_id)
        act.require(Permission.MANAGE_CLUSTERS, found.cluster.commune_id)
        row: Cluster | Place = await positions.place_cluster(act.session, cluster_id, body.at())
        await act.done("place_cluster", f"cluster/{cluster_id}", found.cluster.commune_id)
    return PlacedOut.model_validate(row)


@router.put("/places/{place_id}/position")
async def place_place(place_id: Name, body: PlacedIn, who: Manager, runtime: RuntimeOf) -> PlacedOut:
    """Say where a village lies; clusters without a position of their own stand there."""
    async with acting(runtime, who) as act:
        act.require(Permission.MANAGE_CLUSTERS, place_id)
        row: Cluster | Place = await positions.place_place(act.session, place_id, body.at())
        await act.done("place_place", f"place/{place_id}", place_id)
    return PlacedOut.model_validate(row)
