"""Pauses of villages, zones and clusters: who is silent when, what they miss, whom an order leaves out (pure).

An airing that a pause touches is not heard there at all: half a bulletin before a funeral helps nobody. Actual
emergencies are never paused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from base.errors import Refused
from devices.wire.audience import MAX_CLUSTERS, Audience, Listener
from devices.wire.orders import PlayClass
from schedules.conflicts import Slot

MAX_PAUSE = timedelta(days=92)
"""A longer one is no pause: the cluster is taken out of the schedules' audiences, or out of service."""
NOTE_LENGTH = 200


class Occasion(StrEnum):
    """Why it is to be silent."""

    FUNERAL = "funeral"
    WEDDING = "wedding"
    EXAM = "exam"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing up to a class is heard by those meant, from `start` up to but not including `end`. note: for people.

    Raises Refused: pause_reversed, pause_too_long, pause_wrong (`OTHER` needs a note; emergencies are not paused).
    """

    id: str
    whom: Audience
    start: datetime
    end: datetime
    occasion: Occasion
    who: str
    note: str = ""
    up_to: PlayClass = PlayClass.PRIORITY

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Refused("schedules.pause_reversed", start=self.start.isoformat(), end=self.end.isoformat())
        if self.end - self.start > MAX_PAUSE:
            raise Refused("schedules.pause_too_long", limit=MAX_PAUSE.days)
        unexplained = self.occasion is Occasion.OTHER and not self.note.strip()
        if unexplained or len(self.note) > NOTE_LENGTH or self.up_to > PlayClass.PRIORITY:
            raise Refused("schedules.pause_wrong", limit=NOTE_LENGTH)


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause with the clusters it means, as they are now."""

    pause: Pause
    clusters: frozenset[str]

    def touches(self, slot: Slot) -> bool:
        """Whether an airing would sound in its time. One whose length is not known yet counts by its beginning."""
        # An exercise is of the class of emergencies, but it can wait like any other.
        if slot.any_hour or min(slot.play_class, PlayClass.PRIORITY) > self.pause.up_to:
            return False
        start, end = self.pause.start, self.pause.end
        return start <= slot.start < end or (slot.start < end and start < slot.end)


class Remedy(StrEnum):
    """What is to be done about an order that was issued under other pauses."""

    CALL_OFF = "call_off"
    """Nobody is left: a cancel to everyone."""
    LEAVE_OUT = "leave_out"
    """A cancel to the newly silent alone; the others keep what they have."""
    REPLACE = "replace"
    """Somebody hears it again: what was cancelled cannot come back, so a cancel and a new occurrence."""


@dataclass(frozen=True, slots=True)
class Affected:
    """An airing whose audience is no longer what its order says. left: who is to hear it now."""

    occurrence: str
    newly_silent: frozenset[str]
    heard_again: frozenset[str]
    left: frozenset[str]

    @property
    def remedy(self) -> Remedy:
        if not self.left:
            return Remedy.CALL_OFF
        return Remedy.REPLACE if self.heard_again else Remedy.LEAVE_OUT


def placed(pauses: Iterable[Pause], listeners: Mapping[str, Listener]) -> tuple[Silence, ...]:
    """Each pause with its clusters, by the rule the speakers follow. listeners: cluster → what it knows of itself."""
    return tuple(
        Silence(pause, frozenset(name for name, listener in listeners.items() if pause.whom.includes(listener)))
        for pause in pauses
    )


def silent(slot: Slot, silences: Iterable[Silence]) -> frozenset[str]:
    """The clusters meant by an airing that do not hear it."""
    paused = (silence.clusters for silence in silences if silence.touches(slot))
    return slot.clusters & frozenset[str]().union(*paused)


def less_silent(slot: Slot, silences: Iterable[Silence]) -> Slot:
    """The airing for those who do hear it."""
    return replace(slot, clusters=slot.clusters - silent(slot, silences))


def missed(slots: Iterable[Slot], silences: Sequence[Silence]) -> dict[str, tuple[Slot, ...]]:
    """Cluster → the airings it misses, in order of time. Of one pause: give that one alone."""
    found: dict[str, list[Slot]] = {}
    for slot in sorted(slots, key=lambda each: (each.start, each.occurrence)):
        for cluster in sorted(silent(slot, silences)):
            found.setdefault(cluster, []).append(slot)
    return {cluster: tuple(each) for cluster, each in sorted(found.items())}


def without(audience: Audience, meant: frozenset[str], out: frozenset[str]) -> Audience | None:
    """The audience, which means the clusters `meant`, without some of them; None when nobody is left.

    Raises Refused("schedules.audience_too_long") when neither who is out nor who is left can be named in an order.
    """
    out &= meant
    if not out:
        return audience
    left = meant - out
    if not left:
        return None
    but = tuple(sorted({*audience.but, *out}))
    if len(but) <= min(MAX_CLUSTERS, max(len(left), len(audience.but) + 1)):
        return replace(audience, but=but)
    if len(left) > MAX_CLUSTERS:
        raise Refused("schedules.audience_too_long")
    return Audience(clusters=tuple(sorted(left)))


def affected(
    before: Sequence[Silence], after: Sequence[Silence], issued: Iterable[Slot], now: datetime
) -> tuple[Affected, ...]:
    """The issued airings that a change of pauses touches, in order of time.

    `issued` have all clusters meant, also those that were left out; what was called off because nobody was left belongs
    to them. One that has begun can only be ended: nobody hears the rest of it.
    """
    found: list[Affected] = []
    for slot in sorted(issued, key=lambda each: (each.start, each.occurrence)):
        if slot.end <= now and slot.start < now:
            continue
        was, now_silent = silent(slot, before), silent(slot, after)
        again = was - now_silent if slot.start > now else frozenset[str]()
        if now_silent - was or again:
            left = slot.clusters - now_silent - (was - again)
            found.append(Affected(slot.occurrence, now_silent - was, again, left))
    return tuple(found)
