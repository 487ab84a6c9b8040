"""What the rooms above may ask of this one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from base.ids import is_name, new_id
from base.times import EPOCH, Clock, to_ms
from devices import orderlog, retention
from devices.beats import State
from devices.changes import PresenceChanged
from devices.keys import KeyStore
from devices.models import (
    Cluster,
    ClusterKind,
    DeliveryState,
    Device,
    OrderEntry,
    Presence,
    PresenceChange,
    PublishedContent,
    Zone,
)
from devices.presence import ONLINE_S, Hearing, judge
from devices.repository import deliveries, fleet, places, uplink
from devices.repository import log as log_rows
from devices.views import (
    ClusterNode,
    ClusterView,
    DeliveryCounts,
    DeliveryView,
    DeviceHistory,
    FleetSummary,
    ZoneView,
)
from devices.wire.audience import Audience, Listener
from devices.wire.content import Part, special_parts
from devices.wire.orders import Body, Play

PLAY = "play"


class DeviceService:
    """Orders, clusters, deliveries, presence. Everything runs in the caller's transaction; nothing commits."""

    def __init__(self, keys: KeyStore, clock: Clock, steady_s: Callable[[], float] | None = None) -> None:
        """steady_s: seconds by a clock that nobody sets; without one, `clock` is believed when it jumps."""
        self._keys, self._clock = keys, clock
        self._steady_s = steady_s or partial(_seconds, clock)
        self._hearing = Hearing(clock())

    def listening_since(self, moment: datetime) -> None:
        """The broker's connection came back: silence since the last sweep was the server's own."""
        self._hearing.back(moment, self._steady_s())

    async def resolve(self, session: AsyncSession, commune_id: str, audience: Audience) -> list[Cluster]:
        """The active clusters an audience means, judged by the very rule the devices follow."""
        clusters = await places.active_clusters(session, commune_id)
        if audience.everyone:
            return [cluster for cluster in clusters if cluster.id not in audience.but]
        line = frozenset((await places.lineages(session, [commune_id])).get(commune_id, ()))
        zones = await _zones_by_cluster(session, commune_id) if audience.zones else {}
        return [
            cluster
            for cluster in clusters
            if audience.includes(
                Listener(cluster.id, line | {cluster.village_id}, frozenset(zones.get(cluster.id, ())))
            )
        ]

    async def unable(
        self, session: AsyncSession, commune_id: str, audience: Audience, parts: Sequence[Part]
    ) -> list[Cluster]:
        """The clusters of an audience whose devices would reject these parts, as far as their hellos say."""
        kinds = special_parts(parts)
        if not kinds:
            return []
        known = await places.parts_known(session, commune_id)
        meant = await self.resolve(session, commune_id, audience)
        return [each for each in meant if each.device_id in known and not kinds <= known[each.device_id]]

    async def cluster_nodes(self, session: AsyncSession, commune_id: str) -> list[ClusterNode]:
        """What choosing among the active clusters of a commune takes, by id."""
        return await places.cluster_nodes(session, commune_id)

    async def cluster_languages(self, session: AsyncSession, commune_id: str) -> dict[str, tuple[str, ...]]:
        """Active cluster → its languages in the order they are to be heard."""
        return await places.cluster_languages(session, commune_id)

    async def order_play(
        self,
        session: AsyncSession,
        commune_id: str,
        body: Play,
        audience: Audience,
        expires_at: datetime,
        *,
        meant: Collection[str] | None = None,
    ) -> OrderEntry:
        """Order an airing in the commune's log, and open a delivery for every cluster it is for.

        meant: the clusters the audience means, from who found them in this very transaction. Raises as `order` does.
        """
        if meant is None and not audience.everyone:
            meant = [cluster.id for cluster in await self.resolve(session, commune_id, audience)]
        entry = await self.order(
            session,
            commune_id,
            body,
            audience,
            expires_at,
            kind=PLAY,
            occurrence_id=body.occurrence,
            urgency=int(body.play_class),
        )
        everyone = audience.everyone
        await deliveries.add(session, entry, commune_id, only=None if everyone else meant, but=audience.but)
        return entry

    async def order(
        self,
        session: AsyncSession,
        log: str,
        body: Body,
        audience: Audience,
        expires_at: datetime,
        *,
        kind: str,
        occurrence_id: str | None = None,
        urgency: int = 1,
    ) -> OrderEntry:
        """Append a signed order to a log; zones are written out as their clusters, so that a change of a zone holds
        at once and for this order alone.

        Raises Conflict("devices.already_ordered"), Refused("devices.order_expired" | "devices.order_too_large" |
        "devices.order_refused" | "devices.audience_empty").
        """
        return await orderlog.append(
            session,
            keys=self._keys,
            clock=self._clock,
            log=log,
            body=body,
            audience=await _written_out(session, log, audience),
            expires_at=expires_at,
            kind=kind,
            occurrence_id=occurrence_id,
            urgency=urgency,
        )

    async def clusters(
        self,
        session: AsyncSession,
        commune_id: str,
        *,
        presence: Presence | None = None,
        kind: ClusterKind | None = None,
        search: str = "",
        after: str | None = None,
        limit: int = 50,
    ) -> list[ClusterView]:
        """Active clusters by id, from behind `after`; `search` looks in ids, names and villages."""
        return await fleet.cluster_views(
            session, commune_id, presence=presence, kind=kind, search=search, after=after, limit=limit
        )

    async def cluster(self, session: AsyncSession, cluster_id: str) -> ClusterView:
        """Raises NotFound("devices.cluster_unknown")."""
        view = await fleet.cluster_view(session, cluster_id)
        if view is None:
            raise NotFound("devices.cluster_unknown", cluster_id=cluster_id)
        return view

    async def device(self, session: AsyncSession, device_id: str) -> Device:
        """Raises NotFound("devices.device_unknown")."""
        device = await fleet.device(session, device_id)
        if device is None:
            raise NotFound("devices.device_unknown", device_id=device_id)
        return device

    async def fleet_summary(self, session: AsyncSession, commune_id: str) -> FleetSummary:
        """Active clusters counted by kind and presence."""
        counts = await fleet.presence_counts(session, commune_id)
        smart = {presence: counts.get((ClusterKind.SMART, presence), 0) for presence in Presence}
        wireless = {presence: counts.get((ClusterKind.WIRELESS, presence), 0) for presence in Presence}
        return FleetSummary(
            smart_total=sum(smart.values()),
            smart_online=smart[Presence.ONLINE],
            smart_late=smart[Presence.LATE],
            smart_lost=smart[Presence.LOST],
            smart_quiet=smart[Presence.QUIET],
            smart_never=smart[Presence.NEVER],
            wireless_total=sum(wireless.values()),
            wireless_reachable=wireless[Presence.ONLINE] + wireless[Presence.LATE],
        )

    async def history(self, session: AsyncSession, device_id: str, since: datetime, until: datetime) -> DeviceHistory:
        """Beat slots and presence changes of a span; the change in force when it began comes first."""
        return DeviceHistory(
            await fleet.beat_slots(session, device_id, since, until),
            await fleet.presence_changes(session, device_id, since, until),
        )

    async def deliveries(
        self,
        session: AsyncSession,
        occurrence_id: str,
        *,
        after: str | None = None,
        limit: int = 50,
        state: DeliveryState | None = None,
    ) -> list[DeliveryView]:
        """Deliveries of an occurrence by cluster id, from behind `after`."""
        return await deliveries.delivery_views(session, occurrence_id, after=after, limit=limit, state=state)

    async def delivery_counts(
        self, session: AsyncSession, occurrence_ids: Collection[str]
    ) -> dict[str, DeliveryCounts]:
        """Clusters per state for each occurrence, smart and wireless apart."""
        return await deliveries.delivery_counts(session, occurrence_ids)

    async def start_skew(self, session: AsyncSession, occurrence_id: str) -> list[int]:
        """Milliseconds by which each cluster began after its planned start (after the order, when that said *now*)."""
        entry = await log_rows.play_order(session, occurrence_id)
        if entry is None:
            return []
        body = (await orderlog.read_order(session, entry)).body
        planned_ms = body.start_ms if isinstance(body, Play) and body.start_ms is not None else to_ms(entry.issued_at)
        return [to_ms(moment) - planned_ms for moment in await deliveries.starts(session, occurrence_id)]

    async def content(self, session: AsyncSession, sha256: str) -> PublishedContent:
        """Raises NotFound("devices.content_unknown") unless an order in force names it."""
        found = await log_rows.published_content(session, sha256)
        if found is None or found.until <= self._clock():
            raise NotFound("devices.content_unknown")
        return found

    async def set_planned_quiet(self, session: AsyncSession, device_id: str, until: datetime | None) -> None:
        """Expect silence until a moment, or no longer (None). Raises NotFound("devices.device_unknown")."""
        await self.device(session, device_id)
        known = (await uplink.states(session, [device_id])).get(device_id)
        await uplink.save_states(session, [replace(known or State(device_id), planned_quiet_until=until)])

    async def sweep_presence(self, session: AsyncSession, now: datetime) -> list[PresenceChanged]:
        """Judge every device that has been silent; what changed, to be told once it is committed.

        Call it every few seconds while the broker is connected, and not otherwise.
        """
        self._hearing.listens(now, self._steady_s())
        await uplink.hear_none_later_than(session, now)
        silent = await uplink.silent_states(session, now - timedelta(seconds=ONLINE_S))
        judged = [
            (state.device_id, commune_id, presence)
            for state, commune_id in silent
            if (presence := self._judged(state, now)) is not state.presence
        ]
        await uplink.set_presences(
            session,
            [{"device_id": each, "presence": presence, "presence_since": now} for each, _, presence in judged],
        )
        await uplink.add_changes(
            session,
            [PresenceChange(id=new_id(), device_id=each, at=now, presence=presence) for each, _, presence in judged],
        )
        return [PresenceChanged(commune_id, each, presence.value) for each, commune_id, presence in judged]

    def _judged(self, state: State, now: datetime) -> Presence:
        quiet_until, wake = state.quiet_until, state.wake
        return judge(state.heard_at, quiet_until, now, self._hearing, wake=wake, was=state.presence)

    async def prune(self, session: AsyncSession, now: datetime) -> None:
        """Forget histories and contents that are past their time."""
        await retention.prune(session, now)

    async def list_zones(self, session: AsyncSession, commune_id: str) -> list[ZoneView]:
        """The commune's zones by name."""
        return await places.zones(session, commune_id)

    async def save_zone(
        self, session: AsyncSession, *, zone_id: str, commune_id: str, name: str, cluster_ids: Sequence[str]
    ) -> ZoneView:
        """Make or change a zone. Raises Refused("devices.name_bad"), NotFound("devices.zone_unknown") for a zone of
        another commune, Refused("devices.cluster_foreign").
        """
        if not is_name(zone_id):
            raise Refused("devices.name_bad", name=zone_id)
        known = await places.zone(session, zone_id)
        if known is not None and known.commune_id != commune_id:
            raise NotFound("devices.zone_unknown", zone_id=zone_id)
        owners = await places.cluster_owners(session, cluster_ids)
        for cluster_id in cluster_ids:
            if owners.get(cluster_id) != commune_id:
                raise Refused("devices.cluster_foreign", cluster_id=cluster_id)
        zone = Zone(id=zone_id, commune_id=commune_id, name=name)
        await places.save_zone(session, zone, cluster_ids)
        return ZoneView(zone, tuple(sorted(cluster_ids)))


def _seconds(clock: Clock) -> float:
    return (clock() - EPOCH).total_seconds()


async def _zones_by_cluster(session: AsyncSession, commune_id: str) -> dict[str, set[str]]:
    zones: dict[str, set[str]] = {}
    for zone_id, cluster_ids in (await places.zone_members(session, commune_id)).items():
        for cluster_id in cluster_ids:
            zones.setdefault(cluster_id, set()).add(zone_id)
    return zones


async def _written_out(session: AsyncSession, log: str, audience: Audience) -> Audience:
    """An audience without zones. Raises Refused("devices.audience_empty") when nothing would be left to narrow it:
    that would mean everyone.
    """
    if not audience.zones:
        return audience
    members = await places.zone_members(session, log)
    named = [cluster_id for zone_id in audience.zones for cluster_id in members.get(zone_id, ())]
    clusters = tuple(dict.fromkeys([*audience.clusters, *named]))
    if not (clusters or audience.places):
        raise Refused("devices.audience_empty")
    return replace(audience, zones=(), clusters=clusters)
