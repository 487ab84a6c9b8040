"""Schedules and their occurrences up to the horizon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from schedules import ground as grounds
from schedules.aligning import MAX_STEP, planning_now
from schedules.allowances import Allowance
from schedules.changes import ProgrammeChanged
from schedules.content import Content
from schedules.following import Followed, Follower, Window
from schedules.ground import Ground
from schedules.issuing import Issuer, latest_start
from schedules.keeping import plan_of
from schedules.models import AnnouncementState, OccurrenceState, Schedule, ScheduleState
from schedules.recurrence import Rule, check_happens
from schedules.repository import programme as rows

BATCH = 100
"""How many schedules one transaction extends, and how many missed occurrences it closes."""
SLACK = timedelta(hours=1)
"""A horizon that is this little short of its end is left alone, so that a tick rarely has anything to do."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Keeps the occurrences equal to the plans, in the caller's transaction."""

    issuer: Issuer
    horizon: timedelta

    async def plan(self, session: AsyncSession, now: datetime) -> int:
        """Bring every schedule's occurrences up to the horizon. Gives how many rows are new.

        What the policy does not permit, for a rule may be older than it, is kept cancelled with the reason.
        """
        short = await rows.short_of(session, now + self.horizon - SLACK, BATCH)
        by_place: dict[str, list[Schedule]] = {}
        for schedule in short:
            by_place.setdefault(schedule.place_id, []).append(schedule)
        made = 0
        for place_id, schedules in by_place.items():
            ground = await grounds.load(session, self.issuer.devices, place_id)
            made += len((await self.extend(session, ground, schedules, now)).added)
        return made

    async def extend(
        self,
        session: AsyncSession,
        ground: Ground,
        schedules: Sequence[Schedule],
        now: datetime,
        *,
        refuse: bool = False,
    ) -> Followed:
        """Let the rows of schedules of one place, locked by the caller, follow their plans up to the horizon.

        refuse: raise Refused for what the policy does not permit, instead of calling it off.
        """
        by = await self.moment(session, ground.place.id, now, schedules)
        window = Window(by, by + self.horizon)
        done = await Follower(self.issuer).follow(session, ground, schedules, window, refuse=refuse)
        for schedule in schedules:
            _extended(schedule, ground, window)
        await session.flush()
        return done

    async def moment(
        self, session: AsyncSession, place_id: str, now: datetime, schedules: Sequence[Schedule]
    ) -> datetime:
        """The moment to plan these schedules of a place by, whatever the server's clock says (`planning_now`).

        Only what has begun there counts: one wild clock moves no other place's planning.
        """
        planned = [each.planned_until - self.horizon for each in schedules if each.planned_until is not None]
        begun = await rows.last_begun(session, place_id, now, now + MAX_STEP)
        return planning_now(now, *planned, *([begun] if begun else []))

    async def close_over(self, session: AsyncSession, now: datetime) -> list[ProgrammeChanged]:
        """What has expired is over; so is what was never ordered in time, with the reason."""
        closed = await rows.close_expired(session, now)
        late = [row for row in await rows.never_issued(session, now, BATCH) if now >= latest_start(row)]
        contents = await self.issuer.contents(session, {row.announcement_id for row in late})
        for occurrence in late:
            occurrence.state = OccurrenceState.OVER
            occurrence.reason = _why_never_issued(contents[occurrence.announcement_id or ""])
            closed.append((occurrence.place_id, occurrence.id))
        await session.flush()
        return [ProgrammeChanged(place_id, "occurrence", occurrence_id) for place_id, occurrence_id in closed]


def check_rule(rule: Rule, allowance: Allowance, lasts: timedelta, now: datetime) -> None:
    """Raise Refused for a rule that never happens, or is past, or has a time outside the permitted hours."""
    check_happens(rule)
    if rule.first(now) is None:
        last = rule.last_day or rule.first_day
        raise Refused("schedules.in_the_past", time=f"{max(rule.times)} {last.isoformat()}")
    for start in rule.each_time(now).values():
        # The hours are local and so are the times: the next day of each shows what every day will bring.
        allowance.at(start).hours.check(start, start + lasts)


def _extended(schedule: Schedule, ground: Ground, window: Window) -> None:
    schedule.planned_until = window.until
    if schedule.state is ScheduleState.ACTIVE:
        plan = plan_of(schedule, ground.holidays)
        put_off = any(each.start is not None and each.start > window.now for each in plan.overrides)
        if plan.first(window.now) is None and not put_off:
            schedule.state = ScheduleState.ENDED


def _why_never_issued(content: Content) -> str:
    if content.announcement.state is not AnnouncementState.APPROVED:
        return "not_approved"
    return "items_not_approved" if content.not_approved else "too_late"


def in_place(rule: Rule, ground: Ground) -> Rule:
    """A rule with the holidays of a place, and free to name hours itself."""
    return replace(rule, holidays=ground.holidays, takes_hours=True)
