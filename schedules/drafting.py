"""Weeks prepared beside the one in force: drafted airing by airing, looked at, and published at once or thrown away."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.wire.audience import Audience
from schedules import drafts, weeks
from schedules.airtime import NEAR
from schedules.draft_desk import DraftDesk, Looked
from schedules.editing import Changed, Editor
from schedules.edits import Change
from schedules.ground import Ground
from schedules.models import DraftState, ProgrammeDraft
from schedules.plans import Plan
from schedules.recurrence import Rule, check_times
from schedules.repeating import Repeater
from schedules.repository import drafts as rows
from schedules.repository import programme as programme_rows
from schedules.repository.places import lock_place
from schedules.stored_plans import plan_to_map
from schedules.weeks import DAYS, Name, Week, monday_of

_log = structlog.get_logger(__name__)

NAME_LENGTH = 80
MAX_OPEN = 20
"""Drafts a place may have open."""
MAX_AHEAD = timedelta(days=366)


class Begin(StrEnum):
    """What a draft begins with: the week as it is planned, nothing, or another week's airings instead."""

    AS_PLANNED = "as_planned"
    EMPTY = "empty"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class NewAirings:
    """An announcement on some days of the week, each at the same local times "HH:MM"."""

    announcement: str
    days: tuple[date, ...]
    times: tuple[str, ...]
    audience: Audience
    volume: int = 80


