"""What the server does for the couriers by itself: bundles before a visit, planned silences, old files."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from base.errors import LoaError
from devices.couriers import plans
from devices.couriers.repository import contacts as contact_rows
from devices.places import PlaceTree
from server import audit

if TYPE_CHECKING:
    from server.runtime import Runtime

_log = structlog.get_logger(__name__)


async def prepare_due(runtime: "Runtime") -> None:
    """The bundles of routes whose next visit comes near, each once; one that fails keeps no other from its way."""
    async with runtime.database.reading() as session:
        tree = await runtime.places.tree(session)
        routes = await contact_rows.routes(session)
    for route in routes:
        due = plans.due_visit(route, zone_of(tree, route.commune_id), runtime.clock())
        if due is None:
            continue
        try:
            await _prepare_route(runtime, due)
        except LoaError as error:
            _log.warning("couriers.not_prepared", route=route.id, code=error.code)
        except Exception:  # noqa: BLE001 - a full disk or a spoilt file of one route must not stop the others
            _log.exception("couriers.failed", route=route.id)


async def plan_silences(runtime: "Runtime") -> None:
    """Expect the silence of devices outside their contact hours."""
    async with runtime.database.writing() as session:
        tree = await runtime.places.tree(session)
        await plans.plan_silences(session, lambda commune_id: zone_of(tree, commune_id), runtime.clock())


async def prune(runtime: "Runtime") -> None:
    """Remove the files that are past their time, and the oldest beyond the cap."""
    async with runtime.database.writing() as session:
        gone = await runtime.couriers.forget_files(session, runtime.clock())
    await runtime.couriers.remove_files(gone)


def zone_of(tree: PlaceTree, commune_id: str) -> ZoneInfo:
    """A commune's time zone."""
    return ZoneInfo(tree.zone_name(commune_id))


async def _prepare_route(runtime: "Runtime", due: plans.DueVisit) -> None:
    route = due.route
    async with runtime.database.reading() as session:
        device_ids = await runtime.couriers.devices_of(session, route_id=route.id)
        if not device_ids:
            return
        gathered = await runtime.couriers.gather(session, route.commune_id, device_ids)
    written = await runtime.couriers.write(gathered)
    async with runtime.database.writing() as session:
        bundle = await runtime.couriers.save(session, written, label=route.name, route_id=route.id, user_id=None)
        await plans.prepared(session, route.id, due.visit)
        await audit.record(
            session, runtime.clock, None, "prepare_bundle", f"bundle/{bundle.id}", place_id=route.commune_id
        )
