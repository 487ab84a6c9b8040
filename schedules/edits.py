"""Changes to "this", "this and following" and "all" airings of a plan, as values; the past stays as it was (pure).

A change of several airings splits the plan at the first of them: what has been heard stays with the old part, under
its own name, and the rest goes on as a new plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from base.errors import Conflict, NotFound, Refused
from devices.wire.audience import Audience
from schedules.plans import Override, Plan, Planned, Preempted, airings
from schedules.recurrence import Rule
from schedules.recurrence.times import day_begins
from schedules.splitting import has_past, new_part, old_part, retimed, ruled, stays

MAX_MOVE_DAYS = 366
"""How far from the day of its rule one airing may be moved."""
_A_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


class Scope(StrEnum):
    """Which airings a change is for."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"
    """All that are still to come."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None: as it was.

    day: for one airing. time ("HH:MM"): for one airing, or one of the rule's times of day. rule: other days and times,
    for several; exceptions from the old rule are given up. cancel: nothing is heard; it goes with nothing else.
    """

    time: str | None = None
    day: date | None = None
    rule: Rule | None = None
    announcement: str | None = None
    audience: Audience | None = None
    volume: int | None = None
    preempted: Preempted | None = None
    cancel: bool = False

    @property
    def moves(self) -> bool:
        return (self.time, self.day, self.rule) != (None,) * 3

    @property
    def says_content(self) -> bool:
        return (self.announcement, self.audience, self.volume, self.preempted) != (None,) * 4


@dataclass(frozen=True, slots=True)
class Edited:
    """What stands instead of a plan: itself as changed, then what goes on as a new one. dropped: lost exceptions."""

    plans: tuple[Plan, ...]
    dropped: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    airing: Planned
    change: Change
    now: datetime
    new_id: str

    @property
    def ahead(self) -> datetime:
        """The first moment that is still to come."""
        return self.now + timedelta.resolution


def edit(plan: Plan, original: datetime, scope: Scope, change: Change, *, now: datetime, new_id: str) -> Edited:
    """Change the airing of that name (`Planned.original`), or with it those that follow, or all still to come.

    Raises NotFound("…airing_gone"), Conflict: occurrence_over, edit_meets_itself; Refused: edit_wrong,
    edit_not_of_rule, in_the_past, moved_too_far, volume_wrong, time_wrong, days_count.
    """
    _check(change, scope)
    airing = plan.find(original)
    if airing is None:
        raise NotFound("schedules.airing_gone", time=original.astimezone(plan.zone).isoformat(timespec="minutes"))
    if scope is not Scope.ALL and airing.start <= now:
        raise Conflict("schedules.occurrence_over")
    asked = _Asked(airing, change, now, new_id)
    match scope:
        case Scope.THIS:
            edited = Edited((_this(plan, asked),))
        case Scope.FOLLOWING if original > now:
            edited = _from(plan, original, asked)
        case Scope.FOLLOWING:
            edited = _still_ahead(plan, asked, since=original)
        case Scope.ALL:
            edited = _still_ahead(plan, asked, since=None)
    _check_apart(edited)
    return edited


def _check(change: Change, scope: Scope) -> None:
    one = scope is Scope.THIS
    misplaced = (change.rule is not None and one) or (change.day is not None and not one)
    both = change.rule is not None and change.time is not None
    if misplaced or both or change.cancel is (change.moves or change.says_content):
        raise Refused("schedules.edit_wrong")
    if change.volume is not None and not 0 <= change.volume <= 100:
        raise Refused("schedules.volume_wrong")


def _this(plan: Plan, asked: _Asked) -> Plan:
    at = plan.pick_of(asked.airing.original)
    own = next((each for each in plan.overrides if plan.moment_of(each.at) == asked.airing.original), Override(at))
    others = tuple(each for each in plan.overrides if each.at != own.at)
    if asked.change.cancel:
        return replace(plan, rule=replace(plan.rule, removed=(*plan.rule.removed, at)), overrides=others)
    own = _with_content(own, asked.change)
    if asked.change.moves:
        start = _new_start(plan, asked)
        own = replace(own, start=None if start == asked.airing.original else start)
    return replace(plan, overrides=others if own.is_empty else (*others, own))


def _new_start(plan: Plan, asked: _Asked) -> datetime:
    was = plan.pick_of(asked.airing.start)
    to = replace(was, day=asked.change.day or was.day, time=asked.change.time or was.time)
    if abs((to.day - plan.pick_of(asked.airing.original).day).days) > MAX_MOVE_DAYS:
        raise Refused("schedules.moved_too_far", limit=MAX_MOVE_DAYS)
    start = plan.moment_of(to)
    if start <= asked.now:
        raise Refused("schedules.in_the_past", time=f"{to.time} {to.day}")
    if any(each.original != asked.airing.original for each in plan.airings(start, start + _MINUTE)):
        raise Conflict("schedules.edit_meets_itself", time=f"{to.time} {to.day}")
    return start


