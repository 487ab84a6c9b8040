"""What people would hear otherwise than before: airings before a change and after it, laid side by side (pure)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from devices.wire.audience import Audience
from schedules.plans import Preempted


@dataclass(frozen=True, slots=True)
class Aired:
    """One airing as people hear it. ordered: the speakers have it already, which changes nothing of what is heard."""

    start: datetime
    title: str
    announcement: str
    audience: Audience
    volume: int
    preempted: Preempted
    ordered: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """before None: it is new; after None: it is no longer heard; both: the one becomes the other."""

    before: Aired | None
    after: Aired | None

    @property
    def at(self) -> datetime:
        """Where it stands in a list."""
        one = self.after or self.before
        assert one is not None
        return one.start


def differences(before: Iterable[Aired], after: Iterable[Aired], zone: ZoneInfo) -> tuple[Difference, ...]:
    """What differs, in order of time. What goes and what comes on one local day is taken for the same airing, in turn;
    a single one that goes and a single one that comes are, wherever they lie.
    """
    was, now = list(before), list(after)
    gone, new = _without(was, now), _without(now, was)
    pairs = _pairs(gone, new) if len(gone) == len(new) == 1 else _pairs_by_day(gone, new, zone)
    return tuple(sorted(pairs, key=lambda each: each.at))


def _without(some: Sequence[Aired], others: Sequence[Aired]) -> list[Aired]:
    """Those that the others do not have; each of the others stands for one."""
    left = Counter(others)
    found: list[Aired] = []
    for each in sorted(some, key=lambda one: one.start):
        if left[each] > 0:
            left[each] -= 1
        else:
            found.append(each)
    return found


def _pairs_by_day(gone: Sequence[Aired], new: Sequence[Aired], zone: ZoneInfo) -> list[Difference]:
    days = sorted({_day(each, zone) for each in (*gone, *new)})
    return [
        pair
        for day in days
        for pair in _pairs([each for each in gone if _day(each, zone) == day], [e for e in new if _day(e, zone) == day])
    ]


def _pairs(gone: Sequence[Aired], new: Sequence[Aired]) -> list[Difference]:
    both = min(len(gone), len(new))
    paired = [Difference(was, now) for was, now in zip(gone, new, strict=False)]
    lost = [Difference(each, None) for each in gone[both:]]
    return [*paired, *lost, *(Difference(None, each) for each in new[both:])]


def _day(aired: Aired, zone: ZoneInfo) -> date:
    return aired.start.astimezone(zone).date()
