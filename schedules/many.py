"""One change for many schedules, or for chosen airings of them: what becomes of each plan (pure)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from base.errors import Conflict, Refused
from devices.wire.audience import Audience
from schedules.copying import YEARS
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan
from schedules.recurrence import parse_time
from schedules.recurrence.times import span
from schedules.splitting import less, old_part

MAX_SHIFT_MIN = 720
MAX_DAYS_OFF = 92
_MINUTE = timedelta(minutes=1)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ForMany:
    """What is to be different, of whole schedules or of single airings. Raises Refused("schedules.bulk_wrong").

    shift_min: minutes later, or earlier. off: called off between two days, both included; cancel: single airings
    called off; end: nothing ahead any more. These three go with nothing else.
    """

    shift_min: int = 0
    volume: int | None = None
    audience: Audience | None = None
    announcement: str | None = None
    off: tuple[date, date] | None = None
    cancel: bool = False
    end: bool = False

    def __post_init__(self) -> None:
        changes = self.shift_min != 0 or self.says_content
        if [changes, self.off is not None, self.cancel, self.end].count(True) != 1:
            raise Refused("schedules.bulk_wrong")
        if abs(self.shift_min) > MAX_SHIFT_MIN:
            raise Refused("schedules.bulk_shift", limit=MAX_SHIFT_MIN)
        if self.volume is not None and not 0 <= self.volume <= 100:
            raise Refused("schedules.volume_wrong")
        if self.off is not None and not _can_be_off(*self.off):
            raise Refused("schedules.bulk_days", limit=MAX_DAYS_OFF)

    @property
    def says_content(self) -> bool:
        return (self.volume, self.audience, self.announcement) != (None,) * 3

    @property
    def content(self) -> Change:
        return Change(volume=self.volume, audience=self.audience, announcement=self.announcement)


def of_schedule(plan: Plan, what: ForMany, *, now: datetime, new_ids: Iterator[str]) -> tuple[Plan, ...]:
    """What stands instead of a plan: itself as changed, then what it goes on as, under new ids.

    Raises what `edits.edit` does; Refused: bulk_midnight, bulk_wrong; Conflict: occurrence_over.
    """
    if what.cancel:
        raise Refused("schedules.bulk_wrong")
    if what.end or what.off is not None:
        return (_off(plan, what, now),)
    plans: tuple[Plan, ...] = (plan,)
    if what.says_content:
        plans = _for_all(plans, what.content, now, new_ids)
    for was, time in _shifted(plan, what.shift_min):
        plans = _for_all(plans, Change(time=time), now, new_ids, was)
    return plans


def of_airings(plan: Plan, originals: Collection[datetime], what: ForMany, *, now: datetime) -> tuple[Plan, ...]:
    """The plan with some of its airings changed. Raises what `edits.edit` does, and Refused("schedules.bulk_wrong")."""
    if what.end or what.off is not None:
        raise Refused("schedules.bulk_wrong")
    # Those that move first make room for those behind them.
    for original in sorted(originals, reverse=what.shift_min > 0):
        change = replace(what.content, cancel=what.cancel)
        airing = plan.find(original)
        if what.shift_min and airing is not None:
            to = plan.pick_of(airing.start + what.shift_min * _MINUTE)
            change = replace(change, time=to.time, day=to.day)
        [plan] = edit(plan, original, Scope.THIS, change, now=now, new_id=plan.id).plans
    return (plan,)


def _can_be_off(first: date, last: date) -> bool:
    return first.year in YEARS and timedelta() <= last - first < MAX_DAYS_OFF * _A_DAY


def _off(plan: Plan, what: ForMany, now: datetime) -> Plan:
    """Without what is still to come, or without what is of some days."""
    if plan.first(now) is None and not any(each.start is not None and each.start > now for each in plan.overrides):
        raise Conflict("schedules.occurrence_over")
    if what.off is None:
        return old_part(plan, now + timedelta.resolution, now)
    first, last = what.off
    begin, end = span(first, (last - first).days + 1, plan.zone)
    gone = [plan.pick_of(each.original) for each in plan.airings(max(begin, now + timedelta.resolution), end)]
    kept = tuple(each for each in plan.overrides if each.at not in gone)
    return replace(plan, rule=less(plan.rule, gone), overrides=kept)


def _for_all(
    plans: tuple[Plan, ...], change: Change, now: datetime, new_ids: Iterator[str], time: str = ""
) -> tuple[Plan, ...]:
    """The last of a schedule's plans changed in all that is to come; `time`: what it has at that time of day."""
    last = plans[-1]
    original = _next(last, now, time)
    if original is None and time:
        return plans
    if original is None:
        raise Conflict("schedules.occurrence_over")
    return (*plans[:-1], *edit(last, original, Scope.ALL, change, now=now, new_id=next(new_ids)).plans)


def _next(plan: Plan, now: datetime, time: str) -> datetime | None:
    """The name of an airing that is not heard yet."""
    late = [plan.moment_of(each.at) for each in plan.overrides if each.start is not None and each.start > now]
    put_off = [at for at in late if plan.find(at) is not None and (not time or plan.pick_of(at).time == time)]
    timed = replace(plan, rule=replace(plan.rule, times=(time,))) if time else plan
    found = timed.first(now + timedelta.resolution)
    return found if found is not None else min(put_off, default=None)


def _shifted(plan: Plan, minutes: int) -> list[tuple[str, str]]:
    """Each time of day with the one it moves to, in an order in which none meets another."""
    if not minutes:
        return []
    if plan.rule.names_hours:
        raise Refused("schedules.edit_not_of_rule", time=plan.rule.times[0])
    moved = []
    for text in sorted(plan.rule.times, reverse=minutes > 0):
        at = datetime.combine(plan.rule.first_day, parse_time(text))
        to = at + minutes * _MINUTE
        if to.date() != at.date():
            raise Refused("schedules.bulk_midnight", time=text)
        moved.append((text, f"{to:%H:%M}"))
    return moved
