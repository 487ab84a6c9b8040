"""The changes of a place's programme, and what undoing the last of them would come to; nothing is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, LoaError
from schedules import ground as grounds
from schedules.differences import Aired, Difference, differences
from schedules.ground import Ground
from schedules.keeping import plan_of
from schedules.models import ProgrammeChange
from schedules.planning import Planner
from schedules.plans import Plan, airings
from schedules.repository import changes as rows
from schedules.stored_plans import plan_from_map
from schedules.undoing import Done, undo


@dataclass(frozen=True, slots=True)
class Offer:
    """The last change that stands, what would be heard otherwise if it were taken back, and why it cannot be."""

    change: ProgrammeChange
    differences: tuple[Difference, ...] = ()
    refusal: LoaError | None = None

    def touches(self, schedule_id: str | None) -> bool:
        """Whether it changed this schedule, or made it."""
        return any(each["id"] == schedule_id for each in (*self.change.before, *self.change.after))


@dataclass(frozen=True, slots=True)
class History:
    """Looks back, and says what can be taken back."""

    planner: Planner

    async def changes(self, session: AsyncSession, place_id: str, limit: int) -> list[ProgrammeChange]:
        """The last changes of a place, latest first, those that were taken back too."""
        return await rows.changes(session, place_id, limit)

    async def offer(self, session: AsyncSession, place_id: str, now: datetime) -> Offer | None:
        """What undoing would take back, up to the horizon; None when there is nothing.

        Whether the policy would permit it is only known when it is done.
        """
        last = await rows.standing_change(session, place_id)
        if last is None:
            return None
        ground = await grounds.load(session, self.planner.issuer.devices, place_id)
        before, after = _plans(last.before, ground), _plans(last.after, ground)
        found = await rows.schedules(session, {plan.id for plan in (*before, *after)})
        current = {each.id: plan_of(each, ground.holidays) for each in found}
        by = await self.planner.moment(session, place_id, now, found)
        try:
            undo(Done(before, after, last.by, last.at), {plan.id: current[plan.id] for plan in after}, by)
        except Conflict as refusal:
            return Offer(last, refusal=refusal)
        end, zone = by + self.planner.horizon, ground.rules.zone
        contents = await self.planner.issuer.contents(session, _announced((*before, *after)))
        titles = {name: content.announcement.title for name, content in contents.items()}
        own = {each.id: (each.announcement_id, each.title) for each in found}
        was, now_heard = (_heard(plans, titles, own, by, end) for plans in (before, after))
        return Offer(last, differences(now_heard, was, zone))


def _plans(stored: Iterable[Mapping[str, object]], ground: Ground) -> tuple[Plan, ...]:
    return tuple(plan_from_map(each, ground.holidays) for each in stored)


def _announced(plans: Sequence[Plan]) -> set[str | None]:
    found = [(plan.announcement, *(each.announcement for each in plan.overrides)) for plan in plans]
    return {each for some in found for each in some}


def _heard(
    plans: Iterable[Plan],
    titles: Mapping[str, str],
    own: Mapping[str, tuple[str, str]],
    start: datetime,
    end: datetime,
) -> list[Aired]:
    """Named as their rows are: after the schedule, unless an airing announces something else."""
    named = {plan: {announcement: title} for plan, (announcement, title) in own.items()}
    return [
        Aired(
            start=each.start,
            title=named.get(each.plan, {}).get(each.announcement) or titles.get(each.announcement, ""),
            announcement=each.announcement,
            audience=each.audience,
            volume=each.volume,
            preempted=each.preempted,
        )
        for each in airings(plans, start, end)
        if each.start > start
    ]