def _still_ahead(plan: Plan, asked: _Asked, *, since: datetime | None) -> Edited:
    """Everything not heard yet of the airings named `since` or later."""
    cut = asked.ahead
    named = {plan.moment_of(each.at): each for each in plan.overrides if _is_ahead(plan, each, asked.now)}
    if not named and plan.first(cut) is None:
        raise Conflict("schedules.occurrence_over")
    put_off = [each for original, each in named.items() if original < cut and (since is None or original >= since)]
    kept = _late_changed(plan, put_off, asked.change)
    try:
        return _from(kept, cut, asked)
    except Refused as refusal:
        tomorrow = day_begins(plan.pick_of(cut).day + _A_DAY, plan.zone)
        if refusal.code != "schedules.in_the_past" or plan.first(tomorrow) is None:
            raise
        # Its new time of today is past: today keeps the old one.
        return _from(kept, tomorrow, asked)


def _is_ahead(plan: Plan, override: Override, now: datetime) -> bool:
    found = plan.find(plan.moment_of(override.at))
    return found is not None and found.start > now


def _late_changed(plan: Plan, put_off: Sequence[Override], change: Change) -> Plan:
    """What was put off past now from before it is still to come, and changes too; it keeps the time it was given."""
    if change.cancel:
        rule = replace(plan.rule, removed=(*plan.rule.removed, *(each.at for each in put_off)))
        return replace(plan, rule=rule, overrides=tuple(each for each in plan.overrides if each not in put_off))
    changed = (_with_content(each, change) if each in put_off else each for each in plan.overrides)
    return replace(plan, overrides=tuple(changed))


def _from(plan: Plan, cut: datetime, asked: _Asked) -> Edited:
    """Everything from the cut on changed; a plan with nothing before it changes as a whole."""
    change, now = asked.change, asked.now
    old = old_part(plan, cut, now)
    if change.cancel:
        return Edited((old,))
    past = has_past(plan, cut, now)
    new = new_part(plan, cut, now, asked.new_id) if past else plan
    dropped: tuple[Override, ...] = ()
    if change.rule is not None:
        early = [each.at for each in plan.overrides if plan.moment_of(each.at) >= cut and stays(plan, each, cut, now)]
        dropped, new = new.overrides, ruled(new, change.rule, max(_rule_begins(plan, cut), asked.ahead), early)
    if change.time is not None:
        new = retimed(new, plan.pick_of(asked.airing.original).time, change.time)
    new = _content_of_all(new, change)
    _check_ahead(new, cut, asked.ahead)
    return Edited((old, new) if past else (new,), dropped)


def _rule_begins(plan: Plan, cut: datetime) -> datetime:
    """With the day of the cut, so that this day's airing may be earlier; with the cut when it was heard already."""
    begins = day_begins(plan.pick_of(cut).day, plan.zone)
    return cut if plan.originals(begins, cut) else begins


def _content_of_all(plan: Plan, change: Change) -> Plan:
    """The plan's own content changed; what its exceptions said otherwise of the same thing goes."""
    bare = (
        replace(
            each,
            announcement=each.announcement if change.announcement is None else None,
            audience=each.audience if change.audience is None else None,
            volume=each.volume if change.volume is None else None,
            preempted=each.preempted if change.preempted is None else None,
        )
        for each in plan.overrides
    )
    return replace(
        plan,
        announcement=change.announcement or plan.announcement,
        audience=plan.audience if change.audience is None else change.audience,
        volume=plan.volume if change.volume is None else change.volume,
        preempted=change.preempted or plan.preempted,
        overrides=tuple(each for each in bare if not each.is_empty),
    )


def _with_content(override: Override, change: Change) -> Override:
    return replace(
        override,
        announcement=change.announcement or override.announcement,
        audience=override.audience if change.audience is None else change.audience,
        volume=override.volume if change.volume is None else change.volume,
        preempted=change.preempted or override.preempted,
    )


def _check_ahead(plan: Plan, cut: datetime, ahead: datetime) -> None:
    """Raise Refused when what goes on would have begun already."""
    past = plan.airings(day_begins(plan.pick_of(cut).day, plan.zone), ahead)
    if past:
        shown = past[0].start.astimezone(plan.zone)
        raise Refused("schedules.in_the_past", time=f"{shown:%H:%M} {shown.date()}")


def _check_apart(edited: Edited) -> None:
    """Raise Conflict when one that was moved would now be heard at the very time of another."""
    moved = [override.start for plan in edited.plans for override in plan.overrides if override.start is not None]
    for start in moved:
        if len(airings(edited.plans, start, start + _MINUTE)) > 1:
            shown = start.astimezone(edited.plans[0].zone)
            raise Conflict("schedules.edit_meets_itself", time=f"{shown:%H:%M} {shown.date()}")
