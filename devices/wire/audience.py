"""Whom an order is for (pure)."""

from dataclasses import dataclass
from typing import Any

from devices.wire.fields import Fields

MAX_PLACES = 500
MAX_CLUSTERS = 1_000


@dataclass(frozen=True, slots=True)
class Listener:
    """What a cluster knows of itself: its name, the places it lies in (village, commune, province), its zones."""

    cluster: str
    places: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Audience:
    """Everyone who follows the log, or the union of places, zones and clusters; in both cases less `but`."""

    places: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @property
    def everyone(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.places or self.zones or self.clusters)

    def includes(self, listener: Listener) -> bool:
        """Whether that cluster is meant."""
        if listener.cluster in self.but:
            return False
        return (
            self.everyone
            or listener.cluster in self.clusters
            or not listener.places.isdisjoint(self.places)
            or not listener.zones.isdisjoint(self.zones)
        )

    def to_map(self) -> dict[str, Any]:
        parts = {"places": self.places, "zones": self.zones, "clusters": self.clusters, "but": self.but}
        return {name: list(values) for name, values in parts.items() if values}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Audience":
        """Raises BadMessage("bad_field")."""
        return cls(
            places=fields.names("places", MAX_PLACES),
            zones=fields.names("zones", MAX_PLACES),
            clusters=fields.names("clusters", MAX_CLUSTERS),
            but=fields.names("but", MAX_CLUSTERS),
        )
