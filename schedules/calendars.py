"""Plans as events of an iCalendar file (pure)."""

from datetime import date, datetime, timedelta
from itertools import islice

from schedules.ical import Event
from schedules.plans import Plan
from schedules.recurrence import MAX_PICKS, Rule
from schedules.recurrence.times import day_begins


def event_of(plan: Plan, title: str, lasts: timedelta, now: datetime, through: date) -> Event | None:
    """A plan as an event; None when it has nothing ahead that a file could say.

    A part of a rule, and a plan with single airings that differ, are listed airing by airing from `now` to the day
    `through`: a file cannot say them otherwise without moving the rule's start.
    """
    rule = plan.rule if _is_whole(plan) else _listed(plan, now, through)
    return None if rule is None else Event(plan.id, title, rule, lasts)


def _is_whole(plan: Plan) -> bool:
    return plan.since is None and plan.until is None and not plan.overrides


def _listed(plan: Plan, now: datetime, through: date) -> Rule | None:
    end = day_begins(through + timedelta(days=1), plan.zone)
    picks = [plan.pick_of(each.start) for each in islice(plan.airings(now, end), MAX_PICKS)]
    if not picks:
        return None
    first, *others = picks
    return Rule("", first.day, first.day, (first.time,), plan.zone, added=tuple(others))
