"""Courier: which villages wait for a visit, what was prepared for them, and what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile as FormFile

from base.errors import LoaError, Refused
from devices.contacts import Reach
from devices.couriers import plans
from devices.couriers.models import CourierRoute
from devices.couriers.repository import contacts as rows
from devices.models import Place
from server import couriers
from server.api.courier_returns import as_uploads
from server.auth.permissions import Permission
from server.courier_rounds import zone_of
from server.couriers import Choice, Outcome
from server.i18n.catalogue import N_
from server.web import repository
from server.web.page import Page, go, in_commune_of, page_for
from server.web.signs import BUNDLE, REACH, Sign

router = APIRouter(include_in_schema=False)

ROWS = 50
HISTORY = 20
MB = 1_000_000

CarryPage = Annotated[Page, Depends(page_for(Permission.CARRY))]


@dataclass(frozen=True, slots=True)
class Row:
    """A device that is not always online: its villages, what waits for it, who was there last and comes next."""

    device_id: str
    village_id: str
    names: str
    sign: Sign
    airings: int
    until: datetime | None
    last_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a return file, in words."""

    name: str
    sign: Sign
    text: str


@router.get("/courier")
async def index(page: CarryPage) -> HTMLResponse:
    return await _index(await in_commune_of(page, Permission.CARRY))


@router.post("/courier/prepare")
async def prepare(page: CarryPage) -> Response:
    """A bundle for the chosen villages, or for a route."""
    page = await in_commune_of(page, Permission.CARRY)
    form = await page.request.form()
    villages = tuple(str(value) for value in form.getlist("village"))
    route_id = str(form.get("route", "")) or None
    try:
        choice = Choice(villages, (), route_id, whole="whole" in form)
        made = await couriers.prepare(page.runtime, page.me, page.place.id, choice)
    except LoaError as error:
        return await _index(page, error=error)
    return go(f"/courier/{made.id}")


@router.post("/courier/returns")
async def take(page: CarryPage) -> HTMLResponse:
    """Return files, in any order; the same page says what became of each."""
    page = await in_commune_of(page, Permission.CARRY)
    form = await page.request.form()
    files = [each for each in form.getlist("files") if isinstance(each, FormFile) and each.filename]
    try:
        if not files:
            raise Refused("server.upload_missing")
        uploads = [UploadFile(each.file, size=each.size, filename=each.filename) for each in files]
        outcomes = await couriers.take_returns(page.runtime, page.me, list(as_uploads(uploads)))
    except LoaError as error:
        return await _index(page, error=error)
    return await _index(page, results=[_result(page, each) for each in outcomes])


async def _index(page: Page, *, error: LoaError | None = None, results: Sequence[Result] = ()) -> HTMLResponse:
    number = page.request.query_params.get("page", "1")
    at = (max(1, int(number)) - 1) * ROWS if number.isdecimal() and len(number) < 6 else 0
    before = page.request.query_params.get("before") or None
    async with page.runtime.database.reading() as session:
        routes = await rows.routes(session, page.place.id)
        waiting = await _waiting(session, page, routes)
        views = await page.runtime.couriers.bundles(session, page.place.id, before=before, limit=HISTORY + 1)
        shown = await couriers.mine(session, page.me, views[:HISTORY])
        villages = await repository.villages(session, page.place.id)
    return page.html(
        "courier/index.html",
        error=error,
        results=results,
        rows=waiting[at : at + ROWS],
        later=at // ROWS + 2 if len(waiting) > at + ROWS else None,
        routes=[(route, _next(page, route)) for route in routes if _may(page, route, waiting)],
        villages=_carried_to(page, villages),
        bundles=[(view, BUNDLE[view.state]) for view in shown],
        older=views[HISTORY - 1].bundle.id if len(views) > HISTORY else "",
        megabytes=lambda size: max(0.1, size / MB),
    )


async def _waiting(session: AsyncSession, page: Page, routes: Sequence[CourierRoute]) -> list[Row]:
    """The devices this person may carry to, those with the most waiting first."""
    found: dict[str, list[rows.Waiting]] = {}
    for each in await rows.not_always_online(session, page.place.id):
        if page.me.can(Permission.CARRY, each.village.id):
            found.setdefault(each.device.id, []).append(each)
    ahead = await rows.ahead_by_device(session, list(found), page.now)
    nexts = {route.id: _next(page, route) for route in routes}
    made = [_row(here, ahead, nexts) for here in found.values()]
    return sorted(made, key=lambda row: (-row.airings, row.names))


def _row(
    here: Sequence[rows.Waiting], ahead: Mapping[str, tuple[int, datetime]], nexts: Mapping[str, datetime | None]
) -> Row:
    first = here[0]
    airings, until = ahead.get(first.device.id, (0, None))
    return Row(
        first.device.id,
        first.village.id,
        ", ".join(dict.fromkeys(each.village.name for each in here)),
        REACH[first.contact.reach],
        airings,
        until,
        None if first.last is None else (first.last.clock_at or first.last.received_at),
        nexts.get(first.contact.route_id or "") if first.contact.reach is Reach.COURIER else None,
    )


def _next(page: Page, route: CourierRoute) -> datetime | None:
    visits = plans.visits_of(route, zone_of(page.me.places, route.commune_id), page.now)
    return visits[0].leaves_at if visits else None


def _may(page: Page, route: CourierRoute, waiting: Sequence[Row]) -> bool:
    """A route is shown to those of the commune; a team of one village sees its village."""
    return bool(waiting) and page.me.can(Permission.CARRY, route.commune_id)


def _carried_to(page: Page, villages: Sequence[Place]) -> list[Place]:
    return [village for village in villages if page.me.can(Permission.CARRY, village.id)]


def _result(page: Page, outcome: Outcome) -> Result:
    taken = outcome.taken
    if taken is None:
        return Result(outcome.name, Sign("✕", N_("refused"), "bad"), page.error_text(outcome.error))
    words = [page.ngettext("%(num)d receipt", "%(num)d receipts", taken.receipts), taken.device_id]
    if taken.refused:
        words.append(page.ngettext("%(num)d receipt did not hold", "%(num)d receipts did not hold", taken.refused))
    if taken.clock_at is not None:
        words.append(page.gettext(N_("written at %(time)s"), time=page.moment(taken.clock_at)))
    if taken.again:
        words.append(page.gettext(N_("it had come before; nothing was counted twice")))
    elif not taken.latest:
        words.append(page.gettext(N_("a newer file of this speaker came before; its receipts were taken")))
    return Result(outcome.name, Sign("✓", N_("taken"), "ok"), " · ".join(words))
