"""Drafted weeks read: what each airing is to be, and everything that keeps a draft from being published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from devices.wire.audience import Audience
from schedules import drafts, weeks
from schedules import ground as grounds
from schedules.airing_slots import AiringSlots
from schedules.airtime import NEAR
from schedules.composing import check_announceable
from schedules.content import Content
from schedules.drafts import Problem, Standing
from schedules.foreseeing import Foresight, Meeting, names
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.keeping import plan_of
from schedules.models import Announcement, AnnouncementState, DraftState, ProgrammeDraft, ScheduleState
from schedules.plans import Planned
from schedules.repository import drafts as rows
from schedules.repository import programme as programme_rows
from schedules.stored_plans import plan_from_map
from schedules.weeks import Fate, Line, Week


@dataclass(frozen=True, slots=True)
class Looked:
    """A draft as it stands. problems: what keeps it from being published.

    waiting: what it announces and nobody approved; meetings: where its airings meet others;
    stale: schedules changed since it was drafted.
    """

    row: ProgrammeDraft
    week: Week
    lines: tuple[Line, ...]
    contents: Mapping[str, Content]
    problems: tuple[Problem, ...]
    meetings: tuple[Meeting, ...]
    waiting: tuple[Announcement, ...]
    stale: tuple[str, ...]
    ground: Ground


@dataclass(frozen=True)
class Foresee:
    """Judges what the draft makes new, without what a person has called off."""

    slots: AiringSlots
    week: Week

    @cached_property
    def fresh(self) -> frozenset[str]:
        made = (line.will for line in self.week.lines() if line.fate in {Fate.NEW, Fate.CHANGED})
        return names(each for each in made if each is not None)

    def problems(self, ahead: Sequence[Planned]) -> list[Problem]:
        """What stands against the new ones among all airings of the week and of the days beside it."""
        foresight = self.among(ahead)
        found = (foresight.violations(), foresight.undecided(), foresight.unheard(), foresight.nobody())
        return [problem for some in found for problem in some]

    def among(self, ahead: Sequence[Planned]) -> Foresight:
        heard = [each for each in ahead if (each.plan, each.original) not in self.week.silent]
        return Foresight(self.slots, heard, self.fresh)


@dataclass(frozen=True, slots=True)
class DraftDesk:
    """Reads only."""

    issuer: Issuer

    async def ground(self, session: AsyncSession, place_id: str) -> Ground:
        return await grounds.load(session, self.issuer.devices, place_id)

    async def week(self, session: AsyncSession, ground: Ground, row: ProgrammeDraft) -> Week:
        active = await programme_rows.schedules(session, row.place_id, state=ScheduleState.ACTIVE)
        plans = [plan_from_map(each, ground.holidays) for each in row.plans]
        week = Week(
            first_day=row.first_day,
            zone=ground.rules.zone,
            current={each.id: Standing(plan_of(each, ground.holidays), each.revision) for each in active},
            drafted={plan.id: plan for plan in plans},
            seen=dict(row.seen),
        )
        off = await rows.called_off(session, row.place_id, *week.span)
        return weeks.loaded(replace(week, silent=frozenset(off)))

    async def check_content(self, session: AsyncSession, ground: Ground, announcement: str, whom: Audience) -> None:
        """Raise Refused for what the place cannot announce, or for nobody."""
        ground.check(whom)
        contents = await self.issuer.contents(session, {announcement})
        check_announceable(contents.get(announcement), ground.place.id, announcement)

    async def foresee(self, session: AsyncSession, ground: Ground, week: Week) -> Foresee:
        begin, end = week.span
        plans = [*(each.plan for each in week.current.values()), *week.drafted.values()]
        ahead = [airing for plan in plans for airing in plan.airings(begin - NEAR, end + NEAR)]
        contents = await self.issuer.contents(session, {each.announcement for each in ahead})
        return Foresee(AiringSlots(ground, contents), week)

    async def look(self, session: AsyncSession, row: ProgrammeDraft, now: datetime) -> Looked:
        """A draft with everything that is to be said of it."""
        ground = await self.ground(session, row.place_id)
        week = await self.week(session, ground, row)
        foresee = await self.foresee(session, ground, week)
        found = _problems(foresee, now) if row.state is DraftState.OPEN else ()
        lines, contents = week.lines(), foresee.slots.contents
        stale = tuple(each.plan for each in found if each.refusal.code == "schedules.stale_revision")
        heard = [line.will for line in lines if line.will is not None]
        fresh = [each.announcement for each in heard if names([each]) <= foresee.fresh]
        return Looked(
            row=row,
            week=week,
            lines=lines,
            contents=contents,
            problems=found,
            meetings=() if stale else foresee.among(heard).meetings(),
            waiting=_waiting(contents, fresh),
            stale=stale,
            ground=ground,
        )


def _problems(foresee: Foresee, now: datetime) -> tuple[Problem, ...]:
    begin, end = foresee.week.span
    found = drafts.problems(
        foresee.week.draft,
        foresee.week.current,
        now=now,
        since=begin - NEAR,
        horizon=end + NEAR - now,
        judge=foresee.problems,
    )
    return tuple(sorted(found, key=lambda each: (each.original is None, each.original or now)))


def _waiting(contents: Mapping[str, Content], fresh: Collection[str]) -> tuple[Announcement, ...]:
    """The announcements, and those in sessions, that nobody approved; each once."""
    asked = [each for name in dict.fromkeys(fresh) for each in (contents[name].announcement, *contents[name].contains)]
    unheard = {each.id: each for each in asked if each.state is not AnnouncementState.APPROVED}
    return tuple(unheard.values())
