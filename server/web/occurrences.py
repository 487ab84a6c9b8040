"""One airing: what is proved of it, village by village, as receipts come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from devices.contacts import Forecast
from devices.models import Delivery, DeliveryState
from devices.views import DeliveryView
from schedules.changes import ProgrammeChanged
from schedules.models import Occurrence, OccurrenceState
from server.auth.permissions import Permission
from server.courier_rounds import zone_of
from server.web.airing_facts import facts_of
from server.web.expected import Expected, expected
from server.web.page import Page, StopPage, ViewPage, go
from server.web.reach import Reach, reach_of
from server.web.reasons import reason_text
from server.web.signs import Sign, delivery_sign, occurrence_sign

router = APIRouter(include_in_schema=False)

ROWS = 50
SHOW = "occurrences/show.html"
_OPEN = {OccurrenceState.PLANNED, OccurrenceState.ISSUED}
_ON_THE_WAY = {DeliveryState.ORDERED, DeliveryState.HAS_ORDER}


@dataclass(frozen=True, slots=True)
class Row:
    """One cluster."""

    cluster_id: str
    cluster_name: str
    village_name: str
    sign: Sign
    at: datetime
    reason: str
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class Skew:
    """How far from the planned moment the clusters began, in milliseconds: half of them, and 99 of 100."""

    half: int
    worst: int


@router.get("/occurrences/{occurrence_id}")
async def show(page: ViewPage, occurrence_id: str) -> HTMLResponse:
    return await _show(page, occurrence_id, SHOW)


@router.get("/occurrences/{occurrence_id}/live")
async def live(page: ViewPage, occurrence_id: str) -> HTMLResponse:
    """The part of the page that changes."""
    return await _show(page, occurrence_id, "occurrences/live.html")


@router.post("/occurrences/{occurrence_id}/cancel")
async def cancel(page: StopPage, occurrence_id: str) -> Response:
    """Stop it, or call it off."""
    reason = str((await page.request.form()).get("reason", ""))
    programme = page.runtime.programme
    try:
        async with page.act() as act:
            it = await programme.occurrence(act.session, occurrence_id)
            act.require(Permission.STOP, it.place_id)
            await programme.cancel_occurrence(act.session, occurrence_id, page.me.id, reason)
            changed = ProgrammeChanged(it.place_id, "occurrence", it.id)
            await act.done("cancel_occurrence", f"occurrence/{it.id}", it.place_id, changed, reason=reason[:200])
    except LoaError as error:
        return await _show(page, occurrence_id, SHOW, error)
    return go(f"/occurrences/{occurrence_id}", "cancelled")


async def _show(page: Page, occurrence_id: str, template: str, error: LoaError | None = None) -> HTMLResponse:
    asked = page.request.query_params
    after, wanted = asked.get("after") or None, asked.get("state", "")
    state = DeliveryState(wanted) if wanted in set(DeliveryState) else None
    devices = page.runtime.devices
    async with page.runtime.database.reading() as session:
        it = await page.runtime.programme.occurrence(session, occurrence_id)
        page.me.require(Permission.VIEW, it.place_id)
        counts = await devices.delivery_counts(session, [it.id])
        views = await devices.deliveries(session, it.id, after=after, limit=ROWS + 1, state=state)
        starts = await devices.start_skew(session, it.id)
        forecasts = await _forecasts(page, session, it, views[:ROWS])
        facts = await facts_of(page, session, it) if template == SHOW else None
    reach = reach_of(counts.get(it.id))
    return page.html(
        template,
        error=error,
        it=it,
        facts=facts,
        reach=reach,
        state=state or "",
        state_sign=occurrence_sign(it, sounding=reach.sounding > 0, settled=reach.settled),
        reason=reason_text(page, it.reason),
        rows=[_row(page, view, forecasts) for view in views[:ROWS]],
        older=views[ROWS - 1].delivery.cluster_id if len(views) > ROWS else "",
        query=_query(after, state),
        skew=_skew(starts),
        may_cancel=_may_cancel(page, it, reach),
    )


async def _forecasts(
    page: Page, session: AsyncSession, it: Occurrence, views: Sequence[DeliveryView]
) -> Mapping[str, Forecast]:
    """Device → what it may expect, for those on this page that are not known to have it, while it can still come."""
    waiting = {view.delivery.device_id for view in views if view.delivery.state in _ON_THE_WAY} - {None}
    if not waiting or it.state not in _OPEN or page.now >= it.ends_at:
        return {}
    zone = zone_of(page.me.places, it.place_id)
    return await page.runtime.outlook.of_occurrence(session, it.id, [str(each) for each in waiting], zone, page.now)


def _row(page: Page, view: DeliveryView, forecasts: Mapping[str, Forecast]) -> Row:
    it = view.delivery
    foretold = forecasts.get(it.device_id or "") if it.state in _ON_THE_WAY else None
    return Row(
        it.cluster_id,
        view.cluster_name,
        view.village_name,
        delivery_sign(it.state, view.kind),
        _proved_at(it),
        reason_text(page, it.reason),
        None if foretold is None else expected(page, foretold),
    )


def _proved_at(it: Delivery) -> datetime:
    moments = (it.finished_at, it.started_at, it.stored_at, it.has_order_at, it.ordered_at)
    return next(moment for moment in moments if moment is not None)


def _skew(starts: Sequence[int]) -> Skew | None:
    """Nothing when fewer than two clusters began: one alone is no spread."""
    if len(starts) < 2:
        return None
    off = sorted(abs(start) for start in starts)
    return Skew(off[(len(off) - 1) // 2], off[min(len(off) - 1, (len(off) * 99) // 100)])


def _query(after: str | None, state: DeliveryState | None) -> str:
    pairs = {name: value for name, value in (("after", after), ("state", state)) if value}
    return f"?{urlencode(pairs)}" if pairs else ""


def _may_cancel(page: Page, it: Occurrence, reach: Reach) -> bool:
    ahead = it.expires_at > page.now and not (it.ends_at < page.now and reach.settled)
    return it.state in _OPEN and ahead and it.emergency_id is None and page.me.can(Permission.STOP, it.place_id)
