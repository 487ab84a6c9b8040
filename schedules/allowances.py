"""What a commune permits beyond its hours: blocks, minutes, volume by hour, and the events that lift a rule (pure).

Rules differ by province (Hà Nội: 2 blocks a day of 15 minutes; Vĩnh Phúc: 3 of 45, relays included), so each is kept
with its name and its source. Actual emergencies are never asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from base.errors import Refused
from schedules.airtime import BLOCK_GAP, local_day
from schedules.policy import Rules

MAX_RULES = 24
"""Limits, and caps, of one commune."""
MAX_EVENTS = 100
NAME_LENGTH = 120
MAX_GAP = timedelta(hours=2)


class Kind(StrEnum):
    """What a rule counts."""

    HOURS = "hours"
    BLOCKS = "blocks"
    """Blocks that begin on a local day."""
    BLOCK_MINUTES = "block_minutes"
    """From a block's first beginning to its last end."""
    DAY_MINUTES = "day_minutes"
    """Sound that begins on a local day."""
    VOLUME = "volume"


MOST = {Kind.BLOCKS: 48, Kind.BLOCK_MINUTES: 1_440, Kind.DAY_MINUTES: 1_440}
"""The greatest figure a limit may name."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many blocks, or minutes. source: the decision that says so. Raises Refused("…policy_wrong")."""

    kind: Kind
    most: int
    name: str
    source: str

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST.get(self.kind, 0):
            raise Refused("schedules.policy_wrong", part=f"{self.kind} {self.most}"[:80])
        _check_words(self.name, self.source)


@dataclass(frozen=True, slots=True)
class VolumeCap:
    """In the hours of `when`, nothing louder than its `volume_max`, by its source."""

    name: str
    when: Rules

    def __post_init__(self) -> None:
        if not 0 <= self.when.volume_max <= 100 or not self.when.spans:
            raise Refused("schedules.policy_wrong", part=f"{Kind.VOLUME} {self.when.volume_max}"[:80])
        _check_words(self.name, self.when.source)

    def holds(self, start: datetime, end: datetime) -> bool:
        """Whether any of the time lies in its hours."""
        return any(low < end and start < high for low, high in self.when.open_around(start))


@dataclass(frozen=True, slots=True)
class Event:
    """A named occasion, from first to last local day inclusive, that lifts rules. hours: others instead of none."""

    name: str
    first_day: date
    last_day: date
    lifts: frozenset[Kind]
    source: str
    hours: Rules | None = None

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise Refused("schedules.days_reversed", first_day=str(self.first_day), last_day=str(self.last_day))
        _check_words(self.name, self.source)

    def is_on(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Allowance:
    """The whole policy of a commune. block_gap: airings no further apart are one block."""

    hours: Rules
    limits: tuple[Limit, ...] = ()
    caps: tuple[VolumeCap, ...] = ()
    events: tuple[Event, ...] = ()
    block_gap: timedelta = BLOCK_GAP

    def __post_init__(self) -> None:
        counts = {"limits": len(self.limits), "caps": len(self.caps)}
        too_many = [name for name, count in counts.items() if count > MAX_RULES]
        if too_many or len(self.events) > MAX_EVENTS:
            raise Refused("schedules.policy_wrong", part=(too_many or ["events"])[0])
        if not timedelta() <= self.block_gap <= MAX_GAP:
            raise Refused("schedules.policy_wrong", part=f"block_gap {self.block_gap}"[:80])

    def on(self, day: date) -> "Allowance":
        """What holds on a local day: the same without what that day's events lift."""
        today = [event for event in self.events if event.is_on(day)]
        if not today:
            return self
        lifted = frozenset[Kind]().union(*(event.lifts for event in today))
        return replace(
            self,
            hours=self._hours(today),
            limits=tuple(limit for limit in self.limits if limit.kind not in lifted),
            caps=() if Kind.VOLUME in lifted else self.caps,
        )

    def at(self, moment: datetime) -> "Allowance":
        """What holds for an airing that begins then."""
        return self.on(local_day(moment, self.hours.zone))

    def volume_at(self, start: datetime, end: datetime) -> int:
        """The loudest an airing may be, in percent."""
        today = self.at(start)
        caps = [cap.when.volume_max for cap in today.caps if cap.holds(start, end)]
        return min([today.hours.volume_max, *caps])

    def _hours(self, today: Iterable[Event]) -> Rules:
        lifting = [event for event in today if Kind.HOURS in event.lifts]
        if not lifting:
            return self.hours
        spans = [event.hours.spans for event in lifting if event.hours is not None]
        # Of several the widest holds; one without hours of its own permits every hour.
        every = len(spans) < len(lifting) or () in spans
        joined = () if every else tuple(sorted({span for each in spans for span in each}))
        return replace(self.hours, spans=joined, source=lifting[0].source)


def _check_words(name: str, source: str) -> None:
    """A rule nobody can look up would be a surprise to whoever meets it."""
    for words in (name, source):
        if not 1 <= len(words.strip()) <= NAME_LENGTH:
            raise Refused("schedules.policy_wrong", part=words[:80])
