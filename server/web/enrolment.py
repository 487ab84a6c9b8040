"""A one-time code for the board of a cluster, shown once to whoever asked for it."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from devices.models import ClusterKind
from devices.repository.enrolment import open_code
from devices.views import ClusterView
from server.enrolments import CodeShown, make_code
from server.web.managed import managed_cluster
from server.web.page import ManagePage, Page

router = APIRouter(include_in_schema=False)


@router.get("/clusters/{cluster_id}/board")
async def ask(page: ManagePage, cluster_id: str) -> HTMLResponse:
    """What it means to make a code, and whether one is open."""
    return await _show(page, await managed_cluster(page, cluster_id))


@router.post("/clusters/{cluster_id}/board")
async def make(page: ManagePage, cluster_id: str) -> HTMLResponse:
    """Make it, and show it this once."""
    view = await managed_cluster(page, cluster_id)
    async with page.act() as act:
        made = await make_code(act, _device_id(view), [] if view.device is not None else [cluster_id], None)
    return await _show(page, view, made)


def _device_id(view: ClusterView) -> str:
    """Its controller, or its gateway; a cluster that has none yet gives its own name."""
    return view.cluster.device_id or view.cluster.id


async def _show(page: Page, view: ClusterView, made: CodeShown | None = None) -> HTMLResponse:
    device_id = _device_id(view)
    async with page.runtime.database.reading() as session:
        waiting = await open_code(session, device_id, page.now)
    values: dict[str, Any] = {
        "it": view,
        "device_id": device_id,
        "wireless_alone": view.cluster.kind is ClusterKind.WIRELESS and view.device is None,
        "waiting": waiting,
        "made": made,
        "server": page.runtime.settings.public_url,
    }
    return page.html("clusters/board.html", **values)
