"""Where airings of a place meet, what was decided of it, and what can be done, in one look at its programme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from devices.wire.orders import PlayClass
from schedules import ground as grounds
from schedules import quiet
from schedules.airtime import NEAR
from schedules.conflicts import Overlap, Slot
from schedules.contending import Contending, begins_after, parties
from schedules.decisions import Choice, Decision, must_decide
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.models import Occurrence
from schedules.outcomes import Contender, Outcome, outcomes
from schedules.repository import decisions as kept
from schedules.repository import programme as rows
from schedules.resolving import Option, options
from schedules.yielding import Meeting, Party, meetings

MOST = 5_000
"""How many occurrences of a time are looked at: a month of 1,000 a week."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two airings that meet, the earlier first, and the word that holds for them. must: a person has to say."""

    first: Occurrence
    second: Occurrence
    overlap: Overlap
    decision: Decision | None
    must: bool

    @property
    def open(self) -> bool:
        """Whether a person has to say what becomes of it, and nobody has; what was moved or shortened and meets again
        is asked anew.
        """
        return self.must and not self.settled

    @property
    def settled(self) -> bool:
        """Whether what was decided holds for the two as they meet now."""
        return self.decision is not None and self.decision.choice in {Choice.HIGHER_WINS, Choice.QUEUE_AFTER}


@dataclass(frozen=True, slots=True)
class Ways:
    """What can be done about a clash, and what is heard of both when nothing is done; None: not to be foretold."""

    clash: Clash
    options: tuple[Option, ...]
    as_is: tuple[Outcome, Outcome] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """A time of a place with everything that sounds in it."""

    ground: Ground
    rows: Mapping[str, Occurrence]
    slots: Mapping[str, Slot]
    parties: Mapping[str, Party]
    meetings: Sequence[Meeting]

    def clashes(self, now: datetime) -> list[Clash]:
        """Those of which both are still to begin, in order of time."""
        found = map(self.clash, self.meetings)
        return [each for each in found if begins_after(each.first, now) and begins_after(each.second, now)]

    def clash(self, meeting: Meeting) -> Clash:
        one, other = meeting.overlap.first, meeting.overlap.second
        must = must_decide(self.slots[one], self.slots[other])
        return Clash(self.rows[one], self.rows[other], meeting.overlap, meeting.decision, must)

    def between(self, one: str, other: str, now: datetime) -> tuple[Meeting, Clash]:
        """How two meet. Raises Conflict("schedules.clash_gone")."""
        pair = {one, other}
        for each in self.meetings:
            if {each.overlap.first, each.overlap.second} == pair:
                clash = self.clash(each)
                if begins_after(clash.first, now) and begins_after(clash.second, now):
                    return each, clash
        raise Conflict("schedules.clash_gone")

    async def ways(self, session: AsyncSession, issuer: Issuer, clash: Clash, now: datetime) -> Ways:
        """What this place can do about a clash."""
        both = [clash.first, clash.second]
        found = await Contending(issuer).contenders(session, self.ground, both, self.slots)
        if len(found) < len(both):
            return Ways(clash, (), None)
        one, other = found[clash.first.id], found[clash.second.id]
        others = [slot for name, slot in self.slots.items() if name not in found]
        possible = options(one, other, others, self.ground.allowance, now)
        return Ways(clash, tuple(each for each in possible if self._is_ours(each)), _as_is(one, other, self.ground))

    def _is_ours(self, option: Option) -> bool:
        """Whether this place may do that: to its own airings, and by a schedule where one has to be changed."""
        row = self.rows[option.yields]
        as_it_is = option.choice is Choice.HIGHER_WINS and option.fate in {None, row.preempted}
        changeable = as_it_is or option.late is not None or row.schedule_id is not None
        return row.place_id == self.ground.place.id and changeable and option.loops is None


async def load(
    session: AsyncSession,
    issuer: Issuer,
    place_id: str,
    start: datetime,
    end: datetime,
    *,
    more: Sequence[Occurrence] = (),
    of_class: PlayClass | None = None,
) -> Scene:
    """Everything that sounds in a place between two moments, also from the places above it; with `more`, not written
    yet. of_class: this class alone.
    """
    ground = await grounds.load(session, issuer.devices, place_id)
    path = ground.tree.path(place_id)
    found = [
        *await rows.occurrences(session, path, start=start, end=end, open_only=True, limit=MOST, of_class=of_class),
        *more,
    ]
    slots = await quiet.slots(session, ground, found, start - _A_DAY, end + _A_DAY)
    known = parties(found, slots, ground)
    met = meetings(known, await kept.of_place(session, place_id), ground.rules.zone)
    by_id = {slot.occurrence: slot for slot in slots}
    return Scene(ground, {row.id: row for row in found}, by_id, known, met)


async def around(session: AsyncSession, issuer: Issuer, place_id: str, occurrence_id: str) -> Scene:
    """The days around an airing. Raises NotFound("schedules.occurrence_unknown")."""
    row = await rows.occurrence(session, occurrence_id)
    if row is None:
        raise NotFound("schedules.occurrence_unknown", id=occurrence_id[:26])
    return await load(session, issuer, place_id, row.start_at - NEAR, row.start_at + NEAR)


def _as_is(one: Contender, other: Contender, ground: Ground) -> tuple[Outcome, Outcome]:
    return outcomes(one, other, ground.hours_at(one.slot.start).wire(one.slot.start))
