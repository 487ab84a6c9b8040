"""What a page tells of one airing beside its proofs: whom it is for, by which schedule, and what stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from schedules import ground as grounds
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.history import Offer
from schedules.keeping import rule_of
from schedules.models import Occurrence, OccurrenceState, PauseRow, Schedule
from schedules.plans import Preempted
from schedules.repository import changes as rows
from server.auth.permissions import Permission
from server.web import repository
from server.web.effect_words import Line, Meets, after_giving_way, lines, names_of, whom
from server.web.page import Page
from server.web.pause_words import Told, told
from server.web.recurring import in_words

VILLAGES = 12
TOLD = 3
"""Lines of what an undoing takes back."""
_OPEN = {OccurrenceState.PLANNED, OccurrenceState.ISSUED}


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one airing. villages: names of those that hear it, the first of them; more: how many there are beside.

    newer: the airing that has taken its place; offer: the last change, when it was of this schedule. takes_back: the
    first lines of what undoing that does; more_back: how many there are beside.
    """

    whom: str
    clusters: int
    people: int
    villages: tuple[str, ...]
    more: int
    schedule: Schedule | None
    when: str
    then: str
    pauses: Sequence[Told]
    meets: Sequence[Meets]
    newer: str
    offer: Offer | None
    takes_back: Sequence[Line]
    more_back: int
    may_change: bool


async def facts_of(page: Page, session: AsyncSession, it: Occurrence) -> Facts:
    """What is known of it now; what is with the speakers keeps whom it was ordered for."""
    ground = await grounds.load(session, page.runtime.devices, it.place_id)
    names = names_of(ground, await repository.place_and_zone_names(session, it.place_id))
    audience = read_audience(it.audience)
    reach = ground.reach(audience)
    villages = [village.name for village in reach.villages]
    schedule = await page.runtime.programme.schedule(session, it.schedule_id) if it.schedule_id else None
    may_schedule = page.me.can(Permission.SCHEDULE, it.place_id)
    offer = await _offer(page, session, it) if may_schedule else None
    differing = offer.differences if offer is not None else ()
    return Facts(
        whom=whom(page, names, audience),
        clusters=len(reach.clusters),
        people=reach.people,
        villages=tuple(villages[:VILLAGES]),
        more=max(0, len(villages) - VILLAGES),
        schedule=schedule,
        when="" if schedule is None else in_words(page, rule_of(schedule)),
        then=after_giving_way(page, Preempted(it.preempted, it.stale_s)),
        pauses=[told(page, names, ground, row) for row in await _pauses(page, session, it, ground)],
        meets=await _meets(page, session, it),
        newer=await _newer(session, it),
        offer=offer,
        takes_back=lines(page, names, differing[:TOLD]),
        more_back=max(0, len(differing) - TOLD),
        may_change=may_schedule and schedule is not None and it.state in _OPEN and it.start_at > page.now,
    )


async def _pauses(page: Page, session: AsyncSession, it: Occurrence, ground: Ground) -> Sequence[PauseRow]:
    """The pauses that leave somebody of it in peace."""
    if it.emergency_id is not None:
        return ()
    return await page.runtime.programme.pauses.touching(session, ground, it)


async def _meets(page: Page, session: AsyncSession, it: Occurrence) -> list[Meets]:
    if it.state not in _OPEN or it.ends_at <= page.now:
        return []
    found = await page.runtime.programme.clashes(session, it.place_id, it.start_at, it.ends_at + timedelta.resolution)
    own = [each for each in found if it.id in {each.first, each.second}]
    titles = await repository.occurrence_titles(session, {name for each in own for name in (each.first, each.second)})
    return [
        Meets(
            at=page.clock(each.start),
            title=titles[it.id],
            other=titles[each.second if each.first == it.id else each.first],
            where=page.ngettext("in %(num)d cluster", "in %(num)d clusters", len(each.clusters))
            if each.clusters
            else page.gettext("on a transmitter, which sends one thing at a time"),
            outcome=page.gettext("one will wait for the other")
            if each.wins is None
            else page.gettext("“%(title)s” comes first", title=titles[each.wins]),
        )
        for each in own
    ]


async def _newer(session: AsyncSession, it: Occurrence) -> str:
    if it.state is not OccurrenceState.CANCELLED or it.schedule_id is None or it.original_at is None:
        return ""
    found = await rows.latest_of(session, it.schedule_id, it.original_at)
    return "" if found is None or found.id == it.id or found.state is OccurrenceState.CANCELLED else found.id


async def _offer(page: Page, session: AsyncSession, it: Occurrence) -> Offer | None:
    """The undoing that is offered here: of a change of the last day, of this schedule."""
    found = await page.runtime.programme.history.offer(session, it.place_id, page.now)
    if found is None or found.refusal is not None or page.now - found.change.at > timedelta(days=1):
        return None
    return found if found.touches(it.schedule_id) else None
