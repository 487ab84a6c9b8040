"""Where a cluster stands and its village lies: the form."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError, Refused
from devices import positions
from devices.models import Cluster, Place
from devices.views import ClusterView
from server.auth.permissions import Permission
from server.web import repository
from server.web.managed import managed_cluster
from server.web.page import ManagePage, Page, go

router = APIRouter(include_in_schema=False)


@router.get("/clusters/{cluster_id}/position")
async def form(page: ManagePage, cluster_id: str) -> HTMLResponse:
    return await _show(page, await managed_cluster(page, cluster_id), None)


@router.post("/clusters/{cluster_id}/position")
async def save(page: ManagePage, cluster_id: str) -> Response:
    """Keep both, or forget what was left empty."""
    view = await managed_cluster(page, cluster_id)
    said = await page.request.form()
    typed = {name: str(said.get(name, "")).strip()[:40] for name in ("cluster", "village")}
    try:
        async with page.act() as act:
            act.require(Permission.MANAGE_CLUSTERS, view.cluster.commune_id)
            await positions.place_cluster(act.session, cluster_id, _position(typed["cluster"]))
            await positions.place_place(act.session, view.cluster.village_id, _position(typed["village"]))
            await act.done("place_cluster", f"cluster/{cluster_id}", view.cluster.commune_id)
    except LoaError as error:
        return await _show(page, view, typed, error)
    return go(f"/clusters/{cluster_id}", "placed")


def _position(text: str) -> positions.Position | None:
    """From "22.561, 104.242"; None for nothing. Raises Refused("devices.position_wrong")."""
    if not text:
        return None
    lat, _, lon = text.partition(",")
    try:
        return float(lat), float(lon)
    except ValueError as error:
        raise Refused("devices.position_wrong") from error


def _shown(row: Cluster | Place | None) -> str:
    return "" if row is None or row.lat is None or row.lon is None else f"{row.lat}, {row.lon}"


async def _show(
    page: Page, view: ClusterView, typed: dict[str, str] | None, error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        village = (await repository.places(session, [view.cluster.village_id])).get(view.cluster.village_id)
    form = typed or {"cluster": _shown(view.cluster), "village": _shown(village)}
    return page.html("clusters/position.html", error=error, it=view, form=form)
