"""A week as it is drafted beside the one in force: its airings, and what is to become of each (pure)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from base.errors import NotFound, Refused
from schedules.drafts import Draft, Standing
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan, Planned
from schedules.recurrence import Pick
from schedules.recurrence.times import span
from schedules.splitting import less

DAYS = 7

Name = tuple[str, datetime]
"""An airing's: its plan, and the moment its rule gives it."""


class Fate(StrEnum):
    """What a draft makes of an airing."""

    SAME = "same"
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Line:
    """An airing as it is in force and as it is to be; None: not at all."""

    plan: str
    original: datetime
    was: Planned | None
    will: Planned | None

    @property
    def airing(self) -> Planned:
        """As it is to be, or as it was."""
        found = self.will or self.was
        assert found is not None
        return found

    @property
    def fate(self) -> Fate:
        if self.was is None:
            return Fate.NEW
        if self.will is None:
            return Fate.REMOVED
        return Fate.SAME if self.was == self.will else Fate.CHANGED


@dataclass(frozen=True)
class Week:
    """Seven local days from `first_day` on. current: the plans in force; drafted: those changed, or new.

    seen: the revision in force that each changed plan was drafted from. silent: airings a person has called off.
    """

    first_day: date
    zone: ZoneInfo
    current: Mapping[str, Standing]
    drafted: Mapping[str, Plan]
    seen: Mapping[str, int]
    silent: frozenset[Name] = frozenset()

    @property
    def span(self) -> tuple[datetime, datetime]:
        return span(self.first_day, DAYS, self.zone)

    @property
    def ended(self) -> frozenset[str]:
        """Plans in force of which nothing is left."""
        left = {name for name, plan in self.drafted.items() if plan.rule.ever()}
        return frozenset(self.seen.keys() - left)

    @property
    def draft(self) -> Draft:
        """As it is published. Raises Refused("schedules.draft_wrong") for too many plans."""
        ended = self.ended
        return Draft(tuple(plan for name, plan in self.drafted.items() if name not in ended), self.seen, ended)

    def lines(self) -> tuple[Line, ...]:
        """Its airings, in force or drafted, in order of time."""
        was = self._airings({name: each.plan for name, each in self.current.items()})
        will = self._airings({name: each.plan for name, each in self.current.items()} | dict(self.drafted))
        found = (Line(*name, was.get(name), will.get(name)) for name in was | will)
        return tuple(sorted(found, key=lambda line: (line.airing.start, line.plan, line.original)))

    def plan(self, name: str) -> Plan:
        """A plan as it is to be. Raises NotFound("schedules.schedule_unknown")."""
        found = self.drafted.get(name) or (self.current[name].plan if name in self.current else None)
        if found is None:
            raise NotFound("schedules.schedule_unknown", id=name[:26])
        return found

    def _airings(self, plans: Mapping[str, Plan]) -> dict[Name, Planned]:
        found = (airing for plan in plans.values() for airing in plan.airings(*self.span))
        named = {(airing.plan, airing.original): airing for airing in found}
        return {name: airing for name, airing in named.items() if name not in self.silent}


