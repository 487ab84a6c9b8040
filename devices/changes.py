"""What the room tells whoever watches, after the transaction that made it true (pure)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryChanged:
    """Something was proved about an occurrence in some clusters."""

    commune_id: str
    occurrence_id: str
    cluster_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """A device's presence or health changed."""

    commune_id: str
    device_id: str
    state: str


DeviceChange = DeliveryChanged | PresenceChanged
Watcher = Callable[[DeviceChange], None]
