"""What machines ask of the server: is it alive, is it ready, what are its figures."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from devices.models import PlaceKind
from devices.rotation import key_views
from server.auth.guard import allow, public
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.runtime import Runtime

router = APIRouter(tags=["health"])

DATABASE_TIMEOUT_S = 2.0
TICK_LATE = timedelta(seconds=15)


class Health(BaseModel):
    """`live`: this process answers. `ready`: everything it needs does too; each check by name."""

    live: bool = True
    ready: bool
    database: bool
    broker: bool
    runner: bool
    warnings: list[str] = []
    """What will trouble it some day soon, in English: keys whose time ends."""


@router.get("/healthz", dependencies=[Depends(public)], responses={503: {"model": Health}})
async def healthz(runtime: RuntimeOf, response: Response) -> Health:
    """200 when ready, 503 when something it needs is missing. Without the broker speakers go on by themselves."""
    database = await _database_answers(runtime)
    ticked = runtime.ticked_at
    runner = ticked is not None and abs(runtime.clock() - ticked) < TICK_LATE
    broker = runtime.link.connected
    ready = database and broker and runner
    response.status_code = 200 if ready else 503
    response.headers["Cache-Control"] = "no-store"
    warnings = await _warnings(runtime) if database else []
    return Health(ready=ready, database=database, broker=broker, runner=runner, warnings=warnings)


@router.get("/healthz/live", status_code=204, dependencies=[Depends(public)])
async def live() -> None:
    """The process answers."""


@router.get("/metrics", response_class=Response)
async def metrics(who: Annotated[Who, Depends(allow(Permission.VIEW))], runtime: RuntimeOf) -> Response:
    """Prometheus figures; the scraper signs in with a bearer token."""
    del who
    await _measure(runtime)
    return Response(generate_latest(runtime.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _warnings(runtime: Runtime) -> list[str]:
    async with runtime.database.reading() as session:
        views = await key_views(session, runtime.keys, runtime.clock())
    return [
        f"The key {view.kid} ends on {view.key.expires_at:%Y-%m-%d}. Announce the next one: loa keys announce."
        for view in views
        if view.expires_soon and view.held
    ]


async def _database_answers(runtime: Runtime) -> bool:
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S), runtime.database.reading() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - any failure is the same answer: not ready
        return False
    return True


async def _measure(runtime: Runtime) -> None:
    """Figures that are looked up when asked for."""
    figures = runtime.metrics
    figures.broker_up.set(runtime.link.connected)
    figures.watchers.set(runtime.hub.watchers)
    for kind, count in runtime.ingest.counts.items():
        figures.received.labels(kind).set(count)
    async with runtime.database.reading() as session:
        communes = [place.id for place in await runtime.places.all(session) if place.kind is PlaceKind.COMMUNE]
        fleets = [await runtime.devices.fleet_summary(session, commune_id) for commune_id in communes]
    for presence in ("online", "late", "lost", "quiet", "never"):
        figures.devices.labels(presence).set(sum(getattr(fleet, f"smart_{presence}") for fleet in fleets))
