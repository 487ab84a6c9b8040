"""For each device of a broadcast: what brings it, when, whether in time, and what could be done."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import from_ms
from devices.contacts import TRAVEL, Contact, Forecast, Load, Reach, forecast, rate_of
from devices.couriers.choosing import weigh
from devices.couriers.models import CourierRoute, DeviceContact
from devices.couriers.plans import utc_spans, visits_of
from devices.couriers.repository import contacts as rows
from devices.couriers.repository import sources
from devices.models import Cluster, DeviceState, OrderEntry, Presence
from devices.repository import places
from devices.wire import trust
from devices.wire.envelope import CheckingKey
from devices.wire.errors import BadMessage
from devices.wire.orders import Play
from devices.wire.trust import open_order

ORDER_BYTES = 1_024
"""What an order itself takes on the way, more or less."""
MAX_KNOWN = 2_000
WINDOWS_MISSED = timedelta(hours=36)
"""A device that has contact hours every day and was not heard for so long has missed some."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast somebody is about to order: its bytes for a device, in the best and the lightest rendition."""

    size: int
    light_size: int
    start: datetime
    urgency: int


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is known of some devices and of all that is still on its way to them."""

    contacts: Mapping[str, Contact]
    loads: Mapping[str, Sequence[Load]]


class Outlook:
    """Foretells; remembers what it read of orders, which never change."""

    def __init__(self) -> None:
        self._plays: OrderedDict[str, Play | None] = OrderedDict()

    async def of_occurrence(
        self, session: AsyncSession, occurrence_id: str, devices: Collection[str], zone: ZoneInfo, now: datetime
    ) -> dict[str, Forecast]:
        """Device → what is to be expected; devices that are known to have it are left out."""
        ground = await self._ground(session, devices, zone, now)
        found: dict[str, Forecast] = {}
        for device_id, loads in ground.loads.items():
            foretold = forecast(ground.contacts[device_id], loads, now).get(occurrence_id)
            if foretold is not None:
                found[device_id] = foretold
        return found

    async def of_broadcast(
        self, session: AsyncSession, broadcast: Broadcast, devices: Collection[str], zone: ZoneInfo, now: datetime
    ) -> dict[str, Forecast]:
        """Device → what is to be expected of a broadcast if it were ordered now; only of those not always online."""
        known = await rows.contacts(session, devices)
        remote = [device_id for device_id, row in known.items() if row.reach is not Reach.ONLINE]
        if not remote:
            return {}
        ground = await self._ground(session, remote, zone, now)
        load = Load(
            "",
            broadcast.size + ORDER_BYTES,
            broadcast.light_size + ORDER_BYTES,
            broadcast.start,
            broadcast.urgency,
        )
        return {
            device_id: forecast(contact, [*ground.loads.get(device_id, ()), load], now)[""]
            for device_id, contact in ground.contacts.items()
        }

    async def _ground(
        self, session: AsyncSession, device_ids: Collection[str], zone: ZoneInfo, now: datetime
    ) -> _Ground:
        clusters = await places.clusters_of_devices(session, device_ids)
        contacts = await _contacts(session, device_ids, clusters, zone, now)
        return _Ground(contacts, await self._loads(session, device_ids, clusters, now))

    async def _loads(
        self,
        session: AsyncSession,
        device_ids: Collection[str],
        clusters: Mapping[str, Sequence[Cluster]],
        now: datetime,
    ) -> dict[str, list[Load]]:
        """Device → every airing that is not known to be there, once for all of its clusters."""
        found = await rows.not_stored(session, device_ids, now)
        waiting = {(each.device_id, each.occurrence_id): each for each in found}
        plays = await self._read(session, {each.entry.id: each.entry for each in waiting.values()})
        loads: dict[str, list[Load]] = {}
        for (device_id, occurrence_id), each in waiting.items():
            play = plays.get(each.entry.id)
            if play is None:
                continue
            languages = tuple(dict.fromkeys(x for cluster in clusters.get(device_id, ()) for x in cluster.languages))
            size, light = weigh(play.parts, languages)
            due = each.entry.expires_at if play.start_ms is None else from_ms(play.start_ms)
            load = Load(occurrence_id, size + ORDER_BYTES, light + ORDER_BYTES, due, int(play.play_class))
            loads.setdefault(device_id, []).append(load)
        return loads

    async def _read(self, session: AsyncSession, entries: Mapping[str, OrderEntry]) -> dict[str, Play | None]:
        # Taken out now: whoever reads others meanwhile may make room by forgetting these.
        known = {order_id: self._plays[order_id] for order_id in entries if order_id in self._plays}
        new = [entry for order_id, entry in entries.items() if order_id not in known]
        if new:
            keys = await sources.public_keys(session, {entry.log for entry in new})
            publics = {trust.kid(row.authority_id, row.epoch): row.public for row in keys}
            ring = {kid: CheckingKey.from_public(kid, public) for kid, public in publics.items()}
            read = {entry.id: _play(entry, ring) for entry in new}
            self._plays.update(read)
            known.update(read)
        while len(self._plays) > MAX_KNOWN:
            self._plays.popitem(last=False)
        return known


async def contacts_of(
    session: AsyncSession, device_ids: Collection[str], zone: ZoneInfo, now: datetime
) -> dict[str, Contact]:
    """How each of these devices is reached, as far as it is known."""
    return await _contacts(session, device_ids, await places.clusters_of_devices(session, device_ids), zone, now)


async def _contacts(
    session: AsyncSession,
    device_ids: Collection[str],
    clusters: Mapping[str, Sequence[Cluster]],
    zone: ZoneInfo,
    now: datetime,
) -> dict[str, Contact]:
    plans = await rows.contacts(session, device_ids)
    states = await sources.states(session, device_ids)
    wanted = {row.route_id for row in plans.values() if row.route_id is not None}
    routes = {row.id: row for row in await rows.routes_by_id(session, wanted)} if wanted else {}
    contacts: dict[str, Contact] = {}
    for each in device_ids:
        plan = plans.get(each) or DeviceContact(device_id=each)
        known = _Known(plan, states.get(each), clusters.get(each, ()), routes.get(plan.route_id or ""))
        contacts[each] = known.contact(zone, now)
    return contacts


def _play(entry: OrderEntry, ring: Mapping[str, CheckingKey]) -> Play | None:
    try:
        body = open_order(entry.envelope, ring.get, lambda _device: None).order.body
    except BadMessage:
        return None
    return body if isinstance(body, Play) else None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one device."""

    plan: DeviceContact
    state: DeviceState | None
    clusters: Sequence[Cluster]
    route: CourierRoute | None

    def contact(self, zone: ZoneInfo, now: datetime) -> Contact:
        """The device's own wake plan goes before what people wrote down of its hours."""
        state, route = self.state, self.route
        announced = () if state is None else tuple((low, high) for low, high in state.wake or ())
        link = (state.link if state else None) or (self.clusters[0].link if self.clusters else "")
        return Contact(
            reach=self.plan.reach,
            kbit_s=rate_of(link, self.plan.rate_kbit),
            spans=announced or utc_spans(self.plan, zone, now),
            visits=() if route is None else visits_of(route, zone, now),
            silent=self._silent(now),
            travel=TRAVEL if route is None else timedelta(minutes=route.travel_min),
        )

    def _silent(self, now: datetime) -> bool:
        state = self.state
        if self.plan.reach is Reach.ONLINE:
            return state is None or state.presence in {Presence.LOST, Presence.NEVER}
        return state is not None and state.heard_at is not None and now - state.heard_at > WINDOWS_MISSED
