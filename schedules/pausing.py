"""Pauses written and ended, with everything that has to change with the speakers, in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from schedules import ground as grounds
from schedules import quiet
from schedules.conflicts import Slot
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.keeping import again, still_asked
from schedules.models import Occurrence, OccurrenceState, Off, PauseRow, ScheduleState
from schedules.pauses import Affected, Pause, Remedy, Silence, affected, missed, placed, silent
from schedules.repository import changes as looks
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.slots import slot_of

MAX_AHEAD = timedelta(days=366)
_A_DAY = timedelta(days=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause as it is kept, and how many airings with the speakers were called off, cut down, or replaced."""

    pause: PauseRow
    remedies: Mapping[Remedy, int]


@dataclass(frozen=True, slots=True)
class Pauser:
    """Locked are the place, for who plans in it may be ordering something instead, and then the occurrences, so that
    what is being ordered meanwhile is looked at when it has been.
    """

    issuer: Issuer
    ahead: timedelta
    """How far ahead orders are written."""

    async def misses(
        self, session: AsyncSession, place_id: str, pause: Pause, now: datetime
    ) -> dict[str, tuple[Slot, ...]]:
        """Cluster → what it would miss of what is planned, in order of time; nothing is written. Raises as `begin`."""
        ground = await grounds.load(session, self.issuer.devices, place_id)
        _check(ground, pause, now)
        found = await rows.standing(session, place_id, pause.start, pause.end)
        ahead = [slot_of(row, ground) for row in found if row.ends_at > now]
        return missed(ahead, placed([pause], ground.listeners))

    async def missed_rows(
        self, session: AsyncSession, place_id: str, pause: Pause, now: datetime
    ) -> tuple[dict[str, tuple[Slot, ...]], dict[str, Occurrence]]:
        """The same, with the occurrences by id."""
        found = await self.misses(session, place_id, pause, now)
        ids = {slot.occurrence for slots in found.values() for slot in slots}
        return found, await looks.occurrences(session, ids)

    async def to_come(self, session: AsyncSession, place_id: str, now: datetime) -> list[PauseRow]:
        """The pauses that hold or are to come, first to last."""
        return await looks.pauses_ahead(session, place_id, now)

    async def over(self, session: AsyncSession, place_id: str, now: datetime, limit: int) -> list[PauseRow]:
        """Those that are over or were ended, latest first."""
        return await looks.pauses_past(session, place_id, now, limit)

    async def touching(self, session: AsyncSession, ground: Ground, row: Occurrence) -> list[PauseRow]:
        """The pauses that leave somebody meant by an occurrence in peace, as they hold now."""
        kept = await rows.pauses(session, row.place_id, row.start_at, row.ends_at + timedelta.resolution)
        slot = slot_of(row, ground, whole=True)
        return [each for each in kept if silent(slot, quiet.silences([each], ground))]

    async def of_cluster(self, session: AsyncSession, ground: Ground, cluster_id: str, now: datetime) -> list[PauseRow]:
        """The pauses, now or to come, that mean a cluster."""
        kept = await looks.pauses_ahead(session, ground.place.id, now)
        return [each for each in kept if cluster_id in ground.meant(read_audience(each.audience))]

    async def begin(self, session: AsyncSession, place_id: str, pause: Pause, now: datetime) -> Paused:
        """Write a pause. Raises Refused: pause_too_far, audience_unknown, nobody_meant, audience_too_long; Conflict:
        pause_over.
        """
        await lock_place(session, place_id)
        ground = await grounds.load(session, self.issuer.devices, place_id)
        _check(ground, pause, now)
        row = PauseRow(
            id=pause.id,
            place_id=place_id,
            audience=pause.whom.to_map(),
            start_at=pause.start,
            end_at=pause.end,
            occasion=pause.occasion.value,
            who=pause.who,
            note=pause.note,
            up_to=int(pause.up_to),
            created_by=pause.who,
            created_at=now,
        )
        beside = await rows.pauses(session, place_id, *_around(pause.start, pause.end))
        session.add(row)
        await session.flush()
        before = quiet.silences(beside, ground)
        return await self._change(session, ground, row, (before, quiet.silences([*beside, row], ground)), now)

    async def end(self, session: AsyncSession, pause_id: str, now: datetime, user_id: str) -> Paused:
        """End a pause, or call it off. What it would still have silenced is heard again, as far as it is ahead.

        Raises NotFound("schedules.pause_unknown"), Conflict("schedules.pause_over").
        """
        row = await rows.pause(session, pause_id)
        if row is None:
            raise NotFound("schedules.pause_unknown", id=pause_id[:26])
        await lock_place(session, row.place_id)
        if row.ended_at is not None or row.end_at <= now:
            raise Conflict("schedules.pause_over")
        ground = await grounds.load(session, self.issuer.devices, row.place_id)
        beside = await rows.pauses(session, row.place_id, *_around(row.start_at, row.end_at))
        before = quiet.silences(beside, ground)
        row.ended_at, row.ended_by = now, user_id
        await session.flush()
        return await self._change(session, ground, row, (before, quiet.silences(beside, ground)), now)

    async def _change(
        self,
        session: AsyncSession,
        ground: Ground,
        pause: PauseRow,
        silences: tuple[Sequence[Silence], Sequence[Silence]],
        now: datetime,
    ) -> Paused:
        """Carry the change, from silences to silences, to what is with the speakers; what is planned waits for its
        order.
        """
        found = await rows.touched_by_pause(session, ground.place.id, pause.start_at, pause.end_at)
        done = await rows.replaced(session, [row.id for row in found])
        off = [row for row in found if row.state is OccurrenceState.CANCELLED and row.schedule_id is not None]
        running = await rows.schedules(session, ground.place.id, state=ScheduleState.ACTIVE) if off else []
        done |= {row.id for row in off}.difference(row.id for row in still_asked(off, running, ground.holidays))
        by_id = {row.id: row for row in found if row.id not in done}
        changes = affected(*silences, [slot_of(row, ground, whole=True) for row in by_id.values()], now)
        sounds = {by_id[each.occurrence].announcement_id for each in changes if each.remedy is Remedy.REPLACE}
        await self.issuer.contents(session, sounds, lock=True)  # before the log, which the first cancel locks
        fresh = [await self._remedy(session, by_id[change.occurrence], change, now) for change in changes]
        await session.flush()
        await self.issuer.issue_these(session, ground, [row.id for row in fresh if row is not None], now + self.ahead)
        counted = Counter(change.remedy for change in changes)
        _log.info(
            "programme.paused", place=ground.place.id, pause=pause.id, **{each.value: counted[each] for each in Remedy}
        )
        return Paused(pause, counted)

    async def _remedy(
        self, session: AsyncSession, row: Occurrence, change: Affected, now: datetime
    ) -> Occurrence | None:
        """Do what is to be done about one; gives the row that takes its place, if one does."""
        issued = row.state is OccurrenceState.ISSUED
        if change.remedy is Remedy.REPLACE:
            await self.issuer.call_off(session, [row] if issued else [], "replaced", Off.NOT_WANTED)
            fresh = again(row, new_id(), now)
            session.add(fresh)
            return fresh
        if issued and change.remedy is Remedy.LEAVE_OUT:
            await self.issuer.leave_out(session, row, change.newly_silent, rows.PAUSED)
        elif issued:
            await self.issuer.call_off(session, [row], rows.PAUSED, Off.UNFIT)
        return None


def _check(ground: Ground, pause: Pause, now: datetime) -> None:
    """Whether a pause can be made here. Raises as `Pauser.begin`."""
    if pause.end <= now:
        raise Conflict("schedules.pause_over")
    if pause.end - now > MAX_AHEAD:
        raise Refused("schedules.pause_too_far", limit=MAX_AHEAD.days)
    ground.check(pause.whom)


def _around(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Where other pauses lie that touch an airing this one touches: an airing lasts a day at most."""
    return start - _A_DAY, end + _A_DAY
