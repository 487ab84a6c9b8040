"""A schedule's row as a plan and back, an occurrence's row as one of its airings (pure)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from schedules.aligning import Present
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.dispatch import read_audience
from schedules.models import Occurrence, OccurrenceState, Off, Schedule
from schedules.plans import Plan, Planned, Preempted, airings
from schedules.recurrence import Rule, from_map, to_map
from schedules.stored_plans import override_from_map, override_to_map


def rule_of(schedule: Schedule, holidays: Holidays = NATIONAL) -> Rule:
    """The rule of a schedule, in a commune with these holidays."""
    return from_map(schedule.rule, holidays)


def plan_of(schedule: Schedule, holidays: Holidays = NATIONAL) -> Plan:
    """A schedule as it is planned."""
    return Plan(
        id=schedule.id,
        rule=rule_of(schedule, holidays),
        announcement=schedule.announcement_id,
        audience=read_audience(schedule.audience),
        volume=schedule.volume,
        overrides=tuple(map(override_from_map, schedule.overrides)),
        since=schedule.since,
        until=schedule.until,
        preempted=Preempted(schedule.preempted, schedule.stale_s),
    )


def keep(schedule: Schedule, plan: Plan) -> None:
    """Write a plan into its schedule's row."""
    schedule.rule = to_map(plan.rule)
    schedule.announcement_id = plan.announcement
    schedule.audience = plan.audience.to_map()
    schedule.volume = plan.volume
    schedule.overrides = [override_to_map(each) for each in plan.overrides]
    schedule.since, schedule.until = plan.since, plan.until
    schedule.preempted, schedule.stale_s = plan.preempted.then, plan.preempted.stale_s


def airing_of(row: Occurrence) -> Planned:
    """The airing a schedule's occurrence is for."""
    return Planned(
        plan=row.schedule_id or "",
        original=row.original_at or row.start_at,
        start=row.start_at,
        announcement=row.announcement_id or "",
        audience=read_audience(row.audience),
        volume=row.volume,
        preempted=Preempted(row.preempted, row.stale_s),
    )


def still_asked(found: Sequence[Occurrence], schedules: Iterable[Schedule], holidays: Holidays) -> list[Occurrence]:
    """Those that the plans of these schedules ask for as they are."""
    if not found:
        return []
    first, last = min(row.start_at for row in found), max(row.start_at for row in found)
    plans = [plan_of(each, holidays) for each in schedules]
    asked = {(each.plan, each.original, each.start) for each in airings(plans, first, last + timedelta.resolution)}
    return [row for row in found if (row.schedule_id, row.original_at, row.start_at) in asked]


def again(row: Occurrence, new_id: str, now: datetime, **said: Any) -> Occurrence:
    """The same airing once more, saying something else: what was cancelled cannot come back."""
    fresh = {
        "id": new_id,
        "generation": row.generation + 1,
        "replaces_id": row.id,
        "state": OccurrenceState.PLANNED,
        "off": None,
        "reason": "",
        "paused": [],
        "created_at": now,
    }
    return Occurrence(**(row.model_dump() | fresh | said))


def present(row: Occurrence) -> Present:
    """The same as `aligning` looks at it."""
    return Present(row.id, airing_of(row), row.state, row.generation, row.off or Off.BY_PERSON)
