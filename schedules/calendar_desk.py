"""Schedules out to iCalendar files and in again: what a place has, and what an event of a file would be here."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from schedules import ground as grounds
from schedules.calendars import event_of
from schedules.dispatch import lasts
from schedules.ical import Event, Read, read_calendar
from schedules.issuing import Issuer
from schedules.keeping import plan_of
from schedules.models import ScheduleState
from schedules.recurrence import Rule, to_map
from schedules.repository import announcements as announcement_rows
from schedules.repository import programme as rows


@dataclass(frozen=True, slots=True)
class CalendarDesk:
    """Reads only; what is imported is made by `ProgrammeService.create_schedule`."""

    issuer: Issuer

    async def events(self, session: AsyncSession, place_id: str, now: datetime, through: date) -> list[Event]:
        """A place's running schedules, first made first; days no file can say otherwise are listed up to `through`."""
        ground = await grounds.load(session, self.issuer.devices, place_id)
        active = await rows.schedules(session, place_id, state=ScheduleState.ACTIVE)
        contents = await self.issuer.contents(session, {each.announcement_id for each in active})
        made = (
            event_of(
                plan_of(each, ground.holidays),
                each.title,
                lasts(contents[each.announcement_id].parts(each.play_class)),
                now,
                through,
            )
            for each in reversed(active)
        )
        return [event for event in made if event is not None]

    async def read(self, session: AsyncSession, place_id: str, data: bytes) -> Read:
        """The events of a file, by the clock and the holidays of a place. Raises what `ical.read_calendar` does."""
        ground = await grounds.load(session, self.issuer.devices, place_id)
        return read_calendar(data, ground.rules.zone, ground.holidays)

    async def announcement_for(self, session: AsyncSession, place_id: str, title: str, named: str = "") -> str:
        """The id of what an event announces: `named`, or the place's newest of its title that is not put away.

        Raises NotFound: announcement_unknown, announcement_untitled.
        """
        if named:
            known = await announcement_rows.one(session, named)
            if known is None or known.place_id != place_id:
                raise NotFound("schedules.announcement_unknown", id=named[:26])
            return known.id
        found = await announcement_rows.titled(session, place_id, title)
        if found is None:
            raise NotFound("schedules.announcement_untitled", title=title)
        return found.id

    async def is_there(self, session: AsyncSession, place_id: str, announcement_id: str, rule: Rule) -> bool:
        """Whether a running schedule of this announcement has this very rule."""
        wanted = to_map(rule)
        running = await rows.schedules(session, place_id, state=ScheduleState.ACTIVE)
        return any(each.announcement_id == announcement_id and each.rule == wanted for each in running)
