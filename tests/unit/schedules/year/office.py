"""The server of the simulated year: occurrence rows kept equal to the plans, orders written, replaced exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from schedules.aligning import Alignment, Present, align
from schedules.conflicts import Slot
from schedules.copying import name_of
from schedules.models import OccurrenceState as State
from schedules.models import Off
from schedules.pauses import Affected, Remedy, Silence, affected, less_silent
from schedules.plans import Plan, Planned, airings
from schedules.violations import check
from tests.unit.schedules.year.ground import POLICY, slot_of
from tests.unit.schedules.year.speakers import Speakers

HORIZON, ISSUED_AHEAD = timedelta(days=10), timedelta(days=5)


@dataclass(slots=True)
class Row:
    airing: Planned
    occurrence: int
    state: State = State.PLANNED
    generation: int = 0
    off: Off = Off.NOT_WANTED

    @property
    def name(self) -> str:
        return name_of(self.airing)

    @property
    def slot(self) -> Slot:
        return slot_of(self.airing)


@dataclass(slots=True)
class Office:
    """Holds nothing but rows, so that a restart at any moment changes nothing."""

    speakers: Speakers
    rows: dict[int, Row] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def tick(self, plans: Mapping[str, Plan], silences: Sequence[Silence], now: datetime) -> None:
        """Bring the rows up to the horizon, and issue what is near."""
        wanted = airings(plans.values(), now, now + HORIZON)
        present = [Present(str(r.occurrence), r.airing, r.state, r.generation, r.off) for r in self.rows.values()]
        new = self._carry_out(align(present, wanted, now))
        for row in self._not_permitted(new, now):
            self._call_off(row, Off.UNFIT)
        for row in self.rows.values():
            if row.state is State.PLANNED and now < row.airing.start <= now + ISSUED_AHEAD:
                self._issue(row, less_silent(row.slot, silences).clusters)

    def _carry_out(self, needed: Alignment) -> list[Row]:
        """Give the rows that are new or say something new."""
        new: list[Row] = []
        for renamed in needed.rename:
            self.rows[int(renamed.id)].airing = renamed.airing
        for rewritten in needed.rewrite:
            self.rows[int(rewritten.id)].airing = rewritten.airing
            new.append(self.rows[int(rewritten.id)])
        for gone in needed.call_off:
            self._call_off(self.rows[int(gone)])
        for added in (*needed.add, *needed.replace):
            if added.replaces is not None:
                self._call_off(self.rows[int(added.replaces)])
            row = Row(added.airing, next(self._numbers), generation=added.generation)
            self.rows[row.occurrence] = row
            new.append(row)
        return new

    def paused(self, before: Sequence[Silence], after: Sequence[Silence], now: datetime) -> None:
        """Carry a change of pauses to what was issued."""
        issued = {row.name: row for row in self.rows.values() if row.state is State.ISSUED and row.slot.end > now}
        for change in affected(before, after, [row.slot for row in issued.values()], now):
            self._remedy(issued[change.occurrence], change)

    def permits(self, plans: Mapping[str, Plan], changed: set[str], now: datetime) -> bool:
        """Whether the policy forbids nothing that these plans bring within the horizon."""
        ahead = airings(plans.values(), now - timedelta(days=1), now + HORIZON)
        new = {name_of(each) for each in ahead if each.plan in changed and each.start > now}
        off = self.unfit()
        kept = [slot_of(each) for each in ahead if name_of(each) not in off]
        return not any(each.occurrence in new for each in check(kept, POLICY, new))

    def standing(self) -> dict[str, Row]:
        """The airings that are, or were, to be heard."""
        return {row.name: row for row in self.rows.values() if row.state is not State.CANCELLED}

    def unfit(self) -> set[str]:
        """The airings the policy did not let through."""
        found = {row.name for row in self.rows.values() if row.state is State.CANCELLED and row.off is Off.UNFIT}
        return found - self.standing().keys()

    def _not_permitted(self, new: Sequence[Row], now: datetime) -> list[Row]:
        if not new:
            return []
        around = {name: row for name, row in self.standing().items() if row.airing.start > now - timedelta(days=2)}
        found = check([row.slot for row in around.values()], POLICY, {row.name for row in new})
        return [around[each.occurrence] for each in found]

    def _issue(self, row: Row, clusters: frozenset[str]) -> None:
        row.state = State.ISSUED
        self.speakers.play(row.occurrence, row.airing.start, clusters)

    def _call_off(self, row: Row, off: Off = Off.NOT_WANTED) -> None:
        if row.state is State.ISSUED:
            self.speakers.cancel(row.occurrence, row.slot.clusters)
        row.state, row.off = State.CANCELLED, off

    def _remedy(self, row: Row, change: Affected) -> None:
        if change.remedy is Remedy.LEAVE_OUT:
            self.speakers.cancel(row.occurrence, change.newly_silent)
            return
        self.speakers.cancel(row.occurrence, row.slot.clusters)
        if change.remedy is Remedy.REPLACE:
            row.state = State.CANCELLED
            again = replace(row, occurrence=next(self._numbers), generation=row.generation + 1)
            self.rows[again.occurrence] = again
            self._issue(again, change.left)
