"""Who waits for whom, and how long, by the decisions on airings that meet (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from schedules.airtime import local_day
from schedules.conflicts import Overlap, Slot, overlaps
from schedules.decisions import Choice, Decision, Pair, Side, decided
from schedules.outcomes import MAX_LATE
from schedules.resolving import SPARE

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Party:
    """An airing that may meet others: where it sounds, and what decisions know it by."""

    slot: Slot
    side: Side


@dataclass(frozen=True, slots=True)
class Wish:
    """What an order says of an airing that waits. turn: its place among equals. late_s: how late it may begin."""

    turn: int
    late_s: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two airings that meet, and the word that holds for them, if there is one."""

    overlap: Overlap
    pair: Pair
    decision: Decision | None


def meetings(parties: Mapping[str, Party], decisions: Iterable[Decision], zone: ZoneInfo) -> list[Meeting]:
    """Every two that meet, in order of time. `parties`: by occurrence."""
    known = tuple(decisions)
    found = []
    for each in overlaps(party.slot for party in parties.values()):
        first, second = parties[each.first], parties[each.second]
        pair = Pair.of(first.side, second.side)
        day = local_day(first.slot.start, zone)
        found.append(Meeting(each, pair, decided(known, pair, day)))
    return found


def wishes(parties: Mapping[str, Party], met: Iterable[Meeting]) -> dict[str, Wish]:
    """Occurrence → what the decisions ask of it; those nothing is asked of are left out."""
    ahead: dict[str, set[str]] = {}
    for meeting in met:
        decision = meeting.decision
        if decision is not None and decision.choice is Choice.QUEUE_AFTER:
            yields, other = _sides(meeting, parties, decision.yields)
            ahead.setdefault(yields, set()).add(other)
    queue = _Queue({name: party.slot for name, party in parties.items()}, ahead)
    found = {name: queue.wish(name) for name in ahead}
    return {name: wish for name, wish in found.items() if wish is not None}


def _sides(meeting: Meeting, parties: Mapping[str, Party], yields: str) -> tuple[str, str]:
    """Who yields and to whom; where a plan meets itself, the later of the two."""
    first, second = meeting.overlap.first, meeting.overlap.second
    return (first, second) if parties[first].side.plan == yields != parties[second].side.plan else (second, first)


class _Queue:
    """Who waits for whom: one that waits for another that waits begins after both."""

    def __init__(self, slots: Mapping[str, Slot], ahead: Mapping[str, set[str]]) -> None:
        self._slots = slots
        self._ahead = ahead

    def wish(self, name: str) -> Wish | None:
        """None: it would wait longer than an order can say."""
        turn, begins = self._place(name, frozenset())
        late = begins - self._slots[name].start
        return Wish(turn, ceil(late / _SECOND)) if late <= MAX_LATE else None

    def _place(self, name: str, asked: frozenset[str]) -> tuple[int, datetime]:
        """Its turn and when it begins. Decisions in a circle wait for nobody twice."""
        turn, begins = 0, self._slots[name].start
        for before in sorted(self._ahead.get(name, set()) - asked):
            turns, at = self._place(before, asked | {name})
            turn = max(turn, turns + 1)
            begins = max(begins, at + self._slots[before].lasts + SPARE)
        return turn, begins