@dataclass(frozen=True, slots=True)
class Drafter:
    """Works in the caller's transaction; nothing is planned before a draft is published.

    Every change takes the `revision` of the draft that was seen, and raises Conflict: stale_revision, draft_closed;
    NotFound: draft_unknown.
    """

    editor: Editor
    repeater: Repeater
    clock: Clock

    @property
    def desk(self) -> DraftDesk:
        """Where drafts are looked at."""
        return DraftDesk(self.editor.planner.issuer)

    async def look(self, session: AsyncSession, draft_id: str) -> Looked:
        """A draft with everything that is to be said of it."""
        return await self.desk.look(session, await self.find(session, draft_id), self.clock())

    async def list(self, session: AsyncSession, place_id: str, limit: int = 50) -> list[ProgrammeDraft]:
        """A place's drafts: the open ones first, then the newest."""
        return await rows.drafts(session, place_id, limit)

    async def find(self, session: AsyncSession, draft_id: str, *, lock: bool = False) -> ProgrammeDraft:
        found = await rows.draft(session, draft_id, lock=lock)
        if found is None:
            raise NotFound("schedules.draft_unknown", id=draft_id[:26])
        return found

    async def create(
        self,
        session: AsyncSession,
        place_id: str,
        *,
        name: str,
        day: date,
        begin: Begin = Begin.AS_PLANNED,
        source: date | None = None,
        user_id: str,
    ) -> ProgrammeDraft:
        """A draft of the week from Monday to Sunday that `day` lies in; with COPY as the week of `source` was.

        Raises Refused: draft_name, draft_week, copy_wrong; Conflict: drafts_count.
        """
        ground, now = await self.desk.ground(session, place_id), self.clock()
        found = await rows.drafts(session, place_id, MAX_OPEN)
        if sum(each.state is DraftState.OPEN for each in found) >= MAX_OPEN:
            raise Conflict("schedules.drafts_count", limit=MAX_OPEN)
        row = ProgrammeDraft(
            id=new_id(),
            place_id=place_id,
            name=_check_name(name),
            first_day=_check_week(day, now.astimezone(ground.rules.zone).date()),
            created_by=user_id,
            created_at=now,
            changed_at=now,
        )
        week = await self.desk.week(session, ground, row)
        if begin is Begin.EMPTY:
            week = weeks.like(week, (), (), now)
        if begin is Begin.COPY:
            week = await self._as_another(session, week, place_id, source or day, now)
        _keep(row, week)
        session.add(row)
        await session.flush()
        return row

    async def add(
        self, session: AsyncSession, draft_id: str, new: NewAirings, *, revision: int, user_id: str
    ) -> ProgrammeDraft:
        """Let something be heard in the week.

        Raises Refused: draft_days, draft_outside_week, in_the_past, times_count, time_wrong, volume_wrong,
        nobody_meant, audience_unknown; Conflict: not_approved for what was put away.
        """
        row, ground, week = await self._open(session, draft_id, revision)
        await self.desk.check_content(session, ground, new.announcement, new.audience)
        if not 1 <= len(new.days) <= DAYS:
            raise Refused("schedules.draft_days")
        for day in sorted(set(new.days)):
            rule = Rule("", day, day, check_times(new.times), ground.rules.zone, holidays=ground.holidays)
            plan = Plan(new_id(), rule, new.announcement, new.audience, new.volume)
            for start in rule.expand(*weeks.around(day, ground.rules.zone)):
                weeks.check_within(week, start)
                _check_ahead(start, self.clock(), week)
            week = weeks.with_plan(week, plan)
        return await self._write(session, row, week, user_id)

    async def change(
        self, session: AsyncSession, draft_id: str, name: Name, change: Change, *, revision: int, user_id: str
    ) -> ProgrammeDraft:
        """Let one airing be different, or not be heard. Raises what `weeks.changed` does."""
        row, ground, week = await self._open(session, draft_id, revision)
        if change.announcement is not None or change.audience is not None:
            own = next((line.airing for line in week.lines() if (line.plan, line.original) == name), None)
            about = change.announcement or (own.announcement if own is not None else "")
            whom = change.audience if change.audience is not None else own.audience if own is not None else Audience()
            await self.desk.check_content(session, ground, about, whom)
        return await self._write(session, row, weeks.changed(week, name, change, self.clock()), user_id)

    async def restore(
        self, session: AsyncSession, draft_id: str, name: Name, *, revision: int, user_id: str
    ) -> ProgrammeDraft:
        """Let one airing be as it is in force; a new one is taken out."""
        row, _, week = await self._open(session, draft_id, revision)
        return await self._write(session, row, weeks.restored(week, name), user_id)

    async def refresh(
        self, session: AsyncSession, draft_id: str, *, revision: int, user_id: str
    ) -> tuple[ProgrammeDraft, int]:
        """Take the schedules as they are now. Gives also how many airings it said something of that are no more."""
        row, _, week = await self._open(session, draft_id, revision)
        fresh, lost = weeks.refreshed(week)
        return await self._write(session, row, fresh, user_id), lost

    async def discard(self, session: AsyncSession, draft_id: str, *, user_id: str) -> ProgrammeDraft:
        """Throw a draft away; nothing else changes. Twice is once.

        Raises Conflict("schedules.draft_closed") once it is published.
        """
        row = await self.find(session, draft_id, lock=True)
        if row.state is DraftState.PUBLISHED:
            raise Conflict("schedules.draft_closed", state=row.state.value)
        if row.state is DraftState.OPEN:
            self._close(row, DraftState.DISCARDED, user_id)
            await session.flush()
        return row

    async def publish(self, session: AsyncSession, draft_id: str, *, revision: int, user_id: str) -> Changed:
        """Put all of it in force at once; one undo takes it back.

        Raises Conflict: draft_not_ready, draft_empty; and Refused for what the policy does not permit.
        """
        row = await self.find(session, draft_id, lock=True)
        await lock_place(session, row.place_id)
        locked = await programme_rows.locked_schedules(session, row.seen)
        row, ground, week = await self._open(session, draft_id, revision)
        by = await self.editor.planner.moment(session, row.place_id, self.clock(), locked)
        if not week.drafted and not week.seen:
            raise Conflict("schedules.draft_empty")
        foresee = await self.desk.foresee(session, ground, week)
        begin, end = week.span
        done = drafts.publish(
            week.draft,
            week.current,
            now=by,
            since=begin - NEAR,
            horizon=end + NEAR - by,
            judge=foresee.problems,
            by=user_id,
        )
        changed = await self.editor.put(session, ground, {each.id: each for each in locked}, done, "draft")
        self._close(row, DraftState.PUBLISHED, user_id)
        await session.flush()
        _log.info("draft.published", place=row.place_id, draft=row.id, user=user_id, schedules=len(changed.schedules))
        return changed

    async def _open(self, session: AsyncSession, draft_id: str, revision: int) -> tuple[ProgrammeDraft, Ground, Week]:
        row = await self.find(session, draft_id, lock=True)
        if row.state is not DraftState.OPEN:
            raise Conflict("schedules.draft_closed", state=row.state.value)
        if revision != row.revision:
            raise Conflict("schedules.stale_revision", seen=revision, current=row.revision)
        ground = await self.desk.ground(session, row.place_id)
        return row, ground, await self.desk.week(session, ground, row)

    async def _as_another(self, session: AsyncSession, week: Week, place_id: str, source: date, now: datetime) -> Week:
        first = monday_of(source)
        by_days = (week.first_day - first).days
        copied = await self.repeater.look(session, place_id, first, DAYS, by_days=by_days, now=now)
        return weeks.like(week, copied.plans, copied.already, now)

    async def _write(self, session: AsyncSession, row: ProgrammeDraft, week: Week, user_id: str) -> ProgrammeDraft:
        _keep(row, week)
        row.revision, row.changed_at = row.revision + 1, self.clock()
        await session.flush()
        _log.info("draft.changed", draft=row.id, user=user_id)
        return row

    def _close(self, row: ProgrammeDraft, state: DraftState, user_id: str) -> None:
        row.state, row.closed_by, row.closed_at = state, user_id, self.clock()


def _keep(row: ProgrammeDraft, week: Week) -> None:
    draft = week.draft
    row.plans, row.seen = [plan_to_map(plan) for plan in draft.plans], dict(draft.seen)


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise Refused("schedules.draft_name", limit=NAME_LENGTH)
    return name


def _check_week(day: date, today: date) -> date:
    """The Monday of its week."""
    monday = monday_of(day)
    if not today - timedelta(days=DAYS - 1) <= monday <= today + MAX_AHEAD:
        raise Refused("schedules.draft_week", days=MAX_AHEAD.days)
    return monday


def _check_ahead(start: datetime, now: datetime, week: Week) -> None:
    if start <= now:
        raise Refused("schedules.in_the_past", time=f"{start.astimezone(week.zone):%H:%M %Y-%m-%d}")
