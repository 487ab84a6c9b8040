"""How devices are reached, as people write it down: windows, routes, the next visits."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from base.ids import is_name
from devices.contacts import DAY_MIN, Contact, Reach, Span, Visit, last_window, to_utc, visits_ahead, windows
from devices.couriers.models import CourierRoute, DeviceContact
from devices.couriers.repository import contacts as rows
from devices.couriers.repository import sources
from devices.models import Presence

LOOK_AHEAD = timedelta(days=60)
COURIER_SILENCE = timedelta(days=7)
"""How far ahead the silence of a device without a link is planned; moved on every day."""
MAX_RATE_KBIT = 10_000_000
MAX_SPANS = 16
MAX_VISITS = 50


class DueVisit(NamedTuple):
    """A visit for which a bundle is to be prepared now."""

    route: CourierRoute
    visit: Visit


async def contact(session: AsyncSession, device_id: str) -> DeviceContact:
    """How a device is reached; always, unless somebody wrote otherwise."""
    found = (await rows.contacts(session, [device_id])).get(device_id)
    return found or DeviceContact(device_id=device_id)


async def set_contact(
    session: AsyncSession,
    device_id: str,
    *,
    reach: Reach,
    spans: Sequence[tuple[int, int]] = (),
    rate_kbit: int | None = None,
    route_id: str | None = None,
) -> DeviceContact:
    """Write down how a device is reached. spans: minutes of the local day.

    Raises NotFound("devices.device_unknown" | "devices.route_unknown"), Refused("devices.contact_wrong").
    """
    found = await sources.devices(session, [device_id])
    if not found:
        raise NotFound("devices.device_unknown", device_id=device_id)
    if route_id is not None:
        route = await rows.route(session, route_id)
        if route is None or route.commune_id != found[0].commune_id:
            raise NotFound("devices.route_unknown", route_id=route_id)
    _check_contact(reach, spans, rate_kbit)
    if (await contact(session, device_id)).reach is not Reach.ONLINE:
        # The silence that was planned for the old hours must not hide a loss in the new ones.
        await rows.forget_silence(session, device_id)
    row = DeviceContact(
        device_id=device_id,
        reach=reach,
        spans=[list(span) for span in sorted(spans)] if reach is Reach.WINDOW else [],
        rate_kbit=rate_kbit,
        route_id=route_id,
    )
    await rows.save_contact(session, row)
    return row


async def communes_of_couriers(session: AsyncSession) -> list[str]:
    """Communes with a device that only couriers reach."""
    return await rows.communes_of_couriers(session)


async def route(session: AsyncSession, route_id: str) -> CourierRoute:
    """Raises NotFound("devices.route_unknown")."""
    found = await rows.route(session, route_id)
    if found is None:
        raise NotFound("devices.route_unknown", route_id=route_id)
    return found


async def save_route(
    session: AsyncSession,
    *,
    route_id: str,
    commune_id: str,
    name: str,
    visits: Sequence[tuple[int, int]],
    travel_min: int,
    ahead_min: int,
) -> CourierRoute:
    """Make or change a route. visits: weekday (Monday 0) and minute of the local day of each departure.

    Raises Refused("devices.name_bad" | "devices.route_wrong"), NotFound("devices.route_unknown") for another commune's.
    """
    if not is_name(route_id):
        raise Refused("devices.name_bad", name=route_id)
    known = await rows.route(session, route_id)
    if known is not None and known.commune_id != commune_id:
        raise NotFound("devices.route_unknown", route_id=route_id)
    departures = all(0 <= day <= 6 and 0 <= minute < DAY_MIN for day, minute in visits)
    spans = 0 <= travel_min <= 14 * DAY_MIN and 0 <= ahead_min <= 7 * DAY_MIN
    if not (name.strip() and departures and spans and len(visits) <= MAX_VISITS):
        raise Refused("devices.route_wrong")
    row = CourierRoute(
        id=route_id,
        commune_id=commune_id,
        name=name.strip()[:120],
        visits=[list(visit) for visit in sorted(set(visits))],
        travel_min=travel_min,
        ahead_min=ahead_min,
    )
    await rows.save_route(session, row)
    return row


async def prepared(session: AsyncSession, route_id: str, visit: Visit) -> None:
    """A bundle was prepared for that visit."""
    await rows.mark_prepared(session, route_id, visit.leaves_at)


def utc_spans(plan: DeviceContact, zone: ZoneInfo, now: datetime) -> tuple[Span, ...]:
    """Its contact hours in minutes of the UTC day."""
    offset = now.astimezone(zone).utcoffset() or timedelta()
    return to_utc([(low, high) for low, high in plan.spans], int(offset.total_seconds() // 60))


async def plan_silences(session: AsyncSession, zone_of: Callable[[str], ZoneInfo], now: datetime) -> None:
    """Expect the silence of devices outside their contact hours, and of those only couriers reach, so that it counts
    as planned. zone_of: a commune's time zone.
    """
    remote = await rows.remote_devices(session)
    expected = [
        {"device_id": each.plan.device_id, "planned_quiet_until": until}
        for each in remote
        if (until := _quiet_until(each, zone_of(each.commune_id), now)) is not None
        and (each.planned_quiet_until is None or each.planned_quiet_until < until)
    ]
    await rows.save_silences(session, expected)


def _quiet_until(device: rows.Remote, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Until when nothing is to be heard of a device; None while it ought to be, and for one that is lost and kept
    silent through all of its last contact hours: its loss is not over because they are.
    """
    plan = device.plan
    if plan.reach is Reach.COURIER:
        return (now + COURIER_SILENCE).replace(hour=0, minute=0, second=0, microsecond=0)
    contact = Contact(plan.reach, 1.0, utc_spans(plan, zone, now))
    last = last_window(contact, now)
    if device.presence is Presence.LOST and last is not None and (device.heard_at or last[0]) < last[0]:
        return None
    begin, _ = next(windows(contact, now), (now, now))
    return begin if begin > now else None


def visits_of(route: CourierRoute, zone: ZoneInfo, now: datetime) -> tuple[Visit, ...]:
    """The visits of a route that have not left yet."""
    departures = [(day, minute) for day, minute in route.visits]
    return visits_ahead(departures, zone, timedelta(minutes=route.travel_min), now, now + LOOK_AHEAD)


def due_visit(route: CourierRoute, zone: ZoneInfo, now: datetime) -> DueVisit | None:
    """The next visit, when it is so near that its bundle is to be prepared and none was prepared for it yet."""
    visit = next(iter(visits_of(route, zone, now)), None)
    if visit is None or visit.leaves_at - timedelta(minutes=route.ahead_min) > now:
        return None
    return None if route.prepared_for == visit.leaves_at else DueVisit(route, visit)


def _check_contact(reach: Reach, spans: Sequence[tuple[int, int]], rate_kbit: int | None) -> None:
    whole = all(0 <= low < high <= DAY_MIN for low, high in spans)
    rate = rate_kbit is None or 0 < rate_kbit <= MAX_RATE_KBIT
    if not (whole and rate and len(spans) <= MAX_SPANS and (spans or reach is not Reach.WINDOW)):
        raise Refused("devices.contact_wrong")
