"""A cluster's controller set apart from its commune: the form."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from devices.models import DeviceConfig
from devices.repository import configs as rows
from devices.views import ClusterView
from devices.wire.config import SAVER_PCT
from server.device_settings import as_pairs, set_device
from server.web import fields
from server.web.managed import device_of, managed_cluster
from server.web.page import ManagePage, Page, go

router = APIRouter(include_in_schema=False)

SPANS = 3
"""Fields for the hours of its link."""
NUMBERS = ("volume_max", "heartbeat_s", "low_pct", "critical_pct")


@router.get("/clusters/{cluster_id}/settings")
async def form(page: ManagePage, cluster_id: str) -> HTMLResponse:
    view = await managed_cluster(page, cluster_id)
    async with page.runtime.database.reading() as session:
        known = await rows.device_config(session, device_of(view)) or DeviceConfig(device_id=device_of(view))
    typed = {name: "" if getattr(known, name) is None else getattr(known, name) for name in NUMBERS}
    return _show(page, view, typed | {"spans": _filled(as_pairs(known.online))})


@router.post("/clusters/{cluster_id}/settings")
async def save(page: ManagePage, cluster_id: str) -> Response:
    """Set it and tell the device."""
    view = await managed_cluster(page, cluster_id)
    sent = await page.request.form()
    pairs = list(zip(map(str, sent.getlist("from")), map(str, sent.getlist("to")), strict=False))
    try:
        numbers = {name: fields.whole_or_none(sent, name) for name in NUMBERS}
        online = [pair for pair in pairs if any(pair)]
        async with page.act() as act:
            await set_device(act, device_of(view), online=online, **numbers)
    except LoaError as error:
        typed: dict[str, Any] = {name: str(sent.get(name, "")) for name in NUMBERS}
        return _show(page, view, typed | {"spans": _filled(pairs)}, error)
    return go(f"/clusters/{cluster_id}", "configured")


def _show(page: Page, view: ClusterView, typed: Mapping[str, Any], error: LoaError | None = None) -> HTMLResponse:
    low, critical = SAVER_PCT
    return page.html("clusters/settings.html", error=error, it=view, form=typed, low=low, critical=critical)


def _filled(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*pairs, *[("", "")] * max(0, SPANS - len(pairs))]
