"""The live board of an emergency or a drill: each village from waiting to done, and how to end it."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from base.errors import LoaError
from devices.wire.orders import Status
from schedules.changes import EmergencyChanged
from schedules.dispatch import read_audience
from schedules.models import Emergency, EmergencyState
from server.auth.permissions import Permission
from server.web import audience, repository
from server.web.modes import mode_for, mode_of
from server.web.page import Page, ViewPage, go
from server.web.reach import reach_of
from server.web.signs import EMERGENCY
from server.web.villages import by_village

router = APIRouter(include_in_schema=False)

CLUSTERS = 1_000
VILLAGES = 50

Act = Callable[..., Awaitable[Emergency]]


@router.get("/emergency/{emergency_id}")
@router.get("/drill/{emergency_id}")
async def show(page: ViewPage, emergency_id: str) -> Response:
    return await _board(page, emergency_id, "emergency/board.html")


@router.get("/emergency/{emergency_id}/live")
@router.get("/drill/{emergency_id}/live")
async def live(page: ViewPage, emergency_id: str) -> Response:
    """The part of the page that changes."""
    return await _board(page, emergency_id, "emergency/board_live.html")


@router.post("/emergency/{emergency_id}/stop")
@router.post("/drill/{emergency_id}/stop")
async def stop(page: ViewPage, emergency_id: str) -> Response:
    """End it without a message."""
    return await _act(page, emergency_id, "stop_emergency", page.runtime.emergencies.stop, "stopped")


@router.post("/emergency/{emergency_id}/all-clear")
@router.post("/drill/{emergency_id}/all-clear")
async def all_clear(page: ViewPage, emergency_id: str) -> Response:
    """End it and tell people."""
    return await _act(page, emergency_id, "all_clear", page.runtime.emergencies.all_clear, "all_clear")


@router.post("/emergency/{emergency_id}/countersign")
async def countersign(page: ViewPage, emergency_id: str) -> Response:
    """A second person confirms it."""
    service = page.runtime.emergencies
    return await _act(page, emergency_id, "countersign_emergency", service.countersign, "countersigned")


async def _act(page: Page, emergency_id: str, action: str, act_on: Act, done: str) -> Response:
    emergencies = page.runtime.emergencies
    try:
        async with page.act() as act:
            it = await emergencies.get(act.session, emergency_id)
            mode = mode_for(it.status)
            act.require(mode.permission, it.place_id)
            await act_on(act.session, emergency_id, page.me.id)
            await act.done(action, f"emergency/{it.id}", it.place_id, EmergencyChanged(it.place_id, it.id))
    except LoaError as error:
        return await _board(page, emergency_id, "emergency/board.html", error)
    return go(f"{mode.base}/{emergency_id}", done)


async def _board(page: Page, emergency_id: str, template: str, error: LoaError | None = None) -> Response:
    devices = page.runtime.devices
    async with page.runtime.database.reading() as session:
        it = await page.runtime.emergencies.get(session, emergency_id)
        page.me.require(Permission.VIEW, it.place_id)
        if mode_for(it.status) is not mode_of(page):
            return RedirectResponse(f"{mode_for(it.status).base}/{it.id}", 303)
        occurrence = await page.runtime.programme.occurrence(session, it.occurrence_id)
        ids = [found for found in (it.occurrence_id, it.clear_occurrence_id) if found is not None]
        counts = await devices.delivery_counts(session, ids)
        views = await devices.deliveries(session, it.occurrence_id, limit=CLUSTERS)
        people = await repository.user_names(session, {it.started_by, it.countersigned_by})
        names = await repository.place_and_zone_names(session, it.place_id)
    villages = by_village(page, views)
    mode = mode_for(it.status)
    return page.html(
        template,
        error=error,
        it=it,
        drill=mode.drill,
        base=mode.base,
        occurrence=occurrence,
        reach=reach_of(counts.get(it.occurrence_id)),
        clear_reach=reach_of(counts.get(it.clear_occurrence_id)) if it.clear_occurrence_id else None,
        state_sign=EMERGENCY[it.state],
        started_by=people.get(it.started_by, "–"),
        countersigned_by=people.get(it.countersigned_by, "–"),
        where=audience.describe(page, names, read_audience(it.audience)),
        villages=villages[:VILLAGES],
        more_villages=len(villages) > VILLAGES,
        may=_may(page, it),
    )


def _may(page: Page, it: Emergency) -> dict[str, Any]:
    allowed = page.me.can(mode_for(it.status).permission, it.place_id)
    second = it.countersigned_by is None and it.started_by != page.me.id
    return {
        "stop": allowed and it.state is EmergencyState.SOUNDING,
        "all_clear": allowed and it.state is not EmergencyState.CLEARED,
        "countersign": allowed and second and it.status is Status.ACTUAL,
    }
