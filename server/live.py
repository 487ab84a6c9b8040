"""The stream of changes to a page: small server-sent events by topic name; the page then fetches what it shows."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy.ext.asyncio import AsyncSession

from server.api.shapes import PROBLEMS, Id, Name
from server.auth.guard import Viewer, still_signed_in
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.events import HubClosed
from server.runtime import Runtime
from server.topics import Topic

router = APIRouter(tags=["events"])

KEEP_ALIVE_S = 15.0
RECONNECT_MS = 2_000
CONNECTED = "connected"
PAGES = ("today", "clusters", "announcements", "schedules", "occurrences", "emergencies")


@router.get("/events", response_class=StreamingResponse, responses=PROBLEMS)
async def events(
    *,
    request: Request,
    who: Viewer,
    runtime: RuntimeOf,
    occurrence: Annotated[list[Id] | None, Query(max_length=50)] = None,
    emergency: Annotated[list[Id] | None, Query(max_length=50)] = None,
    announcement: Annotated[list[Id] | None, Query(max_length=50)] = None,
    cluster: Annotated[list[Name] | None, Query(max_length=50)] = None,
    today: Name | None = None,
    clusters: Name | None = None,
    announcements: Name | None = None,
    schedules: Name | None = None,
    occurrences: Name | None = None,
    emergencies: Name | None = None,
) -> StreamingResponse:
    """`event: changed` with the topic's name as data, at most twice a second for each; things by id, pages by place."""
    pages = dict(zip(PAGES, (today, clusters, announcements, schedules, occurrences, emergencies), strict=True))
    async with runtime.database.reading() as session:
        wanted = [
            *await _occurrences(runtime, session, who, occurrence or []),
            *await _emergencies(runtime, session, who, emergency or []),
            *await _announcements(runtime, session, who, announcement or []),
            *await _devices(runtime, session, who, cluster or []),
            *(topic for noun, place_id in pages.items() if place_id for topic in _page(who, noun, place_id)),
        ]
    stream = _stream(request, runtime, wanted)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(request: Request, runtime: Runtime, wanted: list[Topic]) -> AsyncIterator[bytes]:
    """Until the page goes away, the session ends or the server stops.

    The first `changed` makes the page look once more: what happened between its rendering and now, or while it was cut
    off, is seen too.
    """
    with runtime.hub.watching(wanted) as watch:
        yield format_sse_event(retry=RECONNECT_MS, comment="watching", event="changed", data_str=CONNECTED)
        while True:
            try:
                topic = await watch.next(KEEP_ALIVE_S)
            except HubClosed:
                return
            if topic is not None:
                yield format_sse_event(event="changed", data_str=topic.noun)
            elif await still_signed_in(request):
                yield KEEPALIVE_COMMENT
            else:
                return


def _page(who: Who, noun: str, place_id: str) -> list[Topic]:
    """A page of a place shows what lies below it too."""
    who.require(Permission.VIEW, place_id)
    return [Topic(noun, each) for each in (place_id, *who.places.descendants(place_id))]


async def _occurrences(runtime: Runtime, session: AsyncSession, who: Who, ids: list[str]) -> list[Topic]:
    for each in ids:
        who.require(Permission.VIEW, (await runtime.programme.occurrence(session, each)).place_id)
    return [Topic("occurrence", each) for each in ids]


async def _emergencies(runtime: Runtime, session: AsyncSession, who: Who, ids: list[str]) -> list[Topic]:
    """An emergency's board also shows how far it is proved."""
    wanted: list[Topic] = []
    for each in ids:
        found = await runtime.emergencies.get(session, each)
        who.require(Permission.VIEW, found.place_id)
        airings = [found.occurrence_id, found.clear_occurrence_id]
        wanted += [Topic("emergency", each), *(Topic("occurrence", airing) for airing in airings if airing)]
    return wanted


async def _announcements(runtime: Runtime, session: AsyncSession, who: Who, ids: list[str]) -> list[Topic]:
    for each in ids:
        who.require(Permission.VIEW, (await runtime.announcements.find(session, each)).place_id)
    return [Topic("announcement", each) for each in ids]


async def _devices(runtime: Runtime, session: AsyncSession, who: Who, ids: list[str]) -> list[Topic]:
    """A cluster's page shows the device that sounds it."""
    wanted: list[Topic] = []
    for each in ids:
        cluster = (await runtime.devices.cluster(session, each)).cluster
        who.require(Permission.VIEW, cluster.commune_id)
        if cluster.device_id is not None:
            wanted.append(Topic("device", cluster.device_id))
    return wanted
