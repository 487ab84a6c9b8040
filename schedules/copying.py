"""A day or a week of airings copied to another: what is copied, what is there already, what meets, what is past (pure).

Copied is what people hear, airing by airing, not the rules behind it: a copy of an exception stays one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from base.errors import Refused
from schedules.conflicts import Overlap, Slot, overlaps
from schedules.plans import Plan, Planned
from schedules.recurrence import Rule
from schedules.recurrence.times import moment, span

MAX_DAYS = 7
MAX_AWAY = 366
"""Days between what is copied and its copy."""
YEARS = range(2000, 2200)
MOST = 500
"""Airings copied at once."""


@dataclass(frozen=True, slots=True)
class Copied:
    """plans: once each, not planned yet. already: airings that stand there the same. past: those whose time is over.

    meets: what the new ones would meet, by `Planned` names (`name_of`) of the new and the standing ones.
    """

    plans: tuple[Plan, ...]
    already: tuple[Planned, ...]
    past: tuple[Planned, ...]
    meets: tuple[Overlap, ...]


def name_of(airing: Planned) -> str:
    """One text for an airing, as a `Slot` needs it."""
    return f"{airing.plan} {airing.original.isoformat()}"


def check_days(first: date, days: int, by_days: int) -> None:
    """Raise Refused("schedules.copy_wrong") for days that are not copied: too many, too far, or onto themselves."""
    within = 1 <= days <= MAX_DAYS and 1 <= abs(by_days) <= MAX_AWAY and first.year in YEARS
    if not within:
        raise Refused("schedules.copy_wrong", limit=MOST, days=MAX_DAYS)


def copy(
    source: Sequence[Planned],
    standing: Sequence[Planned],
    *,
    by_days: int,
    zone: ZoneInfo,
    now: datetime,
    new_id: Callable[[], str],
    slot_of: Callable[[Planned], Slot],
) -> Copied:
    """The airings of `source` again, so many local days later, at the same times by the clock; `standing` is there.

    `slot_of` gives an airing its length and clusters, under `name_of`. Raises Refused("schedules.copy_wrong").
    """
    days = {airing.start.astimezone(zone).date() for airing in source}
    spread = (max(days) - min(days)).days if days else 0
    if by_days == 0 or spread >= MAX_DAYS or not 1 <= len(source) <= MOST:
        raise Refused("schedules.copy_wrong", limit=MOST, days=MAX_DAYS)
    there = {_same(airing) for airing in standing}
    wanted = [_shifted(airing, by_days, zone) for airing in source]
    past = tuple(airing for airing in wanted if airing.start <= now)
    already = tuple(airing for airing in wanted if airing.start > now and _same(airing) in there)
    fresh = {_same(airing): airing for airing in wanted if airing.start > now and _same(airing) not in there}
    plans = tuple(_plans(fresh.values(), zone, new_id))
    new = [airing for plan in plans for airing in plan.airings(*_ends(plan))]
    return Copied(plans, already, past, _meets(new, standing, slot_of))


def _shifted(airing: Planned, by_days: int, zone: ZoneInfo) -> Planned:
    local = airing.start.astimezone(zone)
    start = moment(local.date() + timedelta(days=by_days), local.time(), zone)
    return replace(airing, start=start)


def _same(airing: Planned) -> tuple[datetime, str, str]:
    return airing.start, airing.announcement, repr(airing.audience)


def _plans(fresh: Iterable[Planned], zone: ZoneInfo, new_id: Callable[[], str]) -> Iterable[Plan]:
    """One plan for each content and day, with all its times of that day."""

    def content(airing: Planned) -> tuple[str, str, str, int, str]:
        day = f"{airing.start.astimezone(zone).date()}"
        return day, airing.announcement, repr(airing.audience), airing.volume, repr(airing.preempted)

    for _, same in groupby(sorted(fresh, key=content), key=content):
        group = list(same)
        first = group[0]
        locals_ = [airing.start.astimezone(zone) for airing in group]
        times = tuple(sorted({f"{local:%H:%M}" for local in locals_}))
        day = locals_[0].date()
        rule = Rule("", day, day, times, zone)
        yield Plan(new_id(), rule, first.announcement, first.audience, first.volume, preempted=first.preempted)


def _ends(plan: Plan) -> tuple[datetime, datetime]:
    return span(plan.rule.first_day, 2, plan.zone)


def _meets(
    new: Sequence[Planned], standing: Sequence[Planned], slot_of: Callable[[Planned], Slot]
) -> tuple[Overlap, ...]:
    names = {name_of(airing) for airing in new}
    found = overlaps([slot_of(airing) for airing in (*new, *standing)])
    return tuple(overlap for overlap in found if overlap.first in names or overlap.second in names)
