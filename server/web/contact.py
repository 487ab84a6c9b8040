"""How a cluster's controller is reached, and the routes of couriers: the forms."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError, Refused
from devices.contacts import Reach
from devices.couriers import plans
from devices.couriers.models import CourierRoute
from devices.couriers.repository import contacts as rows
from devices.views import ClusterView
from server.auth.permissions import Permission
from server.web import fields
from server.web.managed import device_of, managed_cluster
from server.web.page import ManagePage, Page, go
from server.web.recurring import weekday_names
from server.web.signs import REACH

router = APIRouter(include_in_schema=False)

SPANS = 3
"""Fields for contact hours."""
VISITS = 4
"""Fields for visits."""


@router.get("/clusters/{cluster_id}/contact")
async def contact_form(page: ManagePage, cluster_id: str) -> HTMLResponse:
    view = await managed_cluster(page, cluster_id)
    async with page.runtime.database.reading() as session:
        known = await plans.contact(session, device_of(view))
    typed = {
        "reach": known.reach.value,
        "route": known.route_id or "",
        "rate": known.rate_kbit or "",
        "spans": _filled([(_clock(low), _clock(high)) for low, high in known.spans], SPANS, ("", "")),
    }
    return await _contact(page, view, typed)


@router.post("/clusters/{cluster_id}/contact")
async def contact(page: ManagePage, cluster_id: str) -> Response:
    """Write it down."""
    view = await managed_cluster(page, cluster_id)
    form = await page.request.form()
    pairs = list(zip(map(str, form.getlist("from")), map(str, form.getlist("to")), strict=False))
    try:
        async with page.act() as act:
            act.require(Permission.MANAGE_CLUSTERS, view.cluster.commune_id)
            row = await plans.set_contact(
                act.session,
                device_of(view),
                reach=_reach(form),
                spans=[(_minute(low), _minute(high)) for low, high in pairs if low or high],
                rate_kbit=fields.whole_or_none(form, "rate"),
                route_id=str(form.get("route", "")) or None,
            )
            await act.done("set_contact", f"device/{row.device_id}", view.cluster.commune_id, reach=row.reach.value)
    except LoaError as error:
        typed = {name: str(form.get(name, "")) for name in ("reach", "route", "rate")}
        return await _contact(page, view, typed | {"spans": _filled(pairs, SPANS, ("", ""))}, error)
    return go(f"/clusters/{cluster_id}", "saved")


@router.get("/courier/routes/{route_id}")
async def route_form(page: ManagePage, route_id: str) -> HTMLResponse:
    """A route; `new` for one that is not there yet."""
    known: CourierRoute | None = None
    if route_id != "new":
        async with page.runtime.database.reading() as session:
            known = await plans.route(session, route_id)
        page.me.require(Permission.MANAGE_CLUSTERS, known.commune_id)
    visits = [] if known is None else [(str(day), _clock(minute)) for day, minute in known.visits]
    typed = {
        "id": "" if known is None else known.id,
        "name": "" if known is None else known.name,
        "travel_h": 3 if known is None else round(known.travel_min / 60),
        "ahead_h": 12 if known is None else round(known.ahead_min / 60),
        "visits": _filled(visits, VISITS, ("", "")),
    }
    return _route(page, typed, known=known is not None)


@router.post("/courier/routes/{route_id}")
async def route(page: ManagePage, route_id: str) -> Response:
    """Make or change it."""
    form = await page.request.form()
    pairs = list(zip(map(str, form.getlist("day")), map(str, form.getlist("time")), strict=False))
    ident = str(form.get("id", "")) if route_id == "new" else route_id
    try:
        async with page.act() as act:
            act.require(Permission.MANAGE_CLUSTERS, page.place.id)
            await plans.save_route(
                act.session,
                route_id=ident,
                commune_id=page.place.id,
                name=str(form.get("name", "")),
                visits=[(_weekday(day), _minute(time)) for day, time in pairs if day and time],
                travel_min=fields.whole(form, "travel_h") * 60,
                ahead_min=fields.whole(form, "ahead_h") * 60,
            )
            await act.done("save_route", f"route/{ident}", page.place.id)
    except LoaError as error:
        typed = {name: str(form.get(name, "")) for name in ("id", "name", "travel_h", "ahead_h")}
        shown = typed | {"visits": _filled(pairs, VISITS, ("", ""))}
        return _route(page, shown, known=route_id != "new", error=error)
    return go("/courier", "saved")


async def _contact(
    page: Page, view: ClusterView, typed: Mapping[str, Any], error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        routes = await rows.routes(session, view.cluster.commune_id)
    return page.html("clusters/contact.html", error=error, it=view, form=typed, routes=routes, reaches=REACH)


def _route(page: Page, typed: Mapping[str, Any], *, known: bool, error: LoaError | None = None) -> HTMLResponse:
    days = [(number, name) for number, (_, name) in enumerate(weekday_names(page.locale))]
    return page.html("courier/route.html", error=error, form=typed, known=known, weekdays=days)


def _reach(form: ImmutableMultiDict[str, Any]) -> Reach:
    try:
        return Reach(str(form.get("reach", "")))
    except ValueError as error:
        raise Refused("server.input_wrong") from error


def _minute(text: str) -> int:
    """Minutes of the day of HH:MM. Raises Refused("server.input_wrong")."""
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal() and len(hours) <= 2):
        raise Refused("server.input_wrong")
    return int(hours) * 60 + int(minutes[:2])


def _weekday(text: str) -> int:
    if text not in {"0", "1", "2", "3", "4", "5", "6"}:
        raise Refused("server.input_wrong")
    return int(text)


def _clock(minute: int) -> str:
    """As a time field shows it; midnight at the end of a day is its last minute."""
    return f"{min(minute, 1_439) // 60:02d}:{min(minute, 1_439) % 60:02d}"


def _filled(pairs: Sequence[tuple[str, str]], count: int, blank: tuple[str, str]) -> list[tuple[str, str]]:
    return [*pairs, *[blank] * max(0, count - len(pairs))]
