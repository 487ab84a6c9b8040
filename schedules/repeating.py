"""A day or a week heard again on other days: its airings copied, each into a schedule of its own."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.ids import new_id
from schedules import ground as grounds
from schedules.airing_slots import AiringSlots
from schedules.content import Content
from schedules.copying import Copied, check_days, copy
from schedules.editing import Changed, Editor
from schedules.keeping import airing_of, plan_of
from schedules.models import AnnouncementState, ScheduleState
from schedules.plans import airings
from schedules.recurrence.times import span
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.undoing import Done


@dataclass(frozen=True, slots=True)
class Repeater:
    """Copies what people hear, not the rules behind it."""

    editor: Editor

    async def look(
        self, session: AsyncSession, place_id: str, first: date, days: int, *, by_days: int, now: datetime
    ) -> Copied:
        """What a copy would come to: of `days` days from `first` on, so many days later. Raises copy_wrong.

        Nothing is written; what is archived since is not heard again.
        """
        check_days(first, days, by_days)
        issuer = self.editor.planner.issuer
        ground = await grounds.load(session, issuer.devices, place_id)
        zone = ground.rules.zone
        found = await rows.standing(session, place_id, *span(first, days, zone))
        begin, end = span(first, days, zone)
        source = [airing_of(row) for row in found if row.schedule_id is not None and begin <= row.start_at < end]
        active = await rows.schedules(session, place_id, state=ScheduleState.ACTIVE)
        to = span(first + timedelta(days=by_days), days, zone)
        standing = airings([plan_of(each, ground.holidays) for each in active], *to)
        contents = await issuer.contents(session, {each.announcement for each in (*source, *standing)})
        source = [each for each in source if _may_be_heard(contents[each.announcement])]
        slot_of = AiringSlots(ground, contents).of
        return copy(source, standing, by_days=by_days, zone=zone, now=now, new_id=new_id, slot_of=slot_of)

    async def copy(
        self,
        session: AsyncSession,
        place_id: str,
        first: date,
        days: int,
        *,
        by_days: int,
        now: datetime,
        user_id: str,
    ) -> tuple[Copied, Changed]:
        """Write the copy. Raises also Conflict("schedules.copy_empty") when nothing of it would be new."""
        await lock_place(session, place_id)
        now = await self.editor.planner.moment(session, place_id, now, [])
        copied = await self.look(session, place_id, first, days, by_days=by_days, now=now)
        if not copied.plans:
            raise Conflict("schedules.copy_empty")
        ground = await grounds.load(session, self.editor.planner.issuer.devices, place_id)
        done = Done((), copied.plans, user_id, now)
        return copied, await self.editor.put(session, ground, {}, done, "copy")


def _may_be_heard(content: Content) -> bool:
    return content.announcement.state is not AnnouncementState.ARCHIVED
