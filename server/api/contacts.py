"""How devices are reached: contact hours, courier routes, who waits for a visit, what a broadcast may expect."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from devices.contacts import Carrier, Forecast, Reach, Remedy
from devices.couriers import plans
from devices.couriers.models import CourierRoute, DeviceContact
from devices.couriers.repository import contacts as rows
from server.acts import acting
from server.api.courier_bundles import Carrying
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Name, Page, Shown, Strict
from server.auth.guard import Manager, Viewer
from server.auth.permissions import Permission
from server.courier_rounds import zone_of
from server.deps import RuntimeOf

router = APIRouter(tags=["couriers"], responses=PROBLEMS)

Minute = Annotated[int, Field(ge=0, le=1_440)]
Weekday = Annotated[int, Field(ge=0, le=6)]


class ContactIn(Strict):
    """How a device is reached. spans: minutes of the local day [from, to) in which its link is there."""

    reach: Reach
    spans: Annotated[list[tuple[Minute, Minute]], Field(max_length=16, default_factory=list)]
    rate_kbit: Annotated[int | None, Field(gt=0, le=10_000_000)] = None
    route_id: Name | None = None


class ContactOut(Shown):
    """How a device is reached."""

    device_id: str
    reach: Reach
    spans: list[list[int]]
    rate_kbit: int | None
    route_id: str | None


class RouteIn(Strict):
    """Where somebody goes regularly. visits: weekday (Monday 0) and minute of the local day of each departure.

    ahead_min: how long before a visit its bundle is prepared by itself.
    """

    place_id: Name
    name: Annotated[str, Field(min_length=1, max_length=120)]
    visits: Annotated[list[tuple[Weekday, Minute]], Field(max_length=50, default_factory=list)]
    travel_min: Annotated[int, Field(ge=0, le=20_160)] = 180
    ahead_min: Annotated[int, Field(ge=0, le=10_080)] = 720


class RouteOut(Shown):
    """A route, with its next visit."""

    id: str
    commune_id: str
    name: str
    visits: list[list[int]]
    travel_min: int
    ahead_min: int
    prepared_for: Moment | None
    next_visit_at: Moment | None = None


class WaitingOut(Shown):
    """A cluster whose device is not always online. last_return_at: by its own clock."""

    device_id: str
    cluster_id: str
    village_id: str
    village_name: str
    reach: Reach
    route_id: str | None
    airings: int
    until: Moment | None
    last_return_at: Moment | None


class ProposalOut(Shown):
    """What could be done; `at` is when it would be there, by when to leave, or from when it can be aired."""

    remedy: Remedy
    at: Moment


class ForecastOut(Shown):
    """What a device may expect of a broadcast. expected_at null: nobody can say."""

    device_id: str
    carrier: Carrier
    expected_at: Moment | None
    in_time: bool | None
    proposals: list[ProposalOut]


@router.get("/devices/{device_id}/contact")
async def contact(device_id: Name, who: Viewer, runtime: RuntimeOf) -> ContactOut:
    """How a device is reached; always, unless somebody wrote otherwise."""
    async with runtime.database.reading() as session:
        device = await runtime.devices.device(session, device_id)
        who.require(Permission.VIEW, device.commune_id)
        return ContactOut.model_validate(await plans.contact(session, device_id))


@router.put("/devices/{device_id}/contact")
async def set_contact(device_id: Name, body: ContactIn, who: Manager, runtime: RuntimeOf) -> ContactOut:
    """Write down how a device is reached."""
    async with acting(runtime, who) as act:
        device = await runtime.devices.device(act.session, device_id)
        act.require(Permission.MANAGE_CLUSTERS, device.commune_id)
        row: DeviceContact = await plans.set_contact(
            act.session,
            device_id,
            reach=body.reach,
            spans=body.spans,
            rate_kbit=body.rate_kbit,
            route_id=body.route_id,
        )
        await act.done("set_contact", f"device/{device_id}", device.commune_id, reach=body.reach.value)
    return ContactOut.model_validate(row)


@router.get("/courier-routes")
async def routes(who: Viewer, runtime: RuntimeOf, place_id: Annotated[Name, Query()]) -> Page[RouteOut]:
    """A commune's routes, by name."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await rows.routes(session, place_id)
    return Page(items=[_route(row, who, runtime.clock()) for row in found])


