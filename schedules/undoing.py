"""The last change taken back, and one change of many plans at once, as values (pure)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from base.errors import Conflict, Refused
from schedules.plans import Plan, airings

MAX_BULK = 500
"""Plans one change may be for."""


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made: the plans it touched as they were, and as it left them; by whom and when."""

    before: tuple[Plan, ...]
    after: tuple[Plan, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Inverse:
    """What takes a change back: plans to put back, and names of plans to remove, of which nothing was heard."""

    put: tuple[Plan, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """What one change makes of many plans: name → the plans instead, and name → why it cannot be."""

    changed: Mapping[str, tuple[Plan, ...]]
    refused: Mapping[str, Refused]

    def complete(self) -> tuple[Plan, ...]:
        """All or nothing. Raises Conflict("schedules.bulk_refused")."""
        if self.refused:
            first = min(self.refused)
            raise Conflict(
                "schedules.bulk_refused",
                refused=len(self.refused),
                count=len(self.refused) + len(self.changed),
                id=first,
            )
        return tuple(plan for plans in self.changed.values() for plan in plans)


def undo(done: Done, current: Mapping[str, Plan], now: datetime) -> Inverse:
    """The inverse of the last change. `current`: the plans as they are now.

    Raises Conflict: undo_changed, when one of them was changed since; undo_aired, when something it touched has begun.
    """
    if any(current.get(plan.id) != plan for plan in done.after):
        raise Conflict("schedules.undo_changed")
    kept = {plan.id for plan in done.after}
    if any(plan.id in current for plan in done.before if plan.id not in kept):
        raise Conflict("schedules.undo_changed")
    if not same_past(done.before, done.after, since=done.at, now=now):
        raise Conflict("schedules.undo_aired")
    back = {plan.id for plan in done.before}
    return Inverse(done.before, tuple(plan.id for plan in done.after if plan.id not in back))


def same_past(before: Iterable[Plan], after: Iterable[Plan], *, since: datetime, now: datetime) -> bool:
    """Whether both say the same of what begins from `since` to `now` inclusive, its names included."""
    end = now + timedelta.resolution
    return airings(before, since, end) == airings(after, since, end)


def change_many(plans: Sequence[Plan], change: Callable[[Plan], tuple[Plan, ...]]) -> Bulk:
    """One change tried on each of many plans. Raises Refused("schedules.bulk_count")."""
    if not 1 <= len(plans) <= MAX_BULK:
        raise Refused("schedules.bulk_count", limit=MAX_BULK)
    changed: dict[str, tuple[Plan, ...]] = {}
    refused: dict[str, Refused] = {}
    for plan in plans:
        try:
            changed[plan.id] = change(plan)
        except Refused as refusal:
            refused[plan.id] = refusal
    return Bulk(changed, refused)