def changed(week: Week, name: Name, change: Change, now: datetime) -> Week:
    """With one airing as it is to be, or called off. Raises what `edits.edit` does, and Refused: draft_outside_week."""
    plan = week.plan(name[0])
    [edited] = edit(plan, name[1], Scope.THIS, change, now=now, new_id=plan.id).plans
    airing = edited.find(name[1])
    if airing is not None:
        check_within(week, airing.start)
    return with_plan(week, edited)


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def around(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments [start, end) in which a local day's times lie, those that a change of the clock moves included."""
    return span(day, 2, zone)


def check_within(week: Week, start: datetime) -> None:
    """Raise Refused for a moment that lies in another week."""
    begin, end = week.span
    if not begin <= start < end:
        raise Refused("schedules.draft_outside_week", day=f"{start.astimezone(week.zone).date()}")


def with_plan(week: Week, plan: Plan) -> Week:
    """With a plan as it is to be: forgotten when it is the one in force, or a new one of which nothing is left."""
    drafted = {name: each for name, each in week.drafted.items() if name != plan.id}
    seen = {name: number for name, number in week.seen.items() if name != plan.id}
    standing = week.current.get(plan.id)
    if standing is None:
        return replace(week, drafted=drafted | ({plan.id: plan} if plan.rule.ever() else {}))
    if not _same(plan, standing.plan):
        drafted[plan.id] = plan
        seen[plan.id] = week.seen.get(plan.id, standing.revision)
    return replace(week, drafted=drafted, seen=seen)


def restored(week: Week, name: Name) -> Week:
    """With one airing as it is in force; a new one is taken out."""
    plan = week.plan(name[0])
    at = plan.pick_of(name[1])
    standing = week.current.get(plan.id)
    if standing is None:
        return with_plan(week, _cleared(plan, [at]))
    return with_plan(week, _as_in(plan, standing.plan, [at]))


def like(week: Week, copies: Iterable[Plan], kept: Collection[Planned], now: datetime) -> Week:
    """As another week was: with copies of what is not there yet, and of what is in force and to come only `kept`."""
    stays = {_heard(airing) for airing in kept}
    for line in week.lines():
        if line.will is not None and line.will.start > now and _heard(line.will) not in stays:
            plan = week.plan(line.plan)
            week = with_plan(week, _cleared(plan, [plan.pick_of(line.original)]))
    for plan in copies:
        week = with_plan(week, plan)
    return week


def refreshed(week: Week) -> tuple[Week, int]:
    """Drafted anew from the plans as they are now; what it says of its own days goes on.

    Gives also how many airings it said something of that are no more.
    """
    lost, fresh = 0, replace(week, drafted=_new_ones(week), seen={})
    for name in week.seen:
        mine, standing = week.drafted.get(name), week.current.get(name)
        picks = [] if mine is None else _said(week, mine)
        if mine is None or standing is None:
            lost += len(picks)
            continue
        own = [pick for pick in picks if _has(standing.plan, pick)]
        lost += len(picks) - len(own)
        fresh = with_plan(fresh, _as_in(standing.plan, mine, own))
    return fresh, lost


def loaded(week: Week) -> Week:
    """With the plans that are to end, of which only the number was kept."""
    begin, end = week.span
    gone = {name: week.current[name].plan for name in week.seen if name not in week.drafted and name in week.current}
    cleared = {
        name: _cleared(plan, [plan.pick_of(each.original) for each in plan.airings(begin, end)])
        for name, plan in gone.items()
    }
    return replace(week, drafted={**week.drafted, **cleared})


def _heard(airing: Planned) -> tuple[datetime, str, str]:
    return airing.start, airing.announcement, repr(airing.audience)


def _new_ones(week: Week) -> dict[str, Plan]:
    return {name: plan for name, plan in week.drafted.items() if name not in week.seen}


def _said(week: Week, plan: Plan) -> list[Pick]:
    """The airings of the week that a plan says something of."""
    begin, end = week.span
    named = (*(each.at for each in plan.overrides), *(pick for pick in plan.rule.removed if pick.time))
    return [pick for pick in named if begin <= plan.moment_of(pick) < end]


def _has(plan: Plan, pick: Pick) -> bool:
    """Whether its rule names an airing, called off or not."""
    whole = replace(plan, rule=replace(plan.rule, removed=()))
    return whole.find(plan.moment_of(pick)) is not None


def _cleared(plan: Plan, picks: list[Pick]) -> Plan:
    kept = tuple(each for each in plan.overrides if each.at not in picks)
    return replace(plan, rule=less(plan.rule, picks), overrides=kept)


def _as_in(plan: Plan, other: Plan, picks: list[Pick]) -> Plan:
    """The plan with what another one says of these airings."""
    removed = [pick for pick in plan.rule.removed if pick not in picks]
    removed += [pick for pick in picks if pick in other.rule.removed]
    overrides = [each for each in plan.overrides if each.at not in picks]
    overrides += [each for each in other.overrides if each.at in picks]
    return replace(plan, rule=replace(plan.rule, removed=tuple(removed)), overrides=tuple(overrides))


def _same(plan: Plan, other: Plan) -> bool:
    return _ordered(plan) == _ordered(other)


def _ordered(plan: Plan) -> Plan:
    overrides = tuple(sorted(plan.overrides, key=lambda each: each.at))
    return replace(plan, rule=replace(plan.rule, removed=tuple(sorted(plan.rule.removed))), overrides=overrides)