@router.put("/courier-routes/{route_id}")
async def save_route(route_id: Name, body: RouteIn, who: Manager, runtime: RuntimeOf) -> RouteOut:
    """Make or change a route."""
    async with acting(runtime, who) as act:
        act.require(Permission.MANAGE_CLUSTERS, body.place_id)
        row = await plans.save_route(
            act.session,
            route_id=route_id,
            commune_id=body.place_id,
            name=body.name,
            visits=body.visits,
            travel_min=body.travel_min,
            ahead_min=body.ahead_min,
        )
        await act.done("save_route", f"route/{route_id}", body.place_id)
    return _route(row, who, runtime.clock())


@router.get("/courier-waiting")
async def waiting(who: Carrying, runtime: RuntimeOf, place_id: Annotated[Name, Query()]) -> Page[WaitingOut]:
    """The clusters of a commune that are not always online, and how much waits for them."""
    now = runtime.clock()
    async with runtime.database.reading() as session:
        found = [each for each in await rows.not_always_online(session, place_id) if _may(who, each)]
        ahead = await rows.ahead_by_device(session, [each.device.id for each in found], now)
    return Page(items=[_waiting(each, ahead.get(each.device.id)) for each in found])


@router.get("/occurrences/{occurrence_id}/forecasts")
async def forecasts(
    occurrence_id: Id,
    who: Viewer,
    runtime: RuntimeOf,
    after: Annotated[Name | None, Query(description="the last cluster already seen")] = None,
    limit: Limit = 50,
) -> Page[ForecastOut]:
    """What brings it to each device, when, and whether in time; devices that are known to have it are left out."""
    async with runtime.database.reading() as session:
        occurrence = await runtime.programme.occurrence(session, occurrence_id)
        who.require(Permission.VIEW, occurrence.place_id)
        views = await runtime.devices.deliveries(session, occurrence_id, after=after, limit=limit + 1)
        devices = {str(view.delivery.device_id) for view in views[:limit] if view.delivery.device_id is not None}
        zone = zone_of(who.places, occurrence.place_id)
        found = await runtime.outlook.of_occurrence(session, occurrence_id, devices, zone, runtime.clock())
    items = [_forecast(device_id, found[device_id]) for device_id in sorted(found)]
    return Page(items=items, next=views[limit - 1].delivery.cluster_id if len(views) > limit else None)


def _may(who: Carrying, each: rows.Waiting) -> bool:
    return who.can(Permission.CARRY, each.village.id)


def _route(row: CourierRoute, who: Viewer, now: datetime) -> RouteOut:
    visits = plans.visits_of(row, zone_of(who.places, row.commune_id), now)
    return RouteOut.model_validate(row).model_copy(update={"next_visit_at": visits[0].leaves_at if visits else None})


def _waiting(each: rows.Waiting, ahead: tuple[int, datetime] | None) -> WaitingOut:
    return WaitingOut(
        device_id=each.device.id,
        cluster_id=each.cluster.id,
        village_id=each.village.id,
        village_name=each.village.name,
        reach=each.contact.reach,
        route_id=each.contact.route_id,
        airings=0 if ahead is None else ahead[0],
        until=None if ahead is None else ahead[1],
        last_return_at=None if each.last is None else (each.last.clock_at or each.last.received_at),
    )


def _forecast(device_id: str, it: Forecast) -> ForecastOut:
    return ForecastOut(
        device_id=device_id,
        carrier=it.carrier,
        expected_at=it.expected_at,
        in_time=it.in_time,
        proposals=[ProposalOut.model_validate(each) for each in it.proposals],
    )
