"""What the room shows to those above: clusters, fleets, deliveries and histories, joined and ready to draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from devices.models import (
    BeatSlot,
    Cluster,
    ClusterKind,
    Delivery,
    DeliveryState,
    Device,
    DeviceState,
    PlaceKind,
    Presence,
    PresenceChange,
    Zone,
)


class PlaceNode(NamedTuple):
    """A place as far as one asks who lies inside what, and how many people live there."""

    id: str
    kind: PlaceKind
    parent_id: str | None
    zone_name: str | None
    name: str
    population: int
    lat: float | None = None
    lon: float | None = None


class ClusterNode(NamedTuple):
    """A cluster as far as one asks whom an audience means.

    device_id: what sounds it, its own controller or a gateway.
    """

    id: str
    name: str
    kind: ClusterKind
    village_id: str
    device_id: str | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster with what is known of the device that sounds it.

    inferred: the presence is its gateway's, because a wireless cluster says nothing itself.
    """

    cluster: Cluster
    village_name: str
    device: Device | None
    state: DeviceState | None
    presence: Presence
    inferred: bool
    gateway_name: str | None

    @property
    def receiver(self) -> str | None:
        """What its gateway says of a wireless cluster: `answered` or `silent` at the last call, where it can answer;
        else `assumed`, or `no_transmitter`. None: its gateway said nothing of it.
        """
        return self.state.children.get(self.cluster.id) if self.inferred and self.state is not None else None


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """Clusters by presence. A wireless one is reachable while its gateway is online or late."""

    smart_total: int = 0
    smart_online: int = 0
    smart_late: int = 0
    smart_lost: int = 0
    smart_quiet: int = 0
    smart_never: int = 0
    wireless_total: int = 0
    wireless_reachable: int = 0


@dataclass(frozen=True, slots=True)
class DeviceHistory:
    """What a device's day looked like, oldest first."""

    slots: list[BeatSlot]
    changes: list[PresenceChange]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """What is proved of an occurrence in one cluster, with the names to show."""

    delivery: Delivery
    cluster_name: str
    village_id: str
    village_name: str
    kind: ClusterKind


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many clusters stand at each state; a state that is missing counts none."""

    smart: Mapping[DeliveryState, int] = field(default_factory=dict)
    wireless: Mapping[DeliveryState, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All clusters the occurrence was ordered for."""
        return sum(self.smart.values()) + sum(self.wireless.values())


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone and the clusters in it."""

    zone: Zone
    cluster_ids: tuple[str, ...]
