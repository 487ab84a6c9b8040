"""What must be done so that the occurrence rows are those of the plans: each airing once, whatever changed (pure).

A row whose airing begins now or began is never touched, and its name never begins again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.models import OccurrenceState, Off
from schedules.plans import Planned, Preempted

Name = tuple[str, datetime]
"""(plan, original): what an airing is called for good."""

MAX_STEP = timedelta(hours=1)
"""How far a clock may be off before somebody is told, and the clock believed."""


@dataclass(frozen=True, slots=True)
class Present:
    """A row as it is kept. generation: how often its airing was replaced. off: of a cancelled one, why."""

    id: str
    airing: Planned
    state: OccurrenceState
    generation: int = 0
    off: Off = Off.BY_PERSON


@dataclass(frozen=True, slots=True)
class Renamed:
    """A row that stays as it is and belongs to another airing now, or (`Alignment.rewrite`) says something else."""

    id: str
    airing: Planned


@dataclass(frozen=True, slots=True)
class Added:
    """A row to be written. replaces: the row whose place it takes; what that one had issued is cancelled with it."""

    airing: Planned
    generation: int = 0
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """Everything to be done, each row named once.

    rename: heard just the same, under the name of the plan that goes on; speakers need to know nothing. rewrite: not
    issued yet, so the row is changed. replace: with the speakers, so it is cancelled and written anew. call_off: no
    longer wanted; cancelled where it was issued.
    """

    add: tuple[Added, ...] = ()
    rename: tuple[Renamed, ...] = ()
    rewrite: tuple[Renamed, ...] = ()
    replace: tuple[Added, ...] = ()
    call_off: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.add or self.rename or self.rewrite or self.replace or self.call_off)


def planning_now(clock: datetime, *seen: datetime) -> datetime:
    """The moment to plan by: never behind what was planned by, nor behind the start of what a receipt says has begun.

    With a server's clock that is slow, an airing that was heard would else be changed as if it were still to come, and
    heard again. `seen` is believed up to `MAX_STEP` ahead: one wild clock must not stop all planning.
    """
    return max(clock, min(max(seen, default=clock), clock + MAX_STEP))


def align(present: Iterable[Present], wanted: Iterable[Planned], now: datetime) -> Alignment:
    """Compare the rows, in whatever state, with the airings the plans ask for in a window.

    `present`: the rows that begin in the window, and those of the same names wherever they begin.
    """
    latest = _latest(present)
    ahead = {_name(airing): airing for airing in wanted if airing.start > now}
    open_rows = {
        name: row
        for name, row in latest.items()
        if row.airing.start > now and row.state in {OccurrenceState.PLANNED, OccurrenceState.ISSUED}
    }
    gone = [row for name, row in open_rows.items() if name not in ahead]
    new = [airing for name, airing in ahead.items() if name not in latest]
    renamed = _renamed(gone, new)
    kept = {each.id for each in renamed}
    taken = {_name(each.airing) for each in renamed}
    changed = [(open_rows[name], airing) for name, airing in ahead.items() if name in open_rows]
    changed = [(row, airing) for row, airing in changed if row.airing != airing]
    return Alignment(
        add=(*(Added(airing) for airing in new if _name(airing) not in taken), *_back(latest, ahead, now)),
        rename=renamed,
        rewrite=tuple(Renamed(row.id, airing) for row, airing in changed if row.state is OccurrenceState.PLANNED),
        replace=tuple(
            Added(airing, row.generation + 1, row.id) for row, airing in changed if row.state is OccurrenceState.ISSUED
        ),
        call_off=tuple(row.id for row in gone if row.id not in kept),
    )


def _name(airing: Planned) -> Name:
    return airing.plan, airing.original


def _latest(present: Iterable[Present]) -> dict[Name, Present]:
    """The last generation of each airing."""
    found: dict[Name, Present] = {}
    for row in present:
        name = _name(row.airing)
        if name not in found or row.generation > found[name].generation:
            found[name] = row
    return found


def _back(latest: dict[Name, Present], ahead: dict[Name, Planned], now: datetime) -> tuple[Added, ...]:
    """What was called off before it began, and is to be heard after all."""
    return tuple(
        Added(ahead[name], row.generation + 1, row.id)
        for name, row in latest.items()
        if row.state is OccurrenceState.CANCELLED
        and row.airing.start > now
        and name in ahead
        and (row.off is Off.NOT_WANTED or (row.off is Off.UNFIT and ahead[name] != row.airing))
    )


def _renamed(gone: Iterable[Present], new: Iterable[Planned]) -> tuple[Renamed, ...]:
    """Airings that go on under another plan's name and are heard just the same."""
    waiting = {_heard(airing): airing for airing in new}
    found = ((row, waiting.pop(_heard(row.airing), None)) for row in gone)
    return tuple(Renamed(row.id, airing) for row, airing in found if airing is not None)


def _heard(airing: Planned) -> tuple[datetime, str, str, int, Preempted]:
    return airing.start, airing.announcement, repr(airing.audience), airing.volume, airing.preempted
