"""The tree country → province → commune → village: who lies inside what (pure)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Protocol

from base.errors import NotFound

DEFAULT_ZONE = "UTC"


class PlaceRow(Protocol):
    """What the tree reads of a place; `kind` is "country", "province", "commune" or "village"."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def parent_id(self) -> str | None: ...
    @property
    def zone_name(self) -> str | None: ...


class PlaceTree:
    """Questions about places, answered without the database. An unknown id raises NotFound("devices.place_unknown")."""

    def __init__(self, rows: Mapping[str, PlaceRow]) -> None:
        self._rows = rows

    @classmethod
    def of(cls, rows: Iterable[PlaceRow]) -> "PlaceTree":
        return cls({row.id: row for row in rows})

    def __contains__(self, place_id: str) -> bool:
        return place_id in self._rows

    def path(self, place_id: str) -> tuple[str, ...]:
        """The place itself and all above it, from the lowest to the country."""
        return tuple(row.id for row in self._upwards(place_id))

    def commune_of(self, place_id: str) -> str | None:
        """The commune a place lies in (or is); None for a province or a country."""
        return next((row.id for row in self._upwards(place_id) if row.kind == "commune"), None)

    def zone_name(self, place_id: str) -> str:
        """The IANA time zone of a place, inherited from above when it has none of its own."""
        return next((row.zone_name for row in self._upwards(place_id) if row.zone_name), DEFAULT_ZONE)

    def descendants(self, place_id: str) -> tuple[str, ...]:
        """Everything below a place, itself not included, nearest first."""
        self._row(place_id)
        found = list(self._children.get(place_id, ()))
        for child in found:
            found += self._children.get(child, ())
        return tuple(found)

    def contains(self, ancestor: str, place_id: str) -> bool:
        """Whether a place is `ancestor` or lies below it."""
        return ancestor in self.path(place_id)

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for row in self._rows.values():
            if row.parent_id is not None:
                children.setdefault(row.parent_id, []).append(row.id)
        return children

    def _row(self, place_id: str) -> PlaceRow:
        row = self._rows.get(place_id)
        if row is None:
            raise NotFound("devices.place_unknown", place_id=place_id)
        return row

    def _upwards(self, place_id: str) -> Iterator[PlaceRow]:
        row = self._row(place_id)
        yield row
        while row.parent_id is not None:
            row = self._row(row.parent_id)
            yield row
