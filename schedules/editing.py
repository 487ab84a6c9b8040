"""Changes of schedules as people make them, each in one transaction with all that follows from it, and undone again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound
from base.ids import new_id
from schedules import ground as grounds
from schedules.composing import check_announceable
from schedules.content import Content
from schedules.dispatch import lasts
from schedules.edits import Change, Edited, Scope, edit
from schedules.following import Followed
from schedules.ground import Ground
from schedules.keeping import keep, plan_of
from schedules.models import (
    Announcement,
    ProgrammeChange,
    Schedule,
    ScheduleState,
)
from schedules.planning import Planner, check_rule, in_place
from schedules.plans import Override, Plan
from schedules.repository import decisions
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.splitting import old_part
from schedules.stored_plans import plan_from_map, plan_to_map
from schedules.undoing import Done, undo

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to: its record, the schedules as they are now, what became of their occurrences.

    dropped: exceptions that a new rule gave up.
    """

    change: ProgrammeChange
    schedules: tuple[Schedule, ...]
    followed: Followed
    dropped: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Editor:
    """Writes what the pure changes give. Locked are first the schedules, by id, then occurrences, then the log."""

    planner: Planner
    ahead: timedelta
    """How far ahead orders are written."""

    async def edit(
        self,
        session: AsyncSession,
        schedule_id: str,
        original: datetime,
        scope: Scope,
        change: Change,
        *,
        revision: int | None,
        now: datetime,
        user_id: str,
    ) -> Changed:
        """Change one airing, it and all that follow, or all still to come. Raises what `edits.edit` does.

        Also Conflict("schedules.stale_revision"), and Refused for what cannot be heard like that.
        """
        [schedule] = await self._locked(session, [schedule_id])
        if revision is not None and revision != schedule.revision:
            raise Conflict("schedules.stale_revision", seen=revision, current=schedule.revision)
        _check_alive(schedule, original)
        ground = await grounds.load(session, self.planner.issuer.devices, schedule.place_id)
        contents = await self._check_content(session, schedule, ground, change)
        if change.rule is not None:
            change = replace(change, rule=in_place(change.rule, ground))
        by = await self.planner.moment(session, schedule.place_id, now, [schedule])
        before = plan_of(schedule, ground.holidays)
        edited = edit(before, original, scope, change, now=by, new_id=new_id())
        self._check_times(edited, before, ground, contents, by)
        done = Done((before,), edited.plans, user_id, by)
        made = await self.put(session, ground, {schedule.id: schedule}, done, scope.value, source=schedule)
        return Changed(made.change, made.schedules, made.followed, edited.dropped)

    async def end(self, session: AsyncSession, schedule: Schedule, *, now: datetime, user_id: str) -> None:
        """Let a schedule, locked by the caller, have nothing ahead any more; its occurrences are the caller's."""
        plan = plan_of(schedule)
        over = old_part(plan, now + timedelta.resolution, now)
        keep(schedule, over)
        schedule.state, schedule.revision = ScheduleState.ENDED, schedule.revision + 1
        self.record(session, schedule.place_id, Done((plan,), (over,), user_id, now), "end")

    async def undo(
        self, session: AsyncSession, place_id: str, *, change_id: str | None = None, now: datetime, user_id: str
    ) -> Changed:
        """Take back the last change of a place that was not taken back yet; `change_id`: the one that was seen.

        Raises NotFound("schedules.undo_nothing"), Conflict: undo_changed, undo_aired.
        """
        await lock_place(session, place_id)
        last = await rows.last_change(session, place_id)
        if last is None:
            raise NotFound("schedules.undo_nothing")
        if change_id is not None and last.id != change_id:
            raise Conflict("schedules.undo_changed")
        ground = await grounds.load(session, self.planner.issuer.devices, place_id)
        before, after = (
            tuple(plan_from_map(each, ground.holidays) for each in plans) for plans in (last.before, last.after)
        )
        locked = await self._locked(session, {plan.id for plan in (*before, *after)})
        current = {schedule.id: plan_of(schedule, ground.holidays) for schedule in locked}
        by = await self.planner.moment(session, place_id, now, locked)
        left = {plan.id: current[plan.id] for plan in after}
        back = undo(Done(before, after, last.by, last.at), left, by)
        for schedule in locked:
            if schedule.id in back.remove:
                schedule.state = ScheduleState.ENDED
        last.undone_at = now
        by_id = {schedule.id: schedule for schedule in locked}
        schedules = await self._write(session, by_id, back.put, source=None, sources={}, now=now, user_id=user_id)
        followed = await self._follow(session, ground, [*by_id.values()], now)
        _log.info("programme.undone", place=place_id, change=last.id, user=user_id)
        return Changed(last, schedules, followed)

    async def put(
        self,
        session: AsyncSession,
        ground: Ground,
        locked: Mapping[str, Schedule],
        done: Done,
        what: str,
        *,
        source: Schedule | None = None,
        sources: Mapping[str, Schedule] | None = None,
    ) -> Changed:
        """Put a change in force: plans, its record, occurrences, and the orders of what takes an issued one's place.

        source, or by new plan sources: what new schedules follow from; without one they are named after what they
        announce.
        """
        schedules = await self._write(
            session, locked, done.after, source=source, sources=sources or {}, now=done.at, user_id=done.by
        )
        change = self.record(session, ground.place.id, done, what)
        followed_by = ((plan.id, (sources or {}).get(plan.id, source)) for plan in done.after if plan.id not in locked)
        goes_on = [(follows.id, name) for name, follows in followed_by if follows is not None]
        await decisions.carry(session, ground.place.id, goes_on)
        touched = {**locked, **{schedule.id: schedule for schedule in schedules}}
        followed = await self._follow(session, ground, list(touched.values()), done.at)
        _log.info("programme.changed", place=ground.place.id, what=what, user=done.by, schedules=len(schedules))
        return Changed(change, schedules, followed)

    def record(self, session: AsyncSession, place_id: str, done: Done, what: str) -> ProgrammeChange:
        """Keep what was done, so that it can be taken back."""
        change = ProgrammeChange(
            id=new_id(),
            place_id=place_id,
            what=what,
            before=[plan_to_map(plan) for plan in done.before],
            after=[plan_to_map(plan) for plan in done.after],
            by=done.by,
            at=done.at,
        )
        session.add(change)
        return change

    async def _follow(
        self, session: AsyncSession, ground: Ground, schedules: Sequence[Schedule], now: datetime
    ) -> Followed:
        followed = await self.planner.extend(session, ground, schedules, now, refuse=True)
        instead = [row.id for row in followed.instead]
        await self.planner.issuer.issue_these(session, ground, instead, now + self.ahead)
        return followed

    async def _locked(self, session: AsyncSession, schedule_ids: Sequence[str] | set[str]) -> list[Schedule]:
        found = await rows.locked_schedules(session, schedule_ids)
        missing = set(schedule_ids).difference(schedule.id for schedule in found)
        if missing:
            raise NotFound("schedules.schedule_unknown", id=min(missing))
        return found

    async def _check_content(
        self, session: AsyncSession, schedule: Schedule, ground: Ground, change: Change
    ) -> Mapping[str, Content]:
        """What the schedule and the change announce. Raises Refused for what a place cannot announce, or to nobody."""
        if change.audience is not None:
            ground.check(change.audience)
        wanted = {schedule.announcement_id, change.announcement}
        contents = await self.planner.issuer.contents(session, wanted)
        if change.announcement is not None:
            check_announceable(contents.get(change.announcement), schedule.place_id, change.announcement)
        return contents

    def _check_times(
        self, edited: Edited, before: Plan, ground: Ground, contents: Mapping[str, Content], now: datetime
    ) -> None:
        """Raise Refused for a time outside the permitted hours, also beyond the horizon."""
        known = {each.start for each in before.overrides}
        for plan in edited.plans:
            content = contents.get(plan.announcement)
            long = timedelta() if content is None else lasts(content.parts(content.announcement.play_class))
            if plan.rule != before.rule and plan.first(now) is not None and _says_other_times(plan, before):
                check_rule(plan.rule, ground.allowance, long, max(filter(None, (now, plan.since))))
            for start in {each.start for each in plan.overrides} - known:
                if start is not None:
                    ground.hours_at(start).check(start, start + long)

    async def _write(
        self,
        session: AsyncSession,
        locked: Mapping[str, Schedule],
        plans: Sequence[Plan],
        *,
        source: Schedule | None,
        sources: Mapping[str, Schedule],
        now: datetime,
        user_id: str,
    ) -> tuple[Schedule, ...]:
        """Keep each plan in its schedule's row, or in a new one. What is kept is active again."""
        were = {each.announcement_id for each in (*locked.values(), *sources.values(), *([source] if source else ()))}
        contents = await self.planner.issuer.contents(session, {plan.announcement for plan in plans} | were)
        written = []
        for plan in plans:
            about = contents[plan.announcement].announcement
            follows = sources.get(plan.id, source)
            schedule = locked.get(plan.id) or _new(plan, follows, about, now=now, user_id=user_id)
            if schedule.announcement_id != plan.announcement:
                schedule.play_class = about.play_class
                if schedule.title == contents[schedule.announcement_id].announcement.title:
                    schedule.title = about.title
            session.add(schedule)
            keep(schedule, plan)
            schedule.state, schedule.revision = ScheduleState.ACTIVE, schedule.revision + 1
            written.append(schedule)
        await session.flush()
        return tuple(written)


