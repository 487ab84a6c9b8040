"""What a device may expect of a broadcast, in words: by which carrier, when, in time or not, what could be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from devices.contacts import Carrier, Forecast, Proposal, Remedy
from devices.couriers.choosing import weigh
from devices.couriers.outlook import Broadcast
from devices.wire.content import Part, languages_in
from devices.wire.orders import PlayClass
from server.courier_rounds import zone_of
from server.i18n.catalogue import N_
from server.web import repository
from server.web.audience import Chosen
from server.web.page import Page
from server.web.signs import Sign

CARRIERS = {
    Carrier.LINK: N_("by its link"),
    Carrier.WINDOW: N_("in its contact hours"),
    Carrier.COURIER: N_("by courier"),
}
REMEDIES = {
    Remedy.LIGHTER: N_("the lighter rendition would be there at %(time)s"),
    Remedy.EARLIER: N_("sent before all else it would be there at %(time)s"),
    Remedy.COURIER: N_("a courier who leaves by %(time)s brings it in time"),
    Remedy.LATER: N_("it can be aired there from %(time)s"),
}
VERDICTS = {
    True: Sign("◌", N_("in time"), "plan"),
    False: Sign("▲", N_("not in time"), "late"),
    None: Sign("○", N_("not known when"), "off"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """A forecast as it is shown."""

    sign: Sign
    text: str
    proposals: tuple[str, ...]


def expected(page: Page, it: Forecast) -> Expected:
    """The forecast in the page's language."""
    carrier = page.gettext(CARRIERS[it.carrier])
    if it.expected_at is not None:
        text = page.gettext(N_("%(carrier)s, expected at %(time)s"), carrier=carrier, time=page.moment(it.expected_at))
    elif it.carrier is Carrier.COURIER:
        text = page.gettext(N_("by courier, but no visit is planned"))
    else:
        text = page.gettext(N_("%(carrier)s, when it is heard again"), carrier=carrier)
    return Expected(VERDICTS[it.in_time], text, tuple(_proposal(page, each) for each in it.proposals))


def _proposal(page: Page, it: Proposal) -> str:
    return page.gettext(REMEDIES[it.remedy], time=page.moment(it.at))


@dataclass(frozen=True, slots=True)
class Late:
    """A village that would not have a broadcast in time."""

    village: str
    expected: Expected


async def not_in_time(page: Page, session: AsyncSession, chosen: Chosen, parts: Sequence[Part]) -> list[Late]:
    """Which of the chosen villages would not have these parts in time, were they broadcast now.

    Those that are always online are not asked about: how many cannot be reached is counted beside.
    """
    if chosen.audience is None:
        return []
    clusters = await page.runtime.devices.resolve(session, page.place.id, chosen.audience)
    villages = {cluster.device_id: cluster.village_id for cluster in clusters if cluster.device_id is not None}
    size, light_size = weigh(parts, languages_in(parts))
    start = page.now + timedelta(seconds=page.runtime.settings.programme.lead_s)
    broadcast = Broadcast(size, light_size, start, int(PlayClass.NORMAL))
    zone = zone_of(page.me.places, page.place.id)
    found = await page.runtime.outlook.of_broadcast(session, broadcast, list(villages), zone, page.now)
    late = {villages[device_id]: it for device_id, it in found.items() if not it.in_time}
    names = await repository.places(session, list(late))
    shown = [Late(names[village_id].name, expected(page, it)) for village_id, it in late.items()]
    return sorted(shown, key=lambda each: each.village)
