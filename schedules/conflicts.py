"""Airings that would sound in the same clusters at the same time (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """An airing's time and the clusters meant by it."""

    occurrence: str
    start: datetime
    end: datetime
    play_class: int
    clusters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two airings that meet. `wins`: the one of higher class, which pre-empts the other; None among equals."""

    first: str
    second: str
    start: datetime
    end: datetime
    clusters: frozenset[str]
    wins: str | None


def overlaps(slots: Iterable[Slot]) -> list[Overlap]:
    """Every pair that shares time and clusters, in order of time. Touching ends are no overlap."""
    found: list[Overlap] = []
    open_slots: list[Slot] = []
    for slot in sorted(slots, key=lambda each: (each.start, each.occurrence)):
        open_slots = [earlier for earlier in open_slots if earlier.end > slot.start]
        found += [_overlap(earlier, slot) for earlier in open_slots if earlier.clusters & slot.clusters]
        open_slots.append(slot)
    return found


def _overlap(first: Slot, second: Slot) -> Overlap:
    wins: str | None = None
    if first.play_class != second.play_class:
        wins = max(first, second, key=lambda slot: slot.play_class).occurrence
    shared = first.clusters & second.clusters
    return Overlap(first.occurrence, second.occurrence, second.start, min(first.end, second.end), shared, wins)
