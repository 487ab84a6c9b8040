"""Schedules and their occurrences up to the horizon."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from base.ids import new_id
from schedules import planner
from schedules.changes import ProgrammeChanged
from schedules.content import Content
from schedules.dispatch import with_times
from schedules.issuing import Issuer, latest_start
from schedules.models import Announcement, AnnouncementState, Occurrence, OccurrenceState, Schedule, ScheduleState
from schedules.policy import Rules
from schedules.recurrence import Rule
from schedules.repository import programme as rows

BATCH = 100
"""How many schedules one transaction extends, and how many missed occurrences it closes."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Keeps the occurrences equal to the rules, in the caller's transaction."""

    issuer: Issuer
    horizon: timedelta

    async def plan(self, session: AsyncSession, now: datetime) -> int:
        """Bring every schedule's occurrences up to the horizon. Gives how many rows are new."""
        short = await rows.short_of(session, now + self.horizon - planner.SLACK, BATCH)
        return await self.extend(session, short, now)

    async def extend(self, session: AsyncSession, schedules: Sequence[Schedule], now: datetime) -> int:
        """Add what the rules of these schedules ask for, and call off what they no longer do."""
        present = await rows.starts(session, {schedule.id for schedule in schedules}, now)
        contents = await self.issuer.contents(session, {schedule.announcement_id for schedule in schedules})
        new: list[Occurrence] = []
        for schedule in schedules:
            wanted = rule_of(schedule).expand(now, now + self.horizon)
            changes = planner.differences(present[schedule.id], wanted)
            if changes.drop:
                await rows.call_off_planned(session, schedule.id, "no_longer_planned", after=now, at=changes.drop)
            new += _occurrences(schedule, contents[schedule.announcement_id], changes.add, now)
            self._extended(schedule, wanted, now)
        await session.flush()
        return await rows.add_new(session, new)

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

    def _extended(self, schedule: Schedule, wanted: Sequence[datetime], now: datetime) -> None:
        schedule.planned_until = now + self.horizon
        if not wanted and rule_of(schedule).first(now) is None:
            schedule.state = ScheduleState.ENDED


def _why_never_issued(content: Content) -> str:
    if content.announcement.state is not AnnouncementState.APPROVED:
        return "not_approved"
    return "items_not_approved" if content.not_approved else "too_late"


def rule_of(schedule: Schedule) -> Rule:
    """The rule of a schedule as it is kept."""
    zone = ZoneInfo(schedule.zone_name)
    return Rule(schedule.rrule, schedule.first_day, schedule.last_day, tuple(schedule.times), zone)


def check_rule(rule: Rule, rules: Rules, lasts: timedelta, now: datetime) -> None:
    """Raise Refused for a rule that never happens, or is past, or has a time outside the permitted hours."""
    if rule.first(now) is None:
        if not rule.ever():
            raise Refused("schedules.rule_never", rule=rule.rrule)
        last = rule.last_day or rule.first_day
        raise Refused("schedules.in_the_past", time=f"{max(rule.times)} {last.isoformat()}")
    for time in rule.times:
        # The hours are local and so are the times: the next day of each shows what every day will bring.
        start = Rule(rule.rrule, rule.first_day, rule.last_day, (time,), rule.zone).first(now)
        if start is not None:
            rules.check(start, start + lasts)


def _occurrences(schedule: Schedule, content: Content, starts: Iterable[datetime], now: datetime) -> list[Occurrence]:
    parts = content.parts(schedule.play_class)
    return [with_times(_occurrence(schedule, content.announcement, start, now), parts) for start in starts]


def _occurrence(schedule: Schedule, about: Announcement, start: datetime, now: datetime) -> Occurrence:
    return Occurrence(
        id=new_id(),
        place_id=schedule.place_id,
        schedule_id=schedule.id,
        announcement_id=about.id,
        title=schedule.title,
        start_at=start,
        ends_at=start,
        expires_at=start + timedelta(seconds=schedule.late_s),
        play_class=schedule.play_class,
        level=about.level,
        audience=schedule.audience,
        volume=schedule.volume,
        preempted=schedule.preempted,
        late_s=schedule.late_s,
        created_by=schedule.created_by,
        created_at=now,
    )
