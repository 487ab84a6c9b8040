"""Clusters: who is online, and one of them in detail."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from base.times import from_ms
from devices.models import ClusterKind, Presence, PresenceChange
from devices.views import ClusterView, DeviceHistory
from devices.wire.rehearsal import Rehearsal
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.beats import beat_bar
from server.web.health import facts, fault_words
from server.web.page import Page, ViewPage
from server.web.pause_words import pauses_of
from server.web.signs import PRESENCE, language_word, presence_sign

router = APIRouter(include_in_schema=False)

ROWS = 50
CHANGES = 12


@router.get("/clusters")
async def index(page: ViewPage) -> HTMLResponse:
    return await _index(page, "clusters/index.html")


@router.get("/clusters/live")
async def live(page: ViewPage) -> HTMLResponse:
    """The table alone."""
    return await _index(page, "clusters/live.html")


@router.get("/clusters/{cluster_id}")
async def show(page: ViewPage, cluster_id: str) -> HTMLResponse:
    return await _show(page, cluster_id, "clusters/show.html")


@router.get("/clusters/{cluster_id}/live")
async def show_live(page: ViewPage, cluster_id: str) -> HTMLResponse:
    """The part of the page that changes."""
    return await _show(page, cluster_id, "clusters/show_live.html")


async def _index(page: Page, template: str) -> HTMLResponse:
    asked = page.request.query_params
    presence = Presence(asked["presence"]) if asked.get("presence") in set(Presence) else None
    kind = ClusterKind(asked["kind"]) if asked.get("kind") in set(ClusterKind) else None
    search, after = asked.get("search", "")[:80].strip(), asked.get("after") or None
    devices = page.runtime.devices
    async with page.runtime.database.reading() as session:
        found = await devices.clusters(
            session, page.place.id, presence=presence, kind=kind, search=search, after=after, limit=ROWS + 1
        )
        fleet = await devices.fleet_summary(session, page.place.id)
    filters = {name: value for name, value in (("presence", presence), ("kind", kind), ("search", search)) if value}
    return page.html(
        template,
        rows=found[:ROWS],
        after=found[ROWS - 1].cluster.id if len(found) > ROWS else "",
        fleet=fleet,
        presences=PRESENCE,
        presence_sign=presence_sign,
        presence=presence or "",
        kind=kind or "",
        search=search,
        filtered=bool(filters) or after is not None,
        faults=lambda codes: fault_words(page, codes),
        query=_query(filters | ({"after": after} if after else {})),
        more_query=_query(filters).replace("?", "&", 1),
    )


def _query(pairs: dict[str, Any]) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""


async def _show(page: Page, cluster_id: str, template: str) -> HTMLResponse:
    day = datetime.combine(page.today, time(), page.zone)
    async with page.runtime.database.reading() as session:
        view = await page.runtime.devices.cluster(session, cluster_id)
        page.me.require(Permission.VIEW, view.cluster.commune_id)
        history = await _history(page, session, view, day)
        pauses = await pauses_of(page, session, cluster_id, view.cluster.commune_id)
        hears = await page.runtime.programme.hear(session, cluster_id, page.today)
        titles = await repository.occurrence_titles(session, {heard.occurrence for heard in hears.heard})
    return page.html(
        template,
        it=view,
        presences=PRESENCE,
        presence_sign=presence_sign,
        bar=beat_bar(history.slots, day, page.now),
        changes=_last(history.changes, day),
        hears=_hears(page, hears, titles),
        pauses=pauses,
        facts=facts(page, view),
        troubles=[] if view.state is None or view.inferred else [fault_words(page, [c]) for c in view.state.faults],
        languages=", ".join(page.gettext(language_word(code)) for code in view.cluster.languages) or "–",
    )


async def _history(page: Page, session: AsyncSession, view: ClusterView, day: datetime) -> DeviceHistory:
    if view.cluster.device_id is None:
        return DeviceHistory([], [])
    return await page.runtime.devices.history(session, view.cluster.device_id, day, day + timedelta(days=1))


def _last(changes: Sequence[PresenceChange], day: datetime) -> list[PresenceChange]:
    """The day's own changes, newest first."""
    return [change for change in reversed(changes) if change.at >= day][:CHANGES]


def _hears(page: Page, rehearsal: Rehearsal, titles: dict[str, str]) -> list[dict[str, Any]]:
    shown = [
        {
            "id": heard.occurrence,
            "at": from_ms(heard.from_ms),
            "title": titles.get(heard.occurrence, "–"),
            "past": from_ms(heard.to_ms) < page.now,
            "note": page.gettext(N_("until %(time)s"), time=page.clock(from_ms(heard.to_ms), seconds=True)),
        }
        for heard in rehearsal.heard
    ]
    return shown[:ROWS]
