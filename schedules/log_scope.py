"""Which place and which local days a log or a report is about, with everybody and everything in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from devices.models import PlaceKind
from devices.places import PlaceTree
from devices.views import PlaceNode
from schedules.recurrence.times import span
from schedules.repository import asrun as rows
from schedules.repository import ground as places
from schedules.repository.asrun import Listed

MOST_DAYS = 31
YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Scope:
    """A place and its local days [first, last]. owners: whose airings are looked at; communes: whose clusters.

    village: set when the place is one. The zone is the place's now: days of the past go by it too.
    """

    place: PlaceNode
    zone: ZoneInfo
    first: date
    last: date
    start: datetime
    end: datetime
    places: Mapping[str, PlaceNode]
    owners: frozenset[str]
    communes: frozenset[str]
    village: str | None
    clusters: Mapping[str, Listed]

    def cluster_name(self, cluster_id: str) -> str:
        found = self.clusters.get(cluster_id)
        return cluster_id if found is None else found.name

    def village_of(self, village_id: str) -> tuple[str, int]:
        """Its name and how many people live there."""
        found = self.places.get(village_id)
        return (village_id, 0) if found is None else (found.name, found.population)


def days_of_month(month: str) -> tuple[date, date]:
    """The first and the last day of "YYYY-MM". Raises Refused("schedules.report_when_wrong")."""
    year, _, number = month.partition("-")
    if not (len(month) == 7 and year.isdecimal() and number.isdecimal() and month.isascii()):
        raise Refused("schedules.report_when_wrong", given=month[:20])
    if int(year) not in YEARS or not 1 <= int(number) <= 12:
        raise Refused("schedules.report_when_wrong", given=month)
    first = date(int(year), int(number), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def day_of(text: str) -> date:
    """A day "YYYY-MM-DD". Raises Refused("schedules.report_when_wrong")."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Refused("schedules.report_when_wrong", given=text[:20]) from error
    if found.year not in YEARS or text != found.isoformat():
        raise Refused("schedules.report_when_wrong", given=text[:20])
    return found


async def load(session: AsyncSession, place_id: str, first: date, last: date) -> Scope:
    """The scope of a place. Raises NotFound("schedules.place_unknown"); Refused for more than `MOST_DAYS` days."""
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        raise Refused("schedules.report_when_wrong", given=f"{first} – {last}")
    around = {place.id: place for place in await places.around(session, place_id)}
    place = around.get(place_id)
    if place is None:
        raise NotFound("schedules.place_unknown", place_id=place_id[:48])
    tree = PlaceTree.of(around.values())
    zone = ZoneInfo(tree.zone_name(place_id))
    start, end = span(first, (last - first).days + 1, zone)
    village = place_id if place.kind is PlaceKind.VILLAGE else None
    inside = around if village is None else {above: around[above] for above in tree.path(place_id)}
    communes = frozenset(each.id for each in inside.values() if each.kind is PlaceKind.COMMUNE)
    return Scope(
        place=place,
        zone=zone,
        first=first,
        last=last,
        start=start,
        end=end,
        places=around,
        owners=frozenset(each.id for each in inside.values() if each.kind is not PlaceKind.VILLAGE),
        communes=communes,
        village=village,
        clusters={each.id: each for each in await rows.listed(session, communes)},
    )
