"""Airings that would sound in the same clusters, or be sent by the same transmitter, at the same time (pure).

A transmitter carries one programme at a time: two airings for different wireless clusters behind it meet there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from devices.wire.orders import PlayClass


@dataclass(frozen=True, slots=True)
class Slot:
    """An airing's time, the clusters meant by it, and the gateways that would transmit it.

    volume: percent. actual: False for a drill or a test.
    """

    occurrence: str
    start: datetime
    end: datetime
    play_class: int
    clusters: frozenset[str]
    transmitters: frozenset[str] = frozenset()
    volume: int = 80
    actual: bool = True

    @property
    def lasts(self) -> timedelta:
        return self.end - self.start

    @property
    def any_hour(self) -> bool:
        """Whether neither hours nor limits nor pauses bind it: only the real emergency, for an exercise can wait."""
        return self.actual and self.play_class >= PlayClass.EMERGENCY

    def meets(self, other: "Slot") -> bool:
        """Whether both would sound at once, to the same ears. Touching ends do not meet."""
        return self.start < other.end and other.start < self.end and share_ears(self, other)

    def at(self, start: datetime) -> "Slot":
        """The same airing at another time."""
        return replace(self, start=start, end=start + self.lasts)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two airings that meet, in clusters they share or on transmitters that are asked for both.

    wins: the one of higher class, which pre-empts the other; None among equals.
    """

    first: str
    second: str
    start: datetime
    end: datetime
    clusters: frozenset[str]
    wins: str | None
    transmitters: frozenset[str] = frozenset()


def overlaps(slots: Iterable[Slot]) -> list[Overlap]:
    """Every pair that shares time and clusters, in order of time. Touching ends are no overlap."""
    found: list[Overlap] = []
    open_slots: list[Slot] = []
    for slot in sorted(slots, key=lambda each: (each.start, each.occurrence)):
        open_slots = [earlier for earlier in open_slots if earlier.end > slot.start]
        found += [_overlap(earlier, slot) for earlier in open_slots if share_ears(earlier, slot)]
        open_slots.append(slot)
    return found


def share_ears(first: Slot, second: Slot) -> bool:
    """Whether two airings cannot sound at once: a cluster is meant by both, or a transmitter is asked for both."""
    apart = first.clusters.isdisjoint(second.clusters) and first.transmitters.isdisjoint(second.transmitters)
    return not apart


def _overlap(first: Slot, second: Slot) -> Overlap:
    wins: str | None = None
    if first.play_class != second.play_class:
        wins = max(first, second, key=lambda slot: slot.play_class).occurrence
    return Overlap(
        first=first.occurrence,
        second=second.occurrence,
        start=second.start,
        end=min(first.end, second.end),
        clusters=first.clusters & second.clusters,
        wins=wins,
        transmitters=first.transmitters & second.transmitters,
    )
