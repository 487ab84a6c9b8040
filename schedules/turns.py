"""Airings that wait for others as it was decided: written on the occurrences, and so into their orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from schedules import quiet
from schedules.contending import begins_after, parties
from schedules.dispatch import with_times
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.keeping import again
from schedules.models import Occurrence, OccurrenceState, Off, Schedule
from schedules.repository import decisions as decided
from schedules.repository import programme as rows
from schedules.yielding import Wish, meetings, wishes

MOST = 5_000
"""How many occurrences of a time are looked at."""
LONGEST = timedelta(days=1)
"""How far from its beginning an airing may meet another."""

Said = tuple[int, int]
"""What a row says of its turn, and how late it may begin in seconds."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Lets the occurrences of a place say what its decisions ask, in the caller's transaction."""

    issuer: Issuer

    async def settle(
        self, session: AsyncSession, ground: Ground, start: datetime, end: datetime, now: datetime
    ) -> tuple[Occurrence, ...]:
        """Bring in line what lies in [start, end) and is still to begin; the place's planners are locked by the caller.

        What is planned is rewritten. What the speakers have is replaced where a decision asks it, and left where one
        asks it no longer: then it waits for nobody. Gives the replacements, to be ordered.
        """
        decisions = await decided.of_place(session, ground.place.id)
        if not decisions:
            return ()
        found = await self._open(session, ground, start - LONGEST, end)
        slots = await quiet.slots(session, ground, found, start - LONGEST, end + LONGEST)
        known = parties(found, slots, ground)
        asked = wishes(known, meetings(known, decisions, ground.rules.zone))
        own = [row for row in found if row.id in known and row.place_id == ground.place.id and begins_after(row, now)]
        plain = await self._plain(session, own)
        wanted = {row.id: _with_wish(plain[row.id], asked.get(row.id)) for row in own}
        changing = {row.id for row in own if _is_to_change(row, wanted[row.id], asked)}
        return await self._say(session, await rows.lock(session, changing), wanted, asked, now)

    async def _open(self, session: AsyncSession, ground: Ground, start: datetime, end: datetime) -> list[Occurrence]:
        """What is to be heard of the place and of those above it."""
        return await rows.occurrences(
            session, ground.tree.path(ground.place.id), start=start, end=end, open_only=True, limit=MOST
        )

    async def _plain(self, session: AsyncSession, found: Sequence[Occurrence]) -> dict[str, Said]:
        """What each would say if nothing had been decided."""
        schedules = await rows.named_schedules(session, {row.schedule_id for row in found if row.schedule_id})
        return {row.id: _plain(row, schedules.get(row.schedule_id or "")) for row in found}

    async def _say(
        self,
        session: AsyncSession,
        changing: Sequence[Occurrence],
        wanted: Mapping[str, Said],
        asked: Collection[str],
        now: datetime,
    ) -> tuple[Occurrence, ...]:
        issued = any(row.state is OccurrenceState.ISSUED for row in changing)
        contents = await self.issuer.contents(session, {row.announcement_id for row in changing}, lock=issued)
        fresh = []
        for row in changing:
            if _is_to_change(row, wanted[row.id], asked):
                says = await self._replaced(session, row, now) if row.state is OccurrenceState.ISSUED else row
                says.turn, says.late_s = wanted[row.id]
                content = contents.get(row.announcement_id or "")
                with_times(says, () if content is None else content.parts(row.play_class))
                fresh += [says] if says is not row else []
        await session.flush()
        return tuple(fresh)

    async def _replaced(self, session: AsyncSession, row: Occurrence, now: datetime) -> Occurrence:
        await self.issuer.call_off(session, [row], "replaced", Off.NOT_WANTED)
        fresh = again(row, new_id(), now)
        session.add(fresh)
        return fresh


def _plain(row: Occurrence, schedule: Schedule | None) -> Said:
    return 0, (row if schedule is None else schedule).late_s


def _with_wish(plain: Said, wish: Wish | None) -> Said:
    return plain if wish is None else (wish.turn, max(plain[1], wish.late_s))


def _is_to_change(row: Occurrence, wanted: Said, asked: Collection[str]) -> bool:
    open_states = {OccurrenceState.PLANNED} | ({OccurrenceState.ISSUED} if row.id in asked else set())
    return (row.turn, row.late_s) != wanted and row.state in open_states
