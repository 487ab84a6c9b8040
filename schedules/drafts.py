"""A week's changes drafted aside and published at once: all of them, or none (pure)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from base.errors import Conflict, Refused
from schedules.plans import Plan, Planned, airings, heard
from schedules.recurrence import check_happens
from schedules.splitting import old_part
from schedules.undoing import Done

MAX_PLANS = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan as it is in force, with the number of its last change."""

    plan: Plan
    revision: int


@dataclass(frozen=True, slots=True)
class Draft:
    """Plans as they are to be. seen: the revision of each plan in force that it was drafted from; ended: end these.

    A plan in `plans` that is not in `seen` is new. Raises Refused("schedules.draft_wrong").
    """

    plans: tuple[Plan, ...]
    seen: Mapping[str, int]
    ended: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        names = [plan.id for plan in self.plans]
        twice = len(set(names)) < len(names) or not self.ended.isdisjoint(names)
        if twice or not self.ended <= self.seen.keys() or len(names) + len(self.ended) > MAX_PLANS:
            raise Refused("schedules.draft_wrong", limit=MAX_PLANS)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a draft cannot be published: the plan it is about, or the airing of it, and the refusal."""

    plan: str
    refusal: Refused
    original: datetime | None = None


Judge = Callable[[Sequence[Planned]], Iterable[Problem]]
"""What else is asked of all airings ahead together: policy, clashes that nobody decided, approval."""


def problems(
    draft: Draft,
    current: Mapping[str, Standing],
    *,
    now: datetime,
    horizon: timedelta,
    judge: Judge,
    since: datetime | None = None,
) -> tuple[Problem, ...]:
    """Everything that keeps the draft from being published, each plan by itself and all together.

    Judged together is what begins from `since` (None: from now) until the horizon.
    """
    found = [*_stale(draft, current)]
    if found:
        return tuple(found)
    for plan in draft.plans:
        try:
            _check(plan, current.get(plan.id), now)
        except Refused as refusal:
            found.append(Problem(plan.id, refusal))
    ahead = airings(resulting(draft, current), since or now, now + horizon)
    return (*found, *judge(ahead))


def publish(
    draft: Draft,
    current: Mapping[str, Standing],
    *,
    now: datetime,
    horizon: timedelta,
    judge: Judge,
    by: str,
    since: datetime | None = None,
) -> Done:
    """The change that puts the whole draft in force. Raises Conflict("schedules.draft_not_ready") for any problem."""
    found = problems(draft, current, now=now, horizon=horizon, judge=judge, since=since)
    if found:
        raise Conflict("schedules.draft_not_ready", count=len(found), first=str(found[0].refusal)[:200])
    before = tuple(current[name].plan for name in draft.seen)
    ended = tuple(_ended(current[name].plan, now) for name in sorted(draft.ended))
    return Done(before, (*draft.plans, *ended), by, now)


def resulting(draft: Draft, current: Mapping[str, Standing]) -> list[Plan]:
    """All plans as they would be."""
    drafted = {plan.id for plan in draft.plans} | draft.ended
    return [*(each.plan for name, each in current.items() if name not in drafted), *draft.plans]


def _stale(draft: Draft, current: Mapping[str, Standing]) -> Iterable[Problem]:
    for name, seen in draft.seen.items():
        now_at = current[name].revision if name in current else 0
        if now_at != seen:
            yield Problem(name, Conflict("schedules.stale_revision", seen=seen, current=now_at))
    for plan in draft.plans:
        if plan.id in current and plan.id not in draft.seen:
            yield Problem(plan.id, Conflict("schedules.stale_revision", seen=0, current=current[plan.id].revision))


def _check(plan: Plan, standing: Standing | None, now: datetime) -> None:
    """Raise Refused for a plan that never happens, or that says of the past what was not so."""
    check_happens(plan.rule)
    begins = plan.rule.begins()
    was = [] if standing is None else [standing.plan]
    if standing is not None:
        begins = min(begins, standing.plan.rule.begins())
    end = now + timedelta.resolution
    before = set(heard(was, begins, end))
    changed = [line for line in heard([plan], begins, end) if line not in before]
    if changed:
        shown = changed[0][0].astimezone(plan.zone)
        raise Refused("schedules.in_the_past", time=f"{shown:%H:%M} {shown.date()}")


def _ended(plan: Plan, now: datetime) -> Plan:
    return old_part(plan, now + timedelta.resolution, now)
