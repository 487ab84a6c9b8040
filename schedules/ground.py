"""The place an authority speaks to: its clusters, villages, zones and time, and whom an audience means there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from devices.models import ClusterKind, PlaceKind
from devices.places import PlaceTree
from devices.service import DeviceService
from devices.views import ClusterNode, PlaceNode
from devices.wire.audience import Audience, Listener
from devices.wire.orders import Level
from schedules.allowances import Allowance
from schedules.calendar_vn import NATIONAL, Holidays, Override, with_overrides
from schedules.dispatch import check_audience_size
from schedules.models import Occurrence
from schedules.policy import Rules
from schedules.repository import ground as rows
from schedules.repository import programme
from schedules.stored_policy import policy_from_map

LEVELS = {PlaceKind.COUNTRY: Level.COUNTRY, PlaceKind.PROVINCE: Level.PROVINCE}


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an audience means. people: the inhabitants of the villages in which it has a cluster."""

    clusters: tuple[ClusterNode, ...]
    villages: tuple[PlaceNode, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(cluster.id for cluster in self.clusters)

    @property
    def smart(self) -> int:
        return sum(cluster.kind is ClusterKind.SMART for cluster in self.clusters)

    @property
    def wireless(self) -> int:
        return len(self.clusters) - self.smart

    @property
    def people(self) -> int:
        return sum(village.population for village in self.villages)


@dataclass(frozen=True)
class Ground:
    """An authority's place, loaded once for many questions."""

    place: PlaceNode
    places: Mapping[str, PlaceNode]
    tree: PlaceTree
    zones: Mapping[str, frozenset[str]]
    clusters: tuple[ClusterNode, ...]
    allowance: Allowance
    holidays: Holidays = NATIONAL

    @property
    def rules(self) -> Rules:
        """The permitted hours of an ordinary day, and the loudest volume."""
        return self.allowance.hours

    def hours_at(self, moment: datetime) -> Rules:
        """The permitted hours of a day, with what its events change."""
        return self.allowance.at(moment).hours

    def volume_at(self, occurrence: Occurrence) -> int:
        """The loudest an occurrence may be, in percent."""
        return self.allowance.volume_at(occurrence.start_at, occurrence.ends_at)

    @cached_property
    def listeners(self) -> Mapping[str, Listener]:
        """Cluster → what it knows of itself; made only when somebody asks for less than everyone."""
        villages = {cluster.village_id for cluster in self.clusters}
        paths = {village: frozenset(self.tree.path(village)) for village in villages}
        zones: dict[str, set[str]] = {}
        for zone, members in self.zones.items():
            for member in members:
                zones.setdefault(member, set()).add(zone)
        return {
            cluster.id: Listener(cluster.id, paths[cluster.village_id], frozenset(zones.get(cluster.id, ())))
            for cluster in self.clusters
        }

    @property
    def level(self) -> Level:
        """Whose content this place's is."""
        return LEVELS.get(self.place.kind, Level.COMMUNE)

    def meant(self, audience: Audience) -> frozenset[str]:
        """The ids of the clusters an audience means, by the rule the speakers follow."""
        return frozenset(cluster.id for cluster in self._chosen(audience))

    @cached_property
    def transmitters(self) -> Mapping[str, str]:
        """Wireless cluster → the gateway that transmits to it."""
        return {
            cluster.id: cluster.device_id
            for cluster in self.clusters
            if cluster.kind is ClusterKind.WIRELESS and cluster.device_id is not None
        }

    def heard_with(self, cluster_id: str) -> frozenset[str]:
        """The clusters that share one sound with this one: those of its transmitter, or itself alone."""
        gateway = self.transmitters.get(cluster_id)
        if gateway is None:
            return frozenset({cluster_id})
        return frozenset(cluster for cluster, through in self.transmitters.items() if through == gateway)

    def languages_on_air(self, clusters: Collection[str], spoken: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """What one sound for these clusters is in: each language once, as a device finds them in its own list."""
        meant = (cluster.id for cluster in self.clusters if cluster.id in clusters)
        return tuple(dict.fromkeys(language for cluster in meant for language in spoken.get(cluster, ())))

    def reach(self, audience: Audience) -> Reach:
        clusters = self._chosen(audience)
        villages = dict.fromkeys(cluster.village_id for cluster in clusters)
        return Reach(clusters, tuple(self.places[village] for village in villages))

    def written_out(self, audience: Audience) -> Audience:
        """The same audience with its zones' clusters in place of the zones, as they are now."""
        named = [cluster for zone in audience.zones for cluster in sorted(self.zones.get(zone, ()))]
        return replace(audience, zones=(), clusters=tuple(dict.fromkeys([*audience.clusters, *named])))

    def _chosen(self, audience: Audience) -> tuple[ClusterNode, ...]:
        if audience.everyone:
            return tuple(cluster for cluster in self.clusters if cluster.id not in audience.but)
        return tuple(cluster for cluster in self.clusters if audience.includes(self.listeners[cluster.id]))

    def check(self, audience: Audience) -> Reach:
        """Whom it means. Raises Refused: audience_unknown, audience_too_long, nobody_meant."""
        _check_known(audience.places, self.places)
        _check_known(audience.zones, self.zones)
        _check_known((*audience.clusters, *audience.but), (cluster.id for cluster in self.clusters))
        check_audience_size(audience)
        reach = self.reach(audience)
        if not reach.clusters:
            raise Refused("schedules.nobody_meant")
        return reach


async def load(session: AsyncSession, devices: DeviceService, place_id: str) -> Ground:
    """Load a place with everything below it. Raises NotFound("schedules.place_unknown")."""
    places = {place.id: place for place in await rows.around(session, place_id)}
    if place_id not in places:
        raise NotFound("schedules.place_unknown", place_id=place_id)
    tree = PlaceTree.of(places.values())
    zones = {view.zone.id: frozenset(view.cluster_ids) for view in await devices.list_zones(session, place_id)}
    return Ground(
        place=places[place_id],
        places=places,
        tree=tree,
        zones=zones,
        clusters=tuple(await devices.cluster_nodes(session, place_id)),
        allowance=await _allowance(session, tree, place_id),
        holidays=await _holidays(session, tree, place_id),
    )


async def _allowance(session: AsyncSession, tree: PlaceTree, place_id: str) -> Allowance:
    """The policy of the place, or of the nearest place above that has some, or the default."""
    zone = ZoneInfo(tree.zone_name(place_id))
    policies = await programme.policies(session, tree.path(place_id))
    policy = next((policies[above] for above in tree.path(place_id) if above in policies), None)
    if policy is None:
        return Allowance(Rules.of(zone))
    return policy_from_map(policy.allowance, Rules.of(zone, policy.hours, policy.source, policy.volume_max))


async def _holidays(session: AsyncSession, tree: PlaceTree, place_id: str) -> Holidays:
    """The nation's, corrected by the place and those above it; the nearest has the word on a day."""
    path = tree.path(place_id)
    found = await rows.holidays(session, path)
    nearest = sorted(found, key=lambda row: path.index(row.place_id), reverse=True)
    own = {row.day: Override(row.day, row.name, row.free) for row in nearest}
    return with_overrides(tuple(own.values())) if own else NATIONAL


def _check_known(names: Iterable[str], known: Iterable[str]) -> None:
    unknown = set(names).difference(known)
    if unknown:
        raise Refused("schedules.audience_unknown", name=min(unknown))
