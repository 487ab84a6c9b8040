"""A plan cut in two at a moment: what has been, and what goes on, perhaps at another time of day (pure).

Both parts keep the whole rule, so that COUNT, INTERVAL and the moon go on as if nothing had been cut.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from base.errors import Conflict, Refused
from schedules.plans import Override, Plan
from schedules.recurrence import OnHolidays, Pick, Rule
from schedules.recurrence.times import day_begins


def stays(plan: Plan, override: Override, cut: datetime, now: datetime) -> bool:
    """Whether an exception belongs to the past part: its name does, or it was heard ahead of its time."""
    original = plan.moment_of(override.at)
    return original < cut or (override.start or original) <= now


def old_part(plan: Plan, cut: datetime, now: datetime) -> Plan:
    """The plan up to the cut."""
    kept = tuple(override for override in plan.overrides if stays(plan, override, cut, now))
    until = cut if plan.until is None else min(cut, plan.until)
    old = replace(plan, overrides=kept, until=until)
    # What falls on a holiday is heard the day before: the days of the rule lie beyond the last one it is heard on.
    fixed = not (plan.rule.rrule or plan.rule.pattern) or plan.rule.on_holidays is OnHolidays.BEFORE
    if fixed or any(plan.moment_of(override.at) >= cut for override in kept):
        return old
    return replace(old, rule=replace(plan.rule, last_day=_last_day(plan, cut)))


def new_part(plan: Plan, cut: datetime, now: datetime, new_id: str) -> Plan:
    """The plan from the cut on, under another name; what was taken out of the days before it is forgotten."""
    early = [each.at for each in plan.overrides if stays(plan, each, cut, now) and plan.moment_of(each.at) >= cut]
    kept = tuple(override for override in plan.overrides if not stays(plan, override, cut, now))
    since = cut if plan.since is None else max(cut, plan.since)
    removed = tuple(pick for pick in plan.rule.removed if pick.day >= plan.pick_of(since).day)
    rule = less(replace(plan.rule, removed=removed), early)
    return replace(plan, id=new_id, rule=rule, overrides=kept, since=since)


def less(rule: Rule, picks: Iterable[Pick]) -> Rule:
    """The rule without some more of its times."""
    return replace(rule, removed=tuple(dict.fromkeys((*rule.removed, *picks))))


def in_whole_days(plan: Plan) -> Plan:
    """The same airings of a plan whose part begins and ends with a day, so that a time may move within its day."""
    rule, since, until = plan.rule, plan.since, plan.until
    gone: list[datetime] = []
    if plan.since is not None:
        since = day_begins(plan.pick_of(plan.since).day, plan.zone)
        gone += rule.expand(since, plan.since)
    if plan.until is not None:
        until = day_begins(plan.pick_of(plan.until).day + timedelta(days=1), plan.zone)
        gone += rule.expand(plan.until, until)
    return replace(plan, rule=less(rule, map(plan.pick_of, gone)), since=since, until=until)


def has_past(plan: Plan, cut: datetime, now: datetime) -> bool:
    """Whether anything of it lies before the cut."""
    first = plan.first()
    began = first is not None and first < cut
    return began or any(stays(plan, override, cut, now) for override in plan.overrides)


def retimed(plan: Plan, was: str, time: str) -> Plan:
    """The plan with one of its times of day moved, its exceptions with it.

    Raises Refused("…edit_not_of_rule") for a time that is not the rule's own, Conflict("…edit_meets_itself").
    """
    rule = plan.rule
    if was not in rule.times or rule.names_hours:
        raise Refused("schedules.edit_not_of_rule", time=was)
    if time == was:
        return plan
    if time in rule.times:
        raise Conflict("schedules.edit_meets_itself", time=time)
    plan = in_whole_days(plan)
    rule = plan.rule
    times = tuple(sorted({*rule.times, time} - {was}))

    def moved(pick: Pick) -> Pick:
        return replace(pick, time=time) if pick.time == was else pick

    def picks(some: tuple[Pick, ...]) -> tuple[Pick, ...]:
        return tuple(dict.fromkeys(map(moved, some)))

    at_new_time = replace(rule, times=times, added=picks(rule.added), removed=picks(rule.removed))
    return replace(plan, rule=at_new_time, overrides=tuple(_moved(plan.overrides, was, time)))


def ruled(plan: Plan, rule: Rule, since: datetime, early: Iterable[Pick]) -> Plan:
    """The plan by another rule; what was heard `early`, before its time, is not heard again."""
    return replace(plan, rule=less(rule, early), overrides=(), since=since)


def _moved(overrides: tuple[Override, ...], was: str, time: str) -> Iterator[Override]:
    for override in overrides:
        yield replace(override, at=replace(override.at, time=time)) if override.at.time == was else override


def _last_day(plan: Plan, cut: datetime) -> date:
    day = plan.pick_of(cut).day
    if not plan.originals(day_begins(day, plan.zone), cut):
        day -= timedelta(days=1)
    known = day if plan.rule.last_day is None else min(day, plan.rule.last_day)
    return max(known, plan.rule.first_day)
