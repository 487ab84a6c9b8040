"""Where villages and clusters lie, as a drawing without a map: for an area to be drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from devices.views import PlaceNode
from schedules.areas import MAX_POINTS, Point, bounds
from schedules.ground import Ground

WIDTH = 600
EDGE = 40
AREA_LENGTH = 50 * MAX_POINTS
"""Characters of an area as it is written."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A village on the drawing. x, y: its place there; clusters: how many it has."""

    name: str
    x: int
    y: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing. west, north: degrees at its left and upper edge; lon_step, lat_step: degrees a unit."""

    height: int
    spots: Sequence[Spot]
    west: float
    north: float
    lon_step: float
    lat_step: float


def spots(ground: Ground) -> dict[str, Point]:
    """Cluster → where it stands, or where its village lies; without those of which neither is known."""
    found: dict[str, Point] = {}
    for cluster in ground.clusters:
        point = _point(cluster.lat, cluster.lon) or _of_village(ground, cluster.village_id)
        if point is not None:
            found[cluster.id] = point
    return found


def chart_of(villages: Sequence[PlaceNode], ground: Ground) -> Chart | None:
    """The villages to scale, north up; None when fewer than two of them have a place."""
    known = {village.id: point for village in villages if (point := _of_village(ground, village.id)) is not None}
    corners = bounds(known.values())
    if corners is None or corners[0] == corners[1]:
        return None
    low, high = corners
    narrow = cos(radians((low.lat + high.lat) / 2))
    lon_step = max(high.lon - low.lon, (high.lat - low.lat) / narrow, 1e-6) / (WIDTH - 2 * EDGE)
    lat_step = lon_step * narrow
    west, north = low.lon - EDGE * lon_step, high.lat + EDGE * lat_step
    drawn = [
        Spot(
            name=village.name,
            x=round((known[village.id].lon - west) / lon_step),
            y=round((north - known[village.id].lat) / lat_step),
            clusters=sum(cluster.village_id == village.id for cluster in ground.clusters),
        )
        for village in villages
        if village.id in known
    ]
    height = round((high.lat - low.lat) / lat_step) + 2 * EDGE
    return Chart(height, drawn, west, north, lon_step, lat_step)


def _of_village(ground: Ground, village_id: str) -> Point | None:
    """Where a village lies, or in the middle of its clusters."""
    village = ground.places[village_id]
    own = _point(village.lat, village.lon)
    if own is not None:
        return own
    standing = [_point(each.lat, each.lon) for each in ground.clusters if each.village_id == village_id]
    known = [point for point in standing if point is not None]
    if not known:
        return None
    return Point(sum(point.lat for point in known) / len(known), sum(point.lon for point in known) / len(known))


def _point(lat: float | None, lon: float | None) -> Point | None:
    return None if lat is None or lon is None else Point(lat, lon)
