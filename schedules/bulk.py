"""One change of many schedules, or of chosen airings of them: its effect shown first, then all of it or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from schedules import ground as grounds
from schedules.airing_slots import AiringSlots
from schedules.airtime import NEAR
from schedules.composing import check_announceable
from schedules.content import Content
from schedules.drafts import Problem
from schedules.editing import Changed, Editor
from schedules.foreseeing import Foresight, Meeting, names
from schedules.ground import Ground
from schedules.keeping import plan_of
from schedules.many import ForMany, of_airings, of_schedule
from schedules.models import Schedule, ScheduleState
from schedules.plans import Plan, Planned, airings
from schedules.recurrence.times import day_begins
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.undoing import MAX_BULK, Bulk, Done, change_many

LOOKED = timedelta(days=7)
"""How far ahead the effect is judged before it is confirmed; all up to the horizon is when it is carried out."""
SHOWN = timedelta(days=35)
MAX_AIRINGS = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """Schedules as a whole, or some airings of each. revisions: of the schedules as they were seen, as far as said.

    Raises Refused("schedules.bulk_count").
    """

    schedules: Mapping[str, tuple[datetime, ...]]
    revisions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        many = sum(len(each) for each in self.schedules.values())
        if not 1 <= len(self.schedules) <= MAX_BULK or many > MAX_AIRINGS:
            raise Refused("schedules.bulk_count", limit=MAX_BULK)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to one schedule in the time ahead. gone: heard no more; refusal: why it cannot be."""

    schedule: Schedule
    gone: tuple[Planned, ...] = ()
    new: tuple[Planned, ...] = ()
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """The effect of a change on everything chosen. problems: what would be refused; meetings: what would clash."""

    each: tuple[Effect, ...]
    contents: Mapping[str, Content]
    problems: tuple[Problem, ...]
    meetings: tuple[Meeting, ...]
    ground: Ground

    @property
    def possible(self) -> bool:
        return not self.problems and all(effect.refusal is None for effect in self.each)


@dataclass(frozen=True, slots=True)
class BulkEditor:
    """Works in the caller's transaction. Schedules are locked in the order of their ids."""

    editor: Editor
    clock: Clock

    async def look(self, session: AsyncSession, place_id: str, chosen: Chosen, what: ForMany) -> Effects:
        """What it would come to; nothing is written. Raises NotFound: schedule_unknown, announcement_unknown;
        Refused: audience_unknown, nobody_meant.
        """
        ground = await grounds.load(session, self.editor.planner.issuer.devices, place_id)
        active = await rows.schedules(session, place_id, state=ScheduleState.ACTIVE)
        mine = _chosen_of(active, chosen)
        await self._check_content(session, ground, what)
        now = self.clock()
        tried = _tried(mine, ground, chosen, what, now)
        effects = tuple(_effect(each, ground, tried, now, _end_of(what, ground, now)) for each in mine)
        others = [plan_of(each, ground.holidays) for each in active if each.id not in tried.changed]
        plans = [*others, *(plan for plans in tried.changed.values() for plan in plans)]
        ahead = airings(plans, now - NEAR, now + LOOKED + NEAR)
        new = names(airing for effect in effects for airing in effect.new if airing.start < now + LOOKED)
        gone = {each.announcement for effect in effects for each in effect.gone}
        contents = await self.editor.planner.issuer.contents(session, {each.announcement for each in ahead} | gone)
        foresight = Foresight(AiringSlots(ground, contents), ahead, new)
        problems = (*foresight.violations(), *foresight.nobody())
        return Effects(effects, contents, problems, foresight.meetings(), ground)

    async def change(
        self, session: AsyncSession, place_id: str, chosen: Chosen, what: ForMany, *, user_id: str
    ) -> Changed:
        """Carry it out on all of them, or on none; one undo takes it back.

        Raises Conflict: bulk_refused, stale_revision; what `look` raises; Refused for what the policy does not permit.
        """
        await lock_place(session, place_id)
        ground = await grounds.load(session, self.editor.planner.issuer.devices, place_id)
        locked = _chosen_of(await rows.locked_schedules(session, chosen.schedules), chosen, place_id)
        _check_revisions(locked, chosen)
        await self._check_content(session, ground, what)
        by = await self.editor.planner.moment(session, place_id, self.clock(), locked)
        tried = _tried(locked, ground, chosen, what, by)
        after = tried.complete()
        by_id = {each.id: each for each in locked}
        sources = {plan.id: by_id[name] for name, plans in tried.changed.items() for plan in plans}
        before = tuple(plan_of(each, ground.holidays) for each in locked)
        return await self.editor.put(session, ground, by_id, Done(before, after, user_id, by), "bulk", sources=sources)

    async def _check_content(self, session: AsyncSession, ground: Ground, what: ForMany) -> None:
        if what.audience is not None:
            ground.check(what.audience)
        if what.announcement is None:
            return
        contents = await self.editor.planner.issuer.contents(session, {what.announcement})
        check_announceable(contents.get(what.announcement), ground.place.id, what.announcement)


def _chosen_of(found: Sequence[Schedule], chosen: Chosen, place_id: str = "") -> list[Schedule]:
    """Those that were chosen and still run. Raises NotFound for another one."""
    running = {
        each.id: each for each in found if each.state is ScheduleState.ACTIVE and place_id in {"", each.place_id}
    }
    missing = chosen.schedules.keys() - running.keys()
    if missing:
        raise NotFound("schedules.schedule_unknown", id=min(missing)[:26])
    return [running[name] for name in sorted(chosen.schedules)]


def _check_revisions(locked: Iterable[Schedule], chosen: Chosen) -> None:
    for each in locked:
        seen = chosen.revisions.get(each.id, each.revision)
        if seen != each.revision:
            raise Conflict("schedules.stale_revision", seen=seen, current=each.revision)


def _tried(schedules: Iterable[Schedule], ground: Ground, chosen: Chosen, what: ForMany, now: datetime) -> Bulk:
    """The change tried on each plan."""

    def change(plan: Plan) -> tuple[Plan, ...]:
        originals = chosen.schedules[plan.id]
        if originals:
            return of_airings(plan, originals, what, now=now)
        return of_schedule(plan, what, now=now, new_ids=_ids())

    return change_many([plan_of(each, ground.holidays) for each in schedules], change)


def _ids() -> Iterator[str]:
    while True:
        yield new_id()


def _end_of(what: ForMany, ground: Ground, now: datetime) -> datetime:
    """Until when the effect is shown: past the last day of those called off."""
    if what.off is None:
        return now + SHOWN
    last = day_begins(what.off[1], ground.rules.zone)
    return max(now + SHOWN, last + timedelta(days=2))


def _effect(schedule: Schedule, ground: Ground, tried: Bulk, now: datetime, end: datetime) -> Effect:
    if schedule.id in tried.refused:
        return Effect(schedule, refusal=tried.refused[schedule.id])
    begin = now + timedelta.resolution
    was = plan_of(schedule, ground.holidays).airings(begin, end)
    will = airings(tried.changed[schedule.id], begin, end)
    before, after = {_heard(each) for each in was}, {_heard(each) for each in will}
    gone = tuple(each for each in was if _heard(each) not in after)
    return Effect(schedule, gone, tuple(each for each in will if _heard(each) not in before))


def _heard(airing: Planned) -> tuple[datetime, str, str, int]:
    return airing.start, airing.announcement, repr(airing.audience), airing.volume
