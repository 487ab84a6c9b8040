"""Days of the programme as a person looks at them: every occurrence, who hears it, and what is to be said of it.

The rows are those that the runner orders and the report counts. However many they are, the questions put to the
database are as many; what is said of them is worked out by the pure modules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from schedules import ground as grounds
from schedules import quiet
from schedules.airtime import local_day
from schedules.arrivals import Arrival, Wanted
from schedules.bringing import Bringing
from schedules.composition import Item
from schedules.conflicts import Overlap, Slot, overlaps
from schedules.contending import side_of
from schedules.content import Content
from schedules.decisions import Choice, Decision, Pair, Side, decided
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.marks import Limits, Mark, Two, in_order, in_play, of_meeting, worst_need
from schedules.missing import Need
from schedules.models import OccurrenceState, Off
from schedules.pauses import Silence, silent
from schedules.repository import decisions as decision_rows
from schedules.repository import timetable as rows
from schedules.repository.programme import PAUSED
from schedules.repository.timetable import OccurrenceRow
from schedules.slots import slots_of

MOST = 3_000
"""How many occurrences are looked at."""
HOLDS = frozenset({Choice.HIGHER_WINS, Choice.QUEUE_AFTER})
"""What was moved or shortened and meets again is asked anew."""
_OPEN = frozenset({OccurrenceState.PLANNED, OccurrenceState.ISSUED})


@dataclass(frozen=True, slots=True)
class Entry:
    """An occurrence. clusters: who is to hear it; paused: who is meant and left in peace; marks: the worst first."""

    row: OccurrenceRow
    clusters: frozenset[str]
    paused: frozenset[str]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Days:
    """What lies at least partly in some days, first to last, and why it bears its marks.

    meets: occurrence → the airings it meets. arrivals: where its sound is not expected in time. needs: how much the
    worst off of its listeners loses. settled: those that meet and of which it was decided what becomes. cut: there are
    more than `MOST`.
    """

    ground: Ground
    entries: tuple[Entry, ...]
    silences: tuple[Silence, ...]
    meets: Mapping[str, Sequence[Overlap]]
    arrivals: Mapping[str, Arrival]
    needs: Mapping[str, Need]
    settled: frozenset[Two]
    cut: bool


@dataclass(frozen=True, slots=True)
class Timetable:
    """Looks at days of a place."""

    issuer: Issuer

    async def look(
        self, session: AsyncSession, ground: Ground, start: datetime, end: datetime, among: frozenset[str] | None = None
    ) -> Days:
        """What is heard in [start, end) in a place, by its own programme and that of those above; `among`: only what
        means one of these clusters. What another has taken the place of is left out.
        """
        path = ground.tree.path(ground.place.id)
        found = await rows.occurrences(session, path, start, end, MOST + 1)
        held = await quiet.load(session, ground, start, end)
        silences = tuple(each for each in held if among is None or not among.isdisjoint(each.clusters))
        taken = {row.replaces_id for row in found}
        shown = [row for row in found[:MOST] if row.id not in taken]
        airings = [each for each in self._airings(shown, ground, silences) if each.concerns(ground.place.id, among)]
        alive = [each for each in airings if each.row.state in _OPEN and each.row.ends_at > self.issuer.clock()]
        meets = in_play(overlaps(each.slot for each in airings if each.stands), among)
        settled = await self._settled(session, ground, [each.row for each in airings], meets)
        contents = await self.issuer.contents(session, {each.row.announcement_id for each in alive})
        bringing = Bringing(self.issuer)
        spoken = await self.issuer.devices.cluster_languages(session, ground.place.id)
        needs = _needs(ground, spoken, alive, contents)
        wanted = [_wanted(each) for each in alive if each.row.announcement_id in contents]
        arrivals = await bringing.arrivals(session, ground, wanted, contents, among)
        limits = Limits(ground.allowance)
        known = _Known(limits, contents, meets, settled, arrivals, needs, frozenset(each.row.id for each in alive))
        entries = tuple(Entry(each.row, each.slot.clusters, each.paused, known.marks(each)) for each in airings)
        return Days(ground, entries, silences, meets, arrivals, needs, settled, len(found) > MOST)

    async def _settled(
        self,
        session: AsyncSession,
        ground: Ground,
        found: Sequence[OccurrenceRow],
        meets: Mapping[str, Sequence[Overlap]],
    ) -> frozenset[Two]:
        """Of equals that meet those that somebody decided about, so that it holds as they meet now."""
        equals = {(each.first, each.second) for met in meets.values() for each in met if each.wins is None}
        decisions = await decision_rows.of_place(session, ground.place.id) if equals else []
        if not decisions:
            return frozenset()
        named = {name for two in equals for name in two}
        known = {row.id: (row, side_of(row, ground)) for row in found if row.id in named}
        return frozenset(two for two in equals if _is_settled(known[two[0]], known[two[1]], decisions, ground))

    async def ground(self, session: AsyncSession, place_id: str) -> Ground:
        """The place with everything below it. Raises NotFound("schedules.place_unknown")."""
        return await grounds.load(session, self.issuer.devices, place_id)

    def _airings(
        self, found: Sequence[OccurrenceRow], ground: Ground, silences: Sequence[Silence]
    ) -> Iterable["_Airing"]:
        for row, slot in zip(found, slots_of(found, ground), strict=True):
            out = slot.clusters.intersection(row.paused)
            if silences:
                out |= silent(slot, silences)
            yield _Airing(row, replace(slot, clusters=slot.clusters - out) if out else slot, out)


_Sided = tuple[OccurrenceRow, Side]


@dataclass(frozen=True, slots=True)
class _Airing:
    """A row with its slot, which is less those who are paused."""

    row: OccurrenceRow
    slot: Slot
    paused: frozenset[str]

    @property
    def stands(self) -> bool:
        """Whether it is still to be heard by somebody."""
        return self.row.state in _OPEN and bool(self.slot.clusters)

    def concerns(self, place_id: str, among: frozenset[str] | None) -> bool:
        """Whether it means one of these; whoever looks at all of a place sees its own also when nobody is left."""
        if among is None:
            own = self.row.emergency_id is None and self.row.place_id == place_id
            return own or bool(self.slot.clusters or self.paused)
        return not (among.isdisjoint(self.slot.clusters) and among.isdisjoint(self.paused))


@dataclass(frozen=True, slots=True)
class _Known:
    """All that marks follow from."""

    limits: Limits
    contents: Mapping[str, Content]
    meets: Mapping[str, Sequence[Overlap]]
    settled: frozenset[Two]
    arrivals: Mapping[str, Arrival]
    needs: Mapping[str, Need]
    alive: frozenset[str]

    def marks(self, airing: _Airing) -> tuple[Mark, ...]:
        row = airing.row
        if row.state is OccurrenceState.CANCELLED and row.off is Off.UNFIT and row.reason != PAUSED:
            return (Mark.NOT_PERMITTED,)
        if row.id not in self.alive or not airing.slot.clusters:
            return ()
        content = self.contents.get(row.announcement_id or "")
        arrival = self.arrivals.get(row.id)
        marks = of_meeting(row.id, self.meets[row.id], self.settled) if row.id in self.meets else set[Mark]()
        said = (
            (Mark.NOT_PERMITTED, not self.limits.permits(airing.slot)),
            (Mark.NOT_APPROVED, content is not None and row.state is OccurrenceState.PLANNED and not content.may_air),
            (Mark.NOT_IN_TIME, arrival is not None and arrival.late > 0),
            (Mark.LANGUAGE, self.needs.get(row.id, Need.FURTHER) < Need.FURTHER),
            (Mark.LOUD, self.limits.loud(airing.slot)),
        )
        return in_order(marks.union(mark for mark, holds in said if holds))


def _is_settled(one: _Sided, other: _Sided, decisions: Sequence[Decision], ground: Ground) -> bool:
    day = local_day(one[0].start_at, ground.rules.zone)
    word = decided(decisions, Pair.of(one[1], other[1]), day)
    return word is not None and word.choice in HOLDS


def _wanted(airing: _Airing) -> Wanted:
    row = airing.row
    return Wanted(row.id, row.announcement_id or "", row.start_at, row.play_class, airing.slot.clusters)


def _needs(
    ground: Ground,
    spoken: Mapping[str, Sequence[str]],
    alive: Sequence[_Airing],
    contents: Mapping[str, Content],
) -> dict[str, Need]:
    """Occurrence → how much the worst off of its listeners loses; those that lack nothing are left out."""
    villages = {cluster.id: ground.places[cluster.village_id] for cluster in ground.clusters}
    items = {name: _languages(content) for name, content in contents.items()}
    known: dict[tuple[frozenset[frozenset[str]], frozenset[str]], Need | None] = {}
    found: dict[str, Need] = {}
    for each in alive:
        key = items.get(each.row.announcement_id or "", frozenset()), each.slot.clusters
        if key not in known:
            heard = ((villages[cluster], spoken.get(cluster, ())) for cluster in each.slot.clusters)
            known[key] = worst_need(heard, key[0])
        need = known[key]
        if need is not None:
            found[each.row.id] = need
    return found


def _languages(content: Content) -> frozenset[frozenset[str]]:
    """The languages of an announcement, or of each item of a session; its identification tells nothing."""
    if content.composition is None:
        ids = {content.announcement.id}
    else:
        ids = {item.announcement_id for item in content.composition.items if isinstance(item, Item)}
    return frozenset(frozenset(version.language for version in content.versions.get(each, ())) for each in ids)