def _check_alive(schedule: Schedule, original: datetime) -> None:
    """Raise NotFound for a schedule that was ended, or whose making was undone: nothing of it is to be heard again."""
    if schedule.state is ScheduleState.ENDED:
        at = original.astimezone(ZoneInfo(schedule.zone_name))
        raise NotFound("schedules.airing_gone", time=at.isoformat(timespec="minutes"))


def _new(plan: Plan, source: Schedule | None, about: Announcement, *, now: datetime, user_id: str) -> Schedule:
    """A schedule for a plan that has none yet; `source`: the one it goes on from."""
    schedule = Schedule(
        id=plan.id,
        place_id=about.place_id,
        announcement_id=plan.announcement,
        title=about.title,
        rule={},
        play_class=about.play_class,
        revision=0,
        created_by=user_id,
        created_at=now,
    )
    if source is not None:
        schedule.follows_id, schedule.announcement_id = source.id, source.announcement_id
        schedule.title, schedule.play_class = source.title, source.play_class
        schedule.late_s = source.late_s
    return schedule


def _says_other_times(plan: Plan, before: Plan) -> bool:
    """Whether it is heard at other times than those that lack some: then nothing new needs to be permitted."""
    own = plan.rule
    bounded = replace(before.rule, first_day=own.first_day, last_day=own.last_day, removed=own.removed)
    return bounded != own
