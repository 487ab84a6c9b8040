"""Where something is to be heard: read from a form, and counted against the commune."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from devices.models import PlaceKind, Zone
from devices.views import PlaceNode
from devices.wire.audience import Audience
from schedules import ground as grounds
from schedules.ground import Ground
from server.i18n.catalogue import N_
from server.web.page import Page

ALL, VILLAGES, ZONES = "all", "villages", "zones"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form says: the whole commune, some villages, or some zones."""

    where: str = ALL
    villages: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    @property
    def audience(self) -> Audience | None:
        """As an order says it; None when nobody is chosen."""
        if self.where == VILLAGES:
            return Audience(places=self.villages) if self.villages else None
        if self.where == ZONES:
            return Audience(zones=self.zones) if self.zones else None
        return Audience()

    @property
    def query(self) -> str:
        """As the query of an address."""
        pairs = [("where", self.where)]
        pairs += [("village", village) for village in self.villages] + [("zone", zone) for zone in self.zones]
        return urlencode(pairs)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen."""

    villages: Sequence[PlaceNode]
    zones: Sequence[Zone]
    clusters: int


@dataclass(frozen=True, slots=True)
class Heard:
    """Who would hear it."""

    clusters: int
    villages: int
    people: int
    smart: int
    wireless: int
    unreachable: int = 0


def read_chosen(form: ImmutableMultiDict[str, object]) -> Chosen:
    """What a form or a query chose; only the part its radio button points at counts."""
    where = str(form.get("where", ALL))
    villages = tuple(str(value) for value in form.getlist("village")) if where == VILLAGES else ()
    zones = tuple(str(value) for value in form.getlist("zone")) if where == ZONES else ()
    return Chosen(where if where in {VILLAGES, ZONES} else ALL, villages, zones)


def needed(chosen: Chosen) -> Audience:
    """The audience. Raises Refused("schedules.nobody_meant") when nobody is chosen."""
    audience = chosen.audience
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
    zones = [view.zone for view in await page.runtime.devices.list_zones(session, page.place.id)]
    return Choices(sorted(villages, key=lambda place: place.id), zones, len(ground.clusters))


def count(ground: Ground, chosen: Chosen) -> Heard | None:
    """Who would hear it; None when nobody is chosen. Raises Refused for a place that is not here."""
    audience = chosen.audience
    if audience is None:
        return None
    reach = ground.check(audience)
    return Heard(len(reach.clusters), len(reach.villages), reach.people, reach.smart, reach.wireless)


def describe(page: Page, ground_places: dict[str, str], audience: Audience) -> str:
    """Where, in words; `ground_places`: id → name of villages and zones."""
    if audience.everyone:
        return page.gettext(N_("The whole commune"))
    names = [ground_places.get(name, name) for name in (*audience.places, *audience.zones, *audience.clusters)]
    return ", ".join(names)


def count_or_none(ground: Ground, chosen: Chosen) -> Heard | None:
    """Like `count`, with None for a choice that is refused: the form is shown again with it."""
    try:
        return count(ground, chosen)
    except Refused:
        return None
