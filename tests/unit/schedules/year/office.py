"""The server of the simulated year: occurrence rows kept equal to the plans, orders written, replaced exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import count

from schedules.conflicts import Slot
from schedules.copying import name_of
from schedules.pauses import Affected, Remedy, Silence, affected, less_silent
from schedules.plans import Plan, Planned, airings
from schedules.violations import check
from tests.unit.schedules.year.ground import POLICY, slot_of
from tests.unit.schedules.year.speakers import Speakers

HORIZON, ISSUED_AHEAD = timedelta(days=10), timedelta(days=5)


class State(Enum):
    PLANNED = 1
    ISSUED = 2
    NOT_PERMITTED = 3


@dataclass(slots=True)
class Row:
    airing: Planned
    slot: Slot
    occurrence: int
    state: State = State.PLANNED


@dataclass(slots=True)
class Office:
    """Holds nothing but rows, so that a restart at any moment changes nothing."""

    speakers: Speakers
    rows: dict[str, Row] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def tick(self, plans: Mapping[str, Plan], silences: Sequence[Silence], now: datetime) -> None:
        """Bring the rows up to the horizon, and issue what is near."""
        wanted = {name_of(each): each for each in airings(plans.values(), now, now + HORIZON) if each.start > now}
        for name in [name for name, row in self.rows.items() if row.airing.start > now]:
            if wanted.get(name) != self.rows[name].airing:
                self._withdraw(self.rows.pop(name))
        new = [name for name in wanted if name not in self.rows]
        for name in new:
            self.rows[name] = Row(wanted[name], slot_of(wanted[name]), next(self._numbers))
        for name in self._not_permitted(new, now):
            self.rows[name].state = State.NOT_PERMITTED
        for row in self.rows.values():
            if row.state is State.PLANNED and row.airing.start <= now + ISSUED_AHEAD:
                self._issue(row, less_silent(row.slot, silences).clusters)

    def paused(self, before: Sequence[Silence], after: Sequence[Silence], now: datetime) -> None:
        """Carry a change of pauses to what was issued."""
        issued = {name: row for name, row in self.rows.items() if row.state is State.ISSUED and row.slot.end > now}
        for change in affected(before, after, [row.slot for row in issued.values()], now):
            self._remedy(issued[change.occurrence], change)

    def permits(self, plans: Mapping[str, Plan], changed: set[str], now: datetime) -> bool:
        """Whether the policy forbids nothing that these plans bring within the horizon."""
        ahead = airings(plans.values(), now - timedelta(days=1), now + HORIZON)
        new = {name_of(each) for each in ahead if each.plan in changed and each.start > now}
        kept = [each for each in ahead if self._stands(name_of(each))]
        return not any(each.occurrence in new for each in check(map(slot_of, kept), POLICY, new))

    def _stands(self, name: str) -> bool:
        return name not in self.rows or self.rows[name].state is not State.NOT_PERMITTED

    def _not_permitted(self, new: Sequence[str], now: datetime) -> set[str]:
        if not new:
            return set()
        low = now - timedelta(days=2)
        around = [row.slot for name, row in self.rows.items() if row.airing.start > low and self._stands(name)]
        return {each.occurrence for each in check(around, POLICY, new)}

    def _issue(self, row: Row, clusters: frozenset[str]) -> None:
        row.state = State.ISSUED
        self.speakers.play(row.occurrence, row.slot.occurrence, row.airing.start, clusters)

    def _withdraw(self, row: Row) -> None:
        if row.state is State.ISSUED:
            self.speakers.cancel(row.occurrence, row.slot.clusters)

    def _remedy(self, row: Row, change: Affected) -> None:
        match change.remedy:
            case Remedy.LEAVE_OUT:
                self.speakers.cancel(row.occurrence, change.newly_silent)
            case Remedy.CALL_OFF:
                self.speakers.cancel(row.occurrence, row.slot.clusters)
            case Remedy.REPLACE:
                self.speakers.cancel(row.occurrence, row.slot.clusters)
                row.occurrence = next(self._numbers)
                self._issue(row, change.left)
