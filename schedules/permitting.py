"""When, and how long, a commune's policy would permit an airing that it does not permit as planned (pure)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

from schedules.airtime import NEAR, ears
from schedules.allowances import Allowance
from schedules.conflicts import Slot, share_ears
from schedules.counting import count, hours_broken

_MINUTE = timedelta(minutes=1)
SEARCH = timedelta(days=1)
"""How far before and after its time another is looked for."""


def nearest(
    slot: Slot,
    others: Sequence[Slot],
    allowance: Allowance,
    *,
    earliest: datetime | None = None,
    fits: Callable[[datetime], bool] = lambda _: True,
) -> datetime | None:
    """The permitted beginning nearest to the airing's own, in whole minutes, where it meets none of the others.

    `fits` may ask for more. None: there is no such within `SEARCH`.
    """
    sharing = [
        other
        for other in others
        if abs(other.start - slot.start) <= NEAR + SEARCH
        and other.occurrence != slot.occurrence
        and share_ears(slot, other)
    ]
    heard = _heard_beside(slot, sharing)
    found = {at for at in _candidates(slot, sharing, allowance, earliest) if earliest is None or at >= earliest}
    for at in sorted(found, key=lambda at: (abs(at - slot.start), at)):
        moved = slot.at(at)
        if not any(moved.meets(other) for other in sharing) and fits(at) and _keeps(moved, heard, allowance):
            return at
    return None


def longest(slot: Slot, others: Sequence[Slot], allowance: Allowance) -> timedelta | None:
    """How long it may be at its own time, in whole minutes below its length; None when it may not begin then."""
    heard = _heard_beside(slot, others)
    for minutes in range(ceil(slot.lasts / _MINUTE) - 1, 0, -1):
        shorter = replace(slot, end=slot.start + minutes * _MINUTE)
        if _keeps(shorter, heard, allowance):
            return shorter.lasts
    return None


def permits(slot: Slot, others: Sequence[Slot], allowance: Allowance) -> bool:
    """Whether nothing but the volume forbids it among the others, at this time and of this length."""
    return _keeps(slot, _heard_beside(slot, others), allowance)


def _keeps(slot: Slot, heard: Sequence[Sequence[Slot]], allowance: Allowance) -> bool:
    today = allowance.at(slot.start)
    if any(hours_broken(slot, today)):
        return False
    return all(count(limit, slot, standing, allowance) <= limit.most for limit in today.limits for standing in heard)


def _heard_beside(slot: Slot, others: Iterable[Slot]) -> list[list[Slot]]:
    """What those who are meant by it hear beside it, each different choice once."""
    near = [
        other
        for other in others
        if abs(other.start - slot.start) <= NEAR + SEARCH
        and other.occurrence != slot.occurrence
        and not other.any_hour
        and not other.clusters.isdisjoint(slot.clusters)
    ]
    groups = [group.slots for group in ears([slot, *near]) if slot in group.slots]
    return [[each for each in slots if each is not slot] for slots in groups]


def _candidates(slot: Slot, others: Sequence[Slot], allowance: Allowance, earliest: datetime | None) -> set[datetime]:
    """Where what is permitted can change: at the ends of hours, days, and of the other airings and their blocks."""
    zone, gap, lasts = allowance.hours.zone, allowance.block_gap, slot.lasts
    found = [slot.start, earliest or slot.start]
    for shift in (-SEARCH, timedelta(), SEARCH):
        midnight = (slot.start + shift).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found.append(midnight)
        for low, high in allowance.at(slot.start + shift).hours.open_around(slot.start + shift):
            found += [low, high - lasts]
    for other in others:
        for apart in (timedelta(), gap, gap + _MINUTE):
            found += [other.end + apart, other.start - apart - lasts]
    whole = {whole_minute(at, up=up) for at in found for up in (False, True)}
    return {at for at in (*whole, slot.start.astimezone(UTC)) if abs(at - slot.start) <= SEARCH}


def whole_minute(at: datetime, *, up: bool) -> datetime:
    """The whole minute at or next to a moment, in UTC: airings are planned in these."""
    utc = at.astimezone(UTC)
    down = utc.replace(second=0, microsecond=0)
    return down + _MINUTE if up and down < utc else down
