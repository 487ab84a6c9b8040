"""Which days, and of whom, a page of the programme shows: read from its address, and what can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from devices.models import PlaceKind
from devices.views import ClusterNode, PlaceNode
from schedules.festivals import festival_on
from schedules.ground import Ground
from schedules.lunar import LunarDate, lunar_date
from server.i18n.catalogue import N_
from server.web.page import Page

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 1)
"""What the calendars behind are known for; a day beyond is taken for today."""


@dataclass(frozen=True)
class Scope:
    """The commune, one of its villages, or one cluster. among: its clusters; None for all."""

    ground: Ground
    village: str = ""
    cluster: str = ""
    name: str = ""
    among: frozenset[str] | None = None

    @property
    def query(self) -> str:
        """As the end of an address that has a question already."""
        pairs = {"village": self.village, "cluster": self.cluster}
        chosen = {name: value for name, value in pairs.items() if value}
        return f"&{urlencode(chosen)}" if chosen else ""

    @property
    def villages(self) -> Sequence[PlaceNode]:
        """Those with a cluster, by name."""
        heard = {cluster.village_id for cluster in self.ground.clusters}
        found = (place for place in self.ground.places.values() if place.kind is PlaceKind.VILLAGE)
        return sorted((place for place in found if place.id in heard), key=lambda place: place.name)

    @property
    def clusters(self) -> Sequence[ClusterNode]:
        """Those of the chosen village, or all, by name."""
        here = (each for each in self.ground.clusters if self.village in {"", each.village_id})
        return sorted(here, key=lambda each: each.name)


@dataclass(frozen=True, slots=True)
class DayName:
    """A day with what it is called. lunar: its date by the moon; feast: what is held or free on it."""

    day: date
    today: bool
    lunar: str
    special: bool
    feasts: tuple[str, ...]
    free: bool


def asked_day(page: Page, name: str) -> date:
    """The day an address names; today when it names none that is on our calendars."""
    return day_of(page, page.request.query_params.get(name, ""))


def day_of(page: Page, text: str) -> date:
    """The day somebody wrote; today for anything that is none on our calendars."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return page.today
    return day if FIRST_DAY <= day <= LAST_DAY else page.today


async def scope_of(page: Page, session: AsyncSession) -> Scope:
    """What the address asks for. Raises NotFound for a village or a cluster that is not here."""
    ground = await page.runtime.programme.timetable.ground(session, page.place.id)
    asked = page.request.query_params
    village, cluster = asked.get("village", "")[:48], asked.get("cluster", "")[:48]
    if cluster:
        found = next((each for each in ground.clusters if each.id == cluster), None)
        if found is None:
            raise NotFound("devices.cluster_unknown", cluster_id=cluster)
        if village in {"", found.village_id}:
            return Scope(ground, village, cluster, found.name, frozenset({cluster}))
    if village:
        if village not in ground.places:
            raise NotFound("schedules.place_unknown", place_id=village)
        among = frozenset(each.id for each in ground.clusters if each.village_id == village)
        return Scope(ground, village, "", ground.places[village].name, among)
    return Scope(ground)


def span_of(page: Page, first: date, days: int) -> tuple[datetime, datetime]:
    """From the midnight a day begins with to the one so many days later, on the commune's clock."""
    start = datetime.combine(first, time(), page.zone)
    return start, datetime.combine(first + timedelta(days=days), time(), page.zone)


def day_name(page: Page, ground: Ground, day: date) -> DayName:
    """What a day is called: holiday, festival and lunar date, and what the commune itself has on it."""
    moon = lunar_date(day)
    holiday = ground.holidays.name(day, page.locale)
    feasts = (holiday or "", _festival(page, moon), *(e.name for e in ground.allowance.events if e.is_on(day)))
    return DayName(
        day=day,
        today=day == page.today,
        lunar=_moon(page, moon),
        special=moon is not None and moon.day in {1, 15},
        feasts=tuple(dict.fromkeys(feast for feast in feasts if feast)),
        free=day in ground.holidays,
    )


def _festival(page: Page, moon: LunarDate | None) -> str:
    festival = None if moon is None or moon.leap else festival_on(moon.month, moon.day)
    return "" if festival is None else festival.names[page.locale]


def _moon(page: Page, moon: LunarDate | None) -> str:
    if moon is None:
        return ""
    month = f"{moon.month}+" if moon.leap else str(moon.month)
    if moon.day == 1:
        return page.gettext(N_("1st of lunar month %(month)s"), month=month)
    if moon.day == 15:
        return page.gettext(N_("full moon of lunar month %(month)s"), month=month)
    return page.gettext(N_("lunar %(day)s/%(month)s"), day=moon.day, month=month)
