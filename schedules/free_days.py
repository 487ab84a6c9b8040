"""What a place says of the public holidays, with all that follows for what is planned below it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from devices.places import PlaceTree
from schedules import approving
from schedules import ground as grounds
from schedules.calendar_vn import Holidays, Override, national, with_overrides
from schedules.following import Followed
from schedules.ground import Ground
from schedules.keeping import plan_of
from schedules.models import HolidayOverride, Schedule, ScheduleState
from schedules.planning import Planner
from schedules.plans import Planned
from schedules.repository import governing as rows
from schedules.repository import ground as place_rows
from schedules.repository.places import lock_place

YEARS = range(2000, 2101)
MAX_OVERRIDES = 300
"""Days one place may correct; what holds in a commune is those of its whole path (`calendar_vn.MAX_OVERRIDES`)."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Day:
    """A holiday, or a day taken out of them. national: what the nation celebrates; place_id: who corrected it."""

    day: date
    name: str
    free: bool
    national: str
    place_id: str = ""


@dataclass(frozen=True, slots=True)
class Airing:
    """One that is, or would be, heard, or no more."""

    schedule_id: str
    title: str
    start: datetime


@dataclass(slots=True)
class Difference:
    """What a correction does to the airings up to the horizon."""

    gone: list[Airing] = field(default_factory=list)
    new: list[Airing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FreeDays:
    """Locked are the places by id, the schedules by id, then what following them locks."""

    planner: Planner
    ahead: timedelta
    """How far ahead orders are written."""

    async def year(self, session: AsyncSession, place_id: str, year: int, language: str) -> list[Day]:
        """The holidays of a year that hold in a place, and the days that are none there, in order of time."""
        if year not in YEARS:
            raise Refused("schedules.day_wrong", day=str(year)[:10])
        own = await self._corrections(session, place_id)
        public = national(year, language)
        days = sorted({*public, *(day for day in own if day.year == year)})
        return [_day(day, public.get(day, ""), own.get(day)) for day in days]

    async def difference(
        self, session: AsyncSession, place_id: str, day: date, override: Override | None, now: datetime
    ) -> Difference:
        """What correcting a day would do to the airings ahead; None: taking the correction back. Nothing is written."""
        found = Difference()
        for ground in await self._touched(session, place_id, day):
            after = _with(ground.holidays, day, await self._then(session, ground, place_id, day, override))
            schedules = await rows.running(session, ground.place.id, today_in(ground, now))
            for schedule in filter(_minds, schedules):
                before_it = _airings(schedule, ground.holidays, now, self.planner.horizon, alive=True)
                after_it = _airings(schedule, after, now, self.planner.horizon, alive=False)
                found.gone += [_shown(schedule, each) for each in before_it if each not in after_it]
                found.new += [_shown(schedule, each) for each in after_it if each not in before_it]
        found.gone.sort(key=lambda each: (each.start, each.title))
        found.new.sort(key=lambda each: (each.start, each.title))
        return found

    async def put(
        self, session: AsyncSession, place_id: str, day: date, override: Override | None, *, now: datetime, user_id: str
    ) -> list[Followed]:
        """Correct a day, or take the correction back, and let what is ahead follow. Twice is once.

        Raises Refused: holiday_name, holidays_wrong, day_wrong.
        """
        await approving.path_of(session, place_id)
        if day.year not in YEARS:
            raise Refused("schedules.day_wrong", day=str(day))
        touched = await self._touched(session, place_id, day)
        for each in sorted({place_id, *(ground.place.id for ground in touched)}):
            await lock_place(session, each)
        for ground in touched:
            await rows.running(session, ground.place.id, today_in(ground, now), lock=True)
        await self._write(session, place_id, day, override)
        done = [await self._follow(session, ground.place.id, now) for ground in touched]
        _log.info("holiday.changed", place=place_id, day=str(day), user=user_id)
        return done

    async def own(self, session: AsyncSession, place_id: str, day: date) -> HolidayOverride | None:
        """What a place itself says of a day."""
        return await rows.holiday(session, place_id, day)

    async def _corrections(self, session: AsyncSession, place_id: str) -> dict[date, HolidayOverride]:
        """Day → what is said of it by the nearest place."""
        path = await approving.path_of(session, place_id)
        found = await place_rows.holidays(session, path)
        return {row.day: row for row in sorted(found, key=lambda row: path.index(row.place_id), reverse=True)}

    async def _touched(self, session: AsyncSession, place_id: str, day: date) -> list[Ground]:
        """The places with schedules for which this place has the word on a day."""
        places = await place_rows.around(session, place_id)
        tree = PlaceTree.of(places)
        below = [place_id, *(tree.descendants(place_id) if place_id in tree else ())]
        said = {row.place_id for row in await place_rows.holidays(session, below) if row.day == day}
        governed = [each for each in below if _nearest(tree, each, said, place_id) == place_id]
        busy = await rows.with_schedules(session, governed)
        return [await grounds.load(session, self.planner.issuer.devices, each) for each in busy]

    async def _then(
        self, session: AsyncSession, ground: Ground, place_id: str, day: date, override: Override | None
    ) -> Override | None:
        """What holds on the day once this is said: without it, what those above say."""
        if override is not None:
            return override
        path = ground.tree.path(ground.place.id)
        above = path[path.index(place_id) + 1 :]
        found = [row for row in await place_rows.holidays(session, above) if row.day == day]
        nearest = min(found, key=lambda row: above.index(row.place_id), default=None)
        return None if nearest is None else Override(day, nearest.name, nearest.free)

    async def _write(self, session: AsyncSession, place_id: str, day: date, override: Override | None) -> None:
        row = await rows.holiday(session, place_id, day)
        if override is None:
            if row is not None:
                await session.delete(row)
        else:
            if row is None and await rows.count_holidays(session, place_id) >= MAX_OVERRIDES:
                raise Refused("schedules.holidays_wrong", limit=MAX_OVERRIDES)
            kept = row or HolidayOverride(place_id=place_id, day=day, name="")
            kept.name, kept.free = override.name.strip(), override.free
            session.add(kept)
        await session.flush()

    async def _follow(self, session: AsyncSession, place_id: str, now: datetime) -> Followed:
        ground = await grounds.load(session, self.planner.issuer.devices, place_id)
        found = await rows.running(session, place_id, today_in(ground, now), lock=True)
        schedules = [each for each in found if _minds(each)]
        for each in schedules:
            if each.state is ScheduleState.ENDED and plan_of(each, ground.holidays).first(now) is not None:
                each.state = ScheduleState.ACTIVE
        running = [each for each in schedules if each.state is ScheduleState.ACTIVE]
        followed = await self.planner.extend(session, ground, running, now)
        instead = [row.id for row in followed.instead]
        await self.planner.issuer.issue_these(session, ground, instead, now + self.ahead)
        return followed


def today_in(ground: Ground, now: datetime) -> date:
    """The day it is in a place."""
    return now.astimezone(ground.rules.zone).date()


def _nearest(tree: PlaceTree, place_id: str, said: set[str], or_this: str) -> str | None:
    return next((each for each in tree.path(place_id) if each in said or each == or_this), None)


def _with(holidays: Holidays, day: date, override: Override | None) -> Holidays:
    others = [each for each in holidays.overrides if each.day != day]
    return with_overrides(others if override is None else [*others, override])


def _minds(schedule: Schedule) -> bool:
    """Whether holidays mean anything to a schedule."""
    return bool(schedule.rule.get("on_holidays"))


def _airings(
    schedule: Schedule, holidays: Holidays, now: datetime, horizon: timedelta, *, alive: bool
) -> Sequence[Planned]:
    """Those ahead; `alive`: none of a schedule that has ended."""
    if alive and schedule.state is not ScheduleState.ACTIVE:
        return ()
    return [each for each in plan_of(schedule, holidays).airings(now, now + horizon) if each.start > now]


def _shown(schedule: Schedule, airing: Planned) -> Airing:
    return Airing(schedule.id, schedule.title, airing.start)


def _day(day: date, public: str, own: HolidayOverride | None) -> Day:
    if own is None:
        return Day(day, public, free=True, national=public)
    return Day(day, own.name, free=own.free, national=public, place_id=own.place_id)
