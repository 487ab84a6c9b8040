"""Stations: the list, one with what relays it and a try of its stream, and what an administrator says of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import Conflict, LoaError
from devices.wire.orders import Level
from schedules.models import RelaySource
from schedules.relays import (
    MAX_AGAIN_S,
    MAX_NAME,
    MAX_QUIET_S,
    MIN_QUIET_S,
    USUAL_AGAIN_S,
    USUAL_QUIET_S,
    Station,
    stamp,
)
from server import stations
from server.auth.permissions import Permission
from server.stream_trial import Trial
from server.web.fields import whole
from server.web.page import AdminPage, Page, ViewPage, WritePage, go, in_place
from server.web.session_new import choices
from server.web.signs import ANNOUNCEMENT

router = APIRouter(include_in_schema=False)

_FIELDS = ("name", "url", "quiet_s", "again_s", "level", "fallback")
ONCE = "once"
_AGAIN = (0, 30, 60, 120, 300, 600)
"""Seconds after which a form lets the fallback sound anew."""


@router.get("/relays")
async def index(page: ViewPage) -> HTMLResponse:
    """All of the commune: 100 at most, and those that are retired."""
    relays = page.runtime.programme.relays
    async with page.runtime.database.reading() as session:
        found = await relays.sources(session, page.place.id)
        retired = await relays.sources(session, page.place.id, retired=True)
        fallbacks = await relays.fallbacks(session, found)
    return page.html(
        "relays/index.html", rows=found, retired=retired, fallbacks=fallbacks, states=ANNOUNCEMENT, host=_host
    )


@router.get("/relays/new")
async def new_form(page: AdminPage) -> HTMLResponse:
    blank = {"name": "", "url": "", "quiet_s": USUAL_QUIET_S, "again_s": USUAL_AGAIN_S}
    blank |= {"level": int(Level.COUNTRY), "fallback": ""}
    return await _new(page, blank)


@router.post("/relays/new")
async def create(page: AdminPage) -> Response:
    form = await _typed(page)
    try:
        station = _station(form)
        await page.runtime.trials.look_up(station.url)
        async with page.act() as act:
            made = await stations.add(act, page.place.id, station)
    except LoaError as error:
        return await _new(page, form, error)
    return go(f"/relays/{made.id}", "relay_added")


@router.get("/relays/{source_id}")
async def show(page: ViewPage, source_id: str) -> HTMLResponse:
    return await _show(page, source_id)


@router.post("/relays/{source_id}")
async def change(page: AdminPage, source_id: str) -> Response:
    """Say something else of it, unless somebody did meanwhile."""
    form = await _typed(page)
    try:
        station = _station(form)
        await page.runtime.trials.look_up(station.url)
        async with page.act() as act:
            changed = await stations.change(act, source_id, station, seen=form["seen"])
    except LoaError as error:
        return await _show(page, source_id, form=form, error=error)
    return go(f"/relays/{source_id}", "relay_changed" if changed.sessions else "saved")


@router.post("/relays/{source_id}/retire")
async def retire(page: AdminPage, source_id: str) -> Response:
    try:
        async with page.act() as act:
            await stations.retire(act, source_id)
    except LoaError as error:
        return await _show(page, source_id, error=error)
    return go(f"/relays/{source_id}", "relay_retired")


@router.post("/relays/{source_id}/try")
async def try_it(page: WritePage, source_id: str) -> Response:
    """Listen for a few seconds and tell what was found; nothing is kept."""
    async with page.runtime.database.reading() as session:
        source = await page.runtime.programme.relays.get(session, source_id)
    page.me.require(Permission.WRITE_ANNOUNCEMENT, source.place_id)
    try:
        if source.retired_at is not None:
            raise Conflict("schedules.relay_retired", name=source.name)
        trial = await page.runtime.trials.listen(source.url, source.name)
    except LoaError as error:
        return await _show(page, source_id, error=error)
    return await _show(page, source_id, trial=trial)


async def _new(page: Page, form: Mapping[str, Any], error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        offered = await choices(page, session)
    return page.html("relays/new.html", error=error, choices=[each.announcement for each in offered], **_fields(form))


async def _show(
    page: Page,
    source_id: str,
    *,
    form: Mapping[str, Any] | None = None,
    trial: Trial | None = None,
    error: LoaError | None = None,
) -> HTMLResponse:
    relays = page.runtime.programme.relays
    async with page.runtime.database.reading() as session:
        source = await relays.get(session, source_id)
        page.me.require(Permission.VIEW, source.place_id)
    page = await in_place(page, source.place_id)
    async with page.runtime.database.reading() as session:
        sessions = await relays.sessions(session, source)
        fallbacks = await relays.fallbacks(session, [source])
        offered = [each.announcement for each in await choices(page, session)]
    fallback = fallbacks.get(source.fallback_announcement_id or "")
    return page.html(
        "relays/show.html",
        error=error,
        source=source,
        sessions=sessions,
        fallback=fallback,
        choices=offered if fallback is None or fallback in offered else [fallback, *offered],
        trial=trial,
        states=ANNOUNCEMENT,
        may_change=page.me.can(Permission.ADMINISTER, source.place_id) and source.retired_at is None,
        may_try=page.me.can(Permission.WRITE_ANNOUNCEMENT, source.place_id) and source.retired_at is None,
        **_fields(_form_of(source) if form is None else form),
    )


def _fields(form: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields of a station need; a typed pause that nobody can mean is the usual one again."""
    typed = str(form["again_s"])[:5]
    seconds = min(int(typed), MAX_AGAIN_S) if typed.isascii() and typed.isdigit() else USUAL_AGAIN_S
    return {
        "form": {**form, "again_s": ONCE if typed == ONCE else seconds},
        "longest_name": MAX_NAME,
        "least_quiet": MIN_QUIET_S,
        "most_quiet": MAX_QUIET_S,
        "agains": [*sorted({*_AGAIN, seconds}), ONCE],
    }


def _form_of(source: RelaySource) -> dict[str, Any]:
    return {
        "name": source.name,
        "url": source.url,
        "quiet_s": source.quiet_s,
        "again_s": ONCE if source.again_s is None else source.again_s,
        "level": source.level,
        "fallback": source.fallback_announcement_id or "",
        "seen": stamp(source),
    }


async def _typed(page: Page) -> dict[str, str]:
    said = await page.request.form()
    return {name: str(said.get(name, ""))[:600] for name in (*_FIELDS, "seen")}


def _station(form: Mapping[str, str]) -> Station:
    """Raises Refused("server.input_wrong") for figures that are none; the rest is judged where it is kept."""
    again_s = None if form["again_s"] == ONCE else whole(form, "again_s")
    quiet_s, level = whole(form, "quiet_s"), whole(form, "level")
    return Station(form["name"], form["url"].strip(), quiet_s, level, form["fallback"] or None, again_s)


def _host(url: str) -> str:
    """What a list shows of an address: the rest of it may hold a key."""
    return urlsplit(url).hostname or ""
