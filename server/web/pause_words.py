"""A pause in words: whom it leaves in peace, when, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from devices.wire.orders import PlayClass
from schedules import ground as grounds
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.models import PauseRow
from schedules.pauses import Occasion
from server.i18n.catalogue import N_
from server.web import repository
from server.web.effect_words import names_of, whom
from server.web.marks import OCCASIONS
from server.web.page import Page

UP_TO = {
    PlayClass.BACKGROUND: N_("only background music is silent"),
    PlayClass.NORMAL: N_("all but priority and emergencies is silent"),
    PlayClass.PRIORITY: N_("all but emergencies is silent"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One pause."""

    row: PauseRow
    whom: str
    clusters: int
    occasion: str
    up_to: str
    begins: str
    ends: str


async def pauses_of(page: Page, session: AsyncSession, cluster_id: str, place_id: str) -> list[Told]:
    """The pauses, now or to come, that leave a cluster in peace."""
    ground = await grounds.load(session, page.runtime.devices, place_id)
    found = await page.runtime.programme.pauses.of_cluster(session, ground, cluster_id, page.now)
    if not found:
        return []
    names = names_of(ground, await repository.place_and_zone_names(session, place_id))
    return [told(page, names, ground, row) for row in found]


def told(page: Page, names: Mapping[str, str], ground: Ground, row: PauseRow) -> Told:
    """A pause as it is listed; one that was ended early with when that was."""
    audience = read_audience(row.audience)
    end = row.end_at if row.ended_at is None else min(row.end_at, row.ended_at)
    return Told(
        row=row,
        whom=whom(page, names, audience),
        clusters=len(ground.meant(audience)),
        occasion=OCCASIONS[Occasion(row.occasion)],
        up_to=UP_TO[PlayClass(row.up_to)],
        begins=page.moment(row.start_at),
        ends=page.moment(end),
    )
