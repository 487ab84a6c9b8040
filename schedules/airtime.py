"""Airings as people count them: who hears the same ones, what is one block, how long it sounds (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.conflicts import Slot

BLOCK_GAP = timedelta(minutes=5)
"""Airings that follow each other no further apart than this are one block, where a commune says nothing else."""
NEAR = timedelta(days=2)
"""Airings further apart share neither a local day nor a block, unless that goes on for more than a day."""


@dataclass(frozen=True, slots=True)
class Block:
    """Airings that follow each other, in order. It lasts from the first beginning to the last end, pauses included."""

    slots: tuple[Slot, ...]

    @property
    def start(self) -> datetime:
        return self.slots[0].start

    @property
    def end(self) -> datetime:
        return max(slot.end for slot in self.slots)

    @property
    def lasts(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Ears:
    """Clusters that hear the same airings."""

    clusters: frozenset[str]
    slots: tuple[Slot, ...]


def blocks(slots: Iterable[Slot], gap: timedelta = BLOCK_GAP) -> list[Block]:
    """The blocks of one listener, in order of time."""
    found: list[list[Slot]] = []
    end: datetime | None = None
    for slot in sorted(slots, key=lambda each: (each.start, each.end, each.occurrence)):
        if end is None or slot.start > end + gap:
            found.append([])
        found[-1].append(slot)
        end = slot.end if end is None else max(end, slot.end)
    return [Block(tuple(each)) for each in found]


def sounding(slots: Iterable[Slot]) -> timedelta:
    """How long at least one of them sounds."""
    return sum((each.lasts for each in blocks(slots, timedelta())), timedelta())


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day by the clock on the wall."""
    return at.astimezone(zone).date()


def ears(slots: Sequence[Slot]) -> list[Ears]:
    """The clusters of some airings, those together that hear the same ones; nobody's airings are left out."""
    groups: list[tuple[frozenset[str], set[frozenset[str]]]] = []
    for audience in dict.fromkeys(slot.clusters for slot in slots):
        rest = audience
        split: list[tuple[frozenset[str], set[frozenset[str]]]] = []
        for clusters, heard in groups:
            split += [(clusters & audience, heard | {audience}), (clusters - audience, heard)]
            rest -= clusters
        groups = [group for group in (*split, (rest, {audience})) if group[0]]
    return [Ears(clusters, tuple(slot for slot in slots if slot.clusters in heard)) for clusters, heard in groups]
