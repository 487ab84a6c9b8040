"""Where something is to be heard: read from a form, and counted against the commune.

A form may also name a kind of clusters or a drawn area, and leave villages out; `settled` turns these into clusters, as
an order says it, before the form is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from devices.models import ClusterKind, PlaceKind, Zone
from devices.views import ClusterNode, PlaceNode
from devices.wire.audience import Audience
from schedules import ground as grounds
from schedules.areas import read_area
from schedules.ground import Ground
from server.web.chart import AREA_LENGTH, Chart, chart_of, spots
from server.web.effect_words import whom
from server.web.page import Page

ALL, VILLAGES, ZONES, CLUSTERS, KIND, AREA = "all", "villages", "zones", "clusters", "kind", "area"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form says: the whole commune, some villages, zones or clusters; in each case less `but`, clusters.

    area: the line that was drawn, as it was written; the clusters in it stand in `clusters`.
    """

    where: str = ALL
    villages: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    area: str = ""

    @property
    def audience(self) -> Audience | None:
        """As an order says it; None when nobody is chosen."""
        if self.where == ALL:
            return Audience(but=self.but)
        found = Audience(
            places=self.villages if self.where == VILLAGES else (),
            zones=self.zones if self.where == ZONES else (),
            clusters=self.clusters if self.where == CLUSTERS else (),
            but=self.but,
        )
        return None if found.everyone else found

    @property
    def query(self) -> str:
        """As the query of an address."""
        named = (("village", self.villages), ("zone", self.zones), ("cluster", self.clusters), ("but", self.but))
        return urlencode([("where", self.where), *((name, value) for name, values in named for value in values)])

    @classmethod
    def of(cls, audience: Audience) -> "Chosen":
        """The form of an audience that is known: its places, zones and clusters, or everyone."""
        if audience.places:
            return cls(VILLAGES, villages=audience.places, but=audience.but)
        if audience.zones:
            return cls(ZONES, zones=audience.zones, but=audience.but)
        if audience.clusters:
            return cls(CLUSTERS, clusters=audience.clusters, but=audience.but)
        return cls(but=audience.but)


@dataclass(frozen=True, slots=True)
class VillageClusters:
    """A village and its clusters."""

    village: PlaceNode
    clusters: Sequence[ClusterNode]


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen. kinds: those there are, with how many clusters; chart: where they lie, None when unknown."""

    villages: Sequence[PlaceNode]
    zones: Sequence[Zone]
    clusters: int
    by_village: Sequence[VillageClusters] = ()
    kinds: Sequence[tuple[ClusterKind, int]] = ()
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Who would hear it."""

    clusters: int
    villages: int
    people: int
    smart: int
    wireless: int
    unreachable: int = 0


def read_chosen(form: ImmutableMultiDict[str, Any]) -> Chosen:
    """What a form or a query chose; only the part its radio button points at counts. See `settled`."""
    where = str(form.get("where", ALL))
    if where not in _LISTS:
        return Chosen(where if where in {KIND, AREA} else ALL, but=_listed(form, "but"), area=_area(form))
    chosen = {name: _listed(form, field) if name == where else () for name, field in _LISTS.items()}
    return Chosen(where, **chosen, but=_listed(form, "but"), area=_area(form))


def _area(form: ImmutableMultiDict[str, Any]) -> str:
    return str(form.get("area", ""))[:AREA_LENGTH]


_LISTS = {VILLAGES: "village", ZONES: "zone", CLUSTERS: "cluster"}


def _listed(form: ImmutableMultiDict[str, Any], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value)[:48] for value in form.getlist(field)))


async def settled(page: Page, form: ImmutableMultiDict[str, Any]) -> ImmutableMultiDict[str, Any]:
    """The form with the clusters of a kind, or of an area, in place of it, and of villages that are left out.

    An area nobody can read, or in which nobody is, stands as it was typed: then nobody is chosen.
    """
    if form.get("where") not in {KIND, AREA} and "but_village" not in form:
        return form
    async with page.runtime.database.reading() as session:
        ground = await load(session, page)
    pairs = [pair for pair in form.multi_items() if pair[0] not in {"but_village", "kind"}]
    without = _listed(form, "but_village")
    pairs += [("but", cluster.id) for cluster in ground.clusters if cluster.village_id in without]
    if form.get("where") in {KIND, AREA} and (meant := _meant(form, ground)):
        pairs = [pair for pair in pairs if pair[0] not in {"where", "cluster"}] + [("where", CLUSTERS)]
        pairs += [("cluster", cluster) for cluster in meant]
    return ImmutableMultiDict(pairs)


def _meant(form: ImmutableMultiDict[str, Any], ground: Ground) -> list[str]:
    """The clusters of the kind or of the area a form names; none of an area nobody can read."""
    if form.get("where") == KIND:
        return [cluster.id for cluster in ground.clusters if cluster.kind == form.get("kind")]
    try:
        return sorted(read_area(_area(form)).within(spots(ground)))
    except Refused:
        return []


def needed(chosen: Chosen) -> Audience:
    """The audience. Raises Refused: nobody_meant when nobody is chosen; point_wrong, area_wrong."""
    audience = chosen.audience
    if chosen.where == AREA and chosen.area.strip():
        read_area(chosen.area)
    if audience is None:
        raise Refused("schedules.nobody_meant")
    return audience


async def load(session: AsyncSession, page: Page) -> Ground:
    """The commune with its villages, zones and clusters."""
    return await grounds.load(session, page.runtime.devices, page.place.id)


async def choices(session: AsyncSession, page: Page, ground: Ground) -> Choices:
    """The villages and zones that have a cluster."""
    heard = {cluster.village_id for cluster in ground.clusters}
    villages = [place for place in ground.places.values() if place.kind is PlaceKind.VILLAGE and place.id in heard]
    villages = sorted(villages, key=lambda place: place.id)
    zones = [view.zone for view in await page.runtime.devices.list_zones(session, page.place.id)]
    kinds = [(kind, sum(each.kind is kind for each in ground.clusters)) for kind in ClusterKind]
    return Choices(
        villages,
        zones,
        len(ground.clusters),
        [VillageClusters(village, _clusters_of(ground, village.id)) for village in villages],
        [(kind, count) for kind, count in kinds if 0 < count < len(ground.clusters)],
        chart_of(villages, ground),
    )


def _clusters_of(ground: Ground, village_id: str) -> list[ClusterNode]:
    return [cluster for cluster in ground.clusters if cluster.village_id == village_id]


def count(ground: Ground, chosen: Chosen) -> Heard | None:
    """Who would hear it; None when nobody is chosen. Raises Refused for a place that is not here."""
    audience = chosen.audience
    if audience is None:
        return None
    reach = ground.check(audience)
    return Heard(len(reach.clusters), len(reach.villages), reach.people, reach.smart, reach.wireless)


def describe(page: Page, ground_places: dict[str, str], audience: Audience) -> str:
    """Where, in words; `ground_places`: id → name of villages, zones and clusters."""
    return whom(page, ground_places, audience)


def count_or_none(ground: Ground, chosen: Chosen) -> Heard | None:
    """Like `count`, with None for a choice that is refused: the form is shown again with it."""
    try:
        return count(ground, chosen)
    except Refused:
        return None
