"""A schedule as it is planned: its rule, what sounds for whom, and the single airings that differ from it (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from base.errors import Refused
from devices.wire.audience import Audience
from devices.wire.orders import AfterPreemption
from schedules.recurrence import MAX_PICKS, Pick, Rule, parse_time
from schedules.recurrence.times import moment

_MINUTE = timedelta(minutes=1)
STALE_S = (60, 86_400)
"""The shortest and the longest that may be said; the longest is what an order can carry."""


@dataclass(frozen=True, slots=True)
class Preempted:
    """What becomes of an airing that has to give way. Raises Refused("schedules.stale_wrong").

    stale_s: how long after its beginning it may still be taken up again; None: `dispatch.MARGIN`.
    """

    then: AfterPreemption = AfterPreemption.RESUME
    stale_s: int | None = None

    def __post_init__(self) -> None:
        least, most = STALE_S
        if self.stale_s is not None and not least <= self.stale_s <= most:
            raise Refused("schedules.stale_wrong", least=least // 60, most=most // 60)


@dataclass(frozen=True, slots=True)
class Override:
    """One airing that differs from the rule (RECURRENCE-ID). None: as the plan says. start: its time instead, in UTC.

    at: the local day and time the rule gives it, which stays its name when it is moved again.
    """

    at: Pick
    start: datetime | None = None
    announcement: str | None = None
    audience: Audience | None = None
    volume: int | None = None
    preempted: Preempted | None = None

    @property
    def is_empty(self) -> bool:
        return (self.start, self.announcement, self.audience, self.volume, self.preempted) == (None,) * 5


@dataclass(frozen=True, slots=True)
class Planned:
    """One airing of a plan. original: the moment its rule gives it; with the plan's id it names the airing for good."""

    plan: str
    original: datetime
    start: datetime
    announcement: str
    audience: Audience
    volume: int
    preempted: Preempted = Preempted()


@dataclass(frozen=True)
class Plan:
    """When an announcement is heard, by whom, how loud. Raises Refused: volume_wrong, days_count.

    since, until: the part of its rule that is this plan's, [since, until); a plan that was split at an airing goes on
    as another one with the same rule. Overrides stand wherever the rule has them, whatever the part.
    """

    id: str
    rule: Rule
    announcement: str
    audience: Audience = field(default_factory=Audience)
    volume: int = 80
    overrides: tuple[Override, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    preempted: Preempted = Preempted()

    def __post_init__(self) -> None:
        if not 0 <= self.volume <= 100:
            raise Refused("schedules.volume_wrong")
        if len(self.overrides) > MAX_PICKS:
            raise Refused("schedules.days_count", limit=MAX_PICKS)

    @property
    def zone(self) -> ZoneInfo:
        return self.rule.zone

    def airings(self, start: datetime, end: datetime) -> list[Planned]:
        """Those that begin in [start, end), in order of time."""
        if not self.overrides:
            return [self._planned(at, None) for at in self.originals(start, end)]
        own = {self.moment_of(override.at): override for override in self.overrides}
        plain = (at for at in self.originals(start, end) if at not in own)
        kept = (pair for pair in own.items() if start <= self._start(*pair) < end and self._has(pair[0]))
        found = [*(self._planned(at, None) for at in plain), *(self._planned(*pair) for pair in kept)]
        return sorted(found, key=lambda each: (each.start, each.original))

    def find(self, original: datetime) -> Planned | None:
        """The airing of that name."""
        override = next((each for each in self.overrides if self.moment_of(each.at) == original), None)
        if override is not None:
            return self._planned(original, override) if self._has(original) else None
        return self._planned(original, None) if original in self.originals(original, original + _MINUTE) else None

    def originals(self, start: datetime, end: datetime) -> list[datetime]:
        """The moments of its rule in [start, end) that are this plan's."""
        low = start if self.since is None else max(start, self.since)
        high = end if self.until is None else min(end, self.until)
        return self.rule.expand(low, high) if low < high else []

    def first(self, after: datetime | None = None) -> datetime | None:
        """The first moment of its rule, at or after `after`, that is this plan's."""
        bounds = [bound for bound in (after, self.since) if bound is not None]
        at = self.rule.first(max(bounds, default=self.rule.begins()))
        return None if at is None or (self.until is not None and at >= self.until) else at

    def moment_of(self, pick: Pick) -> datetime:
        """The moment of a local day and time."""
        return moment(pick.day, parse_time(pick.time), self.zone)

    def pick_of(self, at: datetime) -> Pick:
        """The local day and time of a moment."""
        local = at.astimezone(self.zone)
        return Pick(local.date(), f"{local:%H:%M}")

    def _has(self, original: datetime) -> bool:
        return original in self.rule.expand(original, original + _MINUTE)

    def _start(self, original: datetime, override: Override) -> datetime:
        return override.start or original

    def _planned(self, original: datetime, override: Override | None) -> Planned:
        if override is None:
            return Planned(self.id, original, original, self.announcement, self.audience, self.volume, self.preempted)
        return Planned(
            plan=self.id,
            original=original,
            start=override.start or original,
            announcement=override.announcement or self.announcement,
            audience=self.audience if override.audience is None else override.audience,
            volume=self.volume if override.volume is None else override.volume,
            preempted=override.preempted or self.preempted,
        )


def airings(plans: Iterable[Plan], start: datetime, end: datetime) -> list[Planned]:
    """Those of several plans, in order of time."""
    found = (airing for plan in plans for airing in plan.airings(start, end))
    return sorted(found, key=attrgetter("start", "plan", "original"))


def heard(plans: Iterable[Plan], start: datetime, end: datetime) -> list[tuple[datetime, str, Audience, int]]:
    """What people hear of plans in [start, end), whatever the plans are called."""
    found = [(each.start, each.announcement, each.audience, each.volume) for each in airings(plans, start, end)]
    return sorted(found, key=lambda line: (line[0], line[1], repr(line[2]), line[3]))
