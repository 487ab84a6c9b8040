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
from schedules.timetable import Days
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.effect_words import (
    Line,
    Meets,
    after_giving_way,
    lines,
    names_of,
    what_comes,
    where_they_meet,
    whom,
)
from server.web.marks import MARKS
from server.web.page import Page
from server.web.pause_words import Told, told
from server.web.recurring import in_words
from server.web.signs import Sign

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
    marks: Sequence[Sign]
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
    look = await _look(page, session, it, ground)
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
        meets=_meets(page, it, look),
        marks=_marks(it, look),
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


async def _look(page: Page, session: AsyncSession, it: Occurrence, ground: Ground) -> Days | None:
    """The time it would sound in, as the calendar shows it; None of what is past or called off."""
    if it.state not in _OPEN or it.ends_at <= page.now:
        return None
    end = it.ends_at + timedelta.resolution
    return await page.runtime.programme.timetable.look(session, ground, it.start_at, end)


def _marks(it: Occurrence, look: Days | None) -> list[Sign]:
    entries = () if look is None else look.entries
    return [MARKS[mark] for entry in entries if entry.row.id == it.id for mark in entry.marks]


def _meets(page: Page, it: Occurrence, look: Days | None) -> list[Meets]:
    """What it meets, and what comes of that."""
    if look is None:
        return []
    titles = {entry.row.id: entry.row.title for entry in look.entries}
    return [
        Meets(
            at=page.clock(each.start),
            title=it.title,
            other=titles.get(each.second if each.first == it.id else each.first, "–"),
            where=where_they_meet(page, len(each.clusters)),
            outcome=page.gettext(N_("it was decided what becomes of them"))
            if (each.first, each.second) in look.settled
            else what_comes(page, None if each.wins is None else titles.get(each.wins, "–")),
        )
        for each in look.meets.get(it.id, ())
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
