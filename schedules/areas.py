"""An area drawn on the map: who lies in it (pure).

Coordinates are decimal degrees, and a degree of each kind is taken for a straight line: right for a commune.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from base.errors import Refused

MAX_POINTS = 100
_LATITUDE, _LONGITUDE = 90.0, 180.0


@dataclass(frozen=True, slots=True)
class Point:
    """lat, lon: decimal degrees, north and east. Raises Refused("schedules.point_wrong")."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        inside = abs(self.lat) <= _LATITUDE and abs(self.lon) <= _LONGITUDE
        if not (math.isfinite(self.lat) and math.isfinite(self.lon) and inside):
            raise Refused("schedules.point_wrong", point=f"{self.lat}, {self.lon}"[:40])


@dataclass(frozen=True, slots=True)
class Area:
    """What lies within a line through these points and back to the first. Raises Refused("schedules.area_wrong")."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not 3 <= len(self.points) <= MAX_POINTS or len(set(self.points)) < 3:
            raise Refused("schedules.area_wrong", limit=MAX_POINTS)

    def contains(self, point: Point) -> bool:
        """Whether a point lies within, or on the line. Where the line crosses itself, what it rounds twice is out."""
        inside, previous = False, self.points[-1]
        for corner in self.points:
            if _between(previous, corner, point):
                return True
            if (corner.lat > point.lat) != (previous.lat > point.lat) and point.lon < _crossing(
                previous, corner, point.lat
            ):
                inside = not inside
            previous = corner
        return inside

    def within(self, spots: Mapping[str, Point]) -> frozenset[str]:
        """Those that lie within."""
        return frozenset(name for name, spot in spots.items() if self.contains(spot))


def read_area(text: str) -> Area:
    """From "22.56, 104.24; 22.57, 104.26; …", a point a line or between semicolons.

    Raises Refused: point_wrong, area_wrong.
    """
    parts = [part.strip() for part in text[: MAX_POINTS * 50].replace("\n", ";").split(";")]
    found = [part for part in parts if part]
    if len(found) > MAX_POINTS:
        raise Refused("schedules.area_wrong", limit=MAX_POINTS)
    return Area(tuple(dict.fromkeys(map(read_point, found))))


def read_point(text: str) -> Point:
    """From "22.56, 104.24". Raises Refused("schedules.point_wrong")."""
    lat, _, lon = text.partition(",")
    try:
        return Point(float(lat), float(lon))
    except ValueError as error:
        raise Refused("schedules.point_wrong", point=text[:40]) from error


def bounds(points: Iterable[Point]) -> tuple[Point, Point] | None:
    """The south-west and the north-east corner of all of them; None when there are none."""
    found = list(points)
    if not found:
        return None
    lats, lons = [point.lat for point in found], [point.lon for point in found]
    return Point(min(lats), min(lons)), Point(max(lats), max(lons))


def _crossing(one: Point, other: Point, lat: float) -> float:
    """The longitude at which the line between two points has this latitude."""
    return one.lon + (lat - one.lat) / (other.lat - one.lat) * (other.lon - one.lon)


def _between(one: Point, other: Point, point: Point) -> bool:
    """Whether a point lies on the line between two others."""
    across = (other.lon - one.lon) * (point.lat - one.lat) - (other.lat - one.lat) * (point.lon - one.lon)
    if across != 0:
        return False
    return min(one.lat, other.lat) <= point.lat <= max(one.lat, other.lat) and min(
        one.lon, other.lon
    ) <= point.lon <= max(one.lon, other.lon)
