"""Changes tried before they are made: done in a savepoint, looked at, taken back; nothing is ordered or told."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from schedules.conflicts import Overlap
from schedules.copying import Copied
from schedules.differences import Aired, Difference, differences
from schedules.dispatch import read_audience
from schedules.editing import Editor
from schedules.edits import Change, Scope
from schedules.hearing import Listening
from schedules.models import Occurrence, OccurrenceState
from schedules.plans import Preempted
from schedules.recurrence import parse_time
from schedules.recurrence.times import moment
from schedules.repeating import Repeater
from schedules.repository import changes as rows


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two airings that would sound at once: one that the change brings or alters, and the other.

    clusters: how many hear both; none when they only share transmitters. wins: the title of the one of higher class.
    """

    start: datetime
    end: datetime
    title: str
    other: str
    clusters: int
    wins: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would come to, in plain values. dropped: moments of the exceptions that a new rule gives up."""

    differences: tuple[Difference, ...]
    meetings: tuple[Meeting, ...] = ()
    dropped: tuple[datetime, ...] = ()

    @property
    def ordered(self) -> int:
        """How many airings that the speakers have would be cancelled by signed orders."""
        return sum(each.before is not None and each.before.ordered for each in self.differences)


@dataclass(frozen=True, slots=True)
class CopyEffect:
    """What a copy would bring and meet, and why it is refused, when it is."""

    copied: Copied
    titles: dict[str, str]
    """Plan, new or standing, → what it is called."""
    refusal: LoaError | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """Needs a transaction that may write, in which the caller has changed nothing; whatever happens, nothing stays."""

    editor: Editor
    repeater: Repeater
    listening: Listening

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
    ) -> Effect:
        """What `Editor.edit` would do. Raises what it raises."""
        before = [aired(row) for row in await rows.ahead(session, [schedule_id], now)]
        async with _taken_back(session):
            done = await self.editor.edit(
                session, schedule_id, original, scope, change, revision=revision, now=now, user_id=user_id
            )
            zone = ZoneInfo(done.schedules[0].zone_name)
            after = await rows.ahead(session, {schedule_id, *(schedule.id for schedule in done.schedules)}, now)
            found = differences(before, map(aired, after), zone)
            return Effect(
                differences=found,
                meetings=await self._meetings(session, done.change.place_id, _fresh(after, found)),
                dropped=tuple(moment(each.at.day, parse_time(each.at.time), zone) for each in done.dropped),
            )

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
    ) -> CopyEffect:
        """What a copy would come to, also where the policy refuses it. Raises Refused("schedules.copy_wrong")."""
        copied = await self.repeater.look(session, place_id, first, days, by_days=by_days, now=now)
        titles = await self._titles(session, copied)
        try:
            async with _taken_back(session):
                await self.repeater.copy(session, place_id, first, days, by_days=by_days, now=now, user_id=user_id)
        except LoaError as refusal:
            return CopyEffect(copied, titles, refusal)
        return CopyEffect(copied, titles)

    async def _titles(self, session: AsyncSession, copied: Copied) -> dict[str, str]:
        named = {name.split(" ")[0] for each in copied.meets for name in (each.first, each.second)}
        named |= {airing.plan for airing in (*copied.already, *copied.past)}
        standing = {schedule.id: schedule.title for schedule in await rows.schedules(session, named)}
        contents = await self.editor.planner.issuer.contents(session, {plan.announcement for plan in copied.plans})
        return standing | {plan.id: contents[plan.announcement].announcement.title for plan in copied.plans}

    async def _meetings(self, session: AsyncSession, place_id: str, fresh: Sequence[Occurrence]) -> tuple[Meeting, ...]:
        """Where airings that are new or other than they were meet something."""
        if not fresh:
            return ()
        begin, end = min(row.start_at for row in fresh), max(row.ends_at for row in fresh)
        found = await self.listening.clashes(session, place_id, begin, end + timedelta.resolution)
        ids = {row.id for row in fresh}
        named = [each for each in found if each.first in ids or each.second in ids]
        known = await rows.occurrences(session, {name for each in named for name in (each.first, each.second)})
        return tuple(_meeting(each, {name: row.title for name, row in known.items()}, ids) for each in named)


def aired(row: Occurrence) -> Aired:
    """An occurrence as people hear it."""
    return Aired(
        start=row.start_at,
        title=row.title,
        announcement=row.announcement_id or "",
        audience=read_audience(row.audience),
        volume=row.volume,
        preempted=Preempted(row.preempted, row.stale_s),
        ordered=row.state is OccurrenceState.ISSUED,
    )


@asynccontextmanager
async def _taken_back(session: AsyncSession) -> AsyncIterator[None]:
    """A savepoint that is never kept; what the rooms write into their logs meanwhile says that it was only tried."""
    savepoint = await session.begin_nested()
    try:
        with structlog.contextvars.bound_contextvars(tried=True):
            yield
    finally:
        await savepoint.rollback()


def _fresh(after: Sequence[Occurrence], found: Collection[Difference]) -> list[Occurrence]:
    other = {each.after for each in found if each.after is not None}
    return [row for row in after if aired(row) in other]


def _meeting(overlap: Overlap, titles: dict[str, str], fresh: Collection[str]) -> Meeting:
    own, other = (overlap.first, overlap.second) if overlap.first in fresh else (overlap.second, overlap.first)
    wins = None if overlap.wins is None else titles[overlap.wins]
    return Meeting(overlap.start, overlap.end, titles[own], titles[other], len(overlap.clusters), wins)
