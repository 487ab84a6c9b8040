"""From planned occurrences to signed orders, and their recall: issue, cancel, stop."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from base.errors import Conflict, NotFound, Refused, Unavailable
from base.times import Clock
from devices.couriers.plans import communes_of_couriers
from devices.models import OrderEntry
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.content import Part
from devices.wire.orders import MAX_IDS, Cancel, PlayClass, Stop
from schedules import content as contents
from schedules import ground as grounds
from schedules import quiet
from schedules.content import Content, as_approved
from schedules.dispatch import bulletin, check_audience_size, read_audience, with_times
from schedules.emergency import CANCEL_OUTLIVES
from schedules.ground import Ground
from schedules.judging import over_limits
from schedules.models import EmergencyState, Occurrence, OccurrenceState, Off
from schedules.pauses import without
from schedules.repository import emergencies as emergency_rows
from schedules.repository import programme as rows

_log = structlog.get_logger(__name__)

BATCH = 5
"""How many occurrences one transaction issues: an emergency may have to wait for it, and each writes a row for every
cluster it is for."""
AT_ONCE = 20
"""How many the transaction of a change issues of what it brings."""
COURIER_AHEAD = timedelta(days=30)
STOP_STANDS = timedelta(seconds=60)
"""A stop that arrives later than this would end something it was never meant for."""


@dataclass(slots=True)
class IssueRound:
    """One look at all that is due, in as many transactions as it takes. more: whether another one is wanted.

    places, occurrences: what could not be ordered now, so that it keeps nothing else back; the next round tries again.
    """

    places: set[str] = field(default_factory=set)
    occurrences: set[str] = field(default_factory=set)
    more: bool = True


@dataclass(frozen=True, slots=True)
class Issuer:
    """Writes the orders of occurrences, in the caller's transaction."""

    devices: DeviceService
    audio: AudioService
    clock: Clock

    async def issue_due(
        self, session: AsyncSession, now: datetime, until: datetime, issue_round: IssueRound
    ) -> list[OrderEntry]:
        """Order what is approved and begins by `until`, at most `BATCH` at a time; call again while there is `more`.

        In a commune with villages that only couriers reach, what begins within `COURIER_AHEAD` is ordered: it has to be
        in somebody's pocket weeks before. The log is one for the whole commune, and so is the horizon.
        """
        found = await rows.due_for_issue(
            session,
            now,
            until,
            BATCH,
            but=issue_round.occurrences,
            but_places=issue_round.places,
            far=await communes_of_couriers(session),
            far_until=max(until, now + COURIER_AHEAD),
        )
        issue_round.more = len(found) == BATCH
        issue_round.occurrences.update(row.id for row in found if now >= latest_start(row))
        due = [row for row in found if now < latest_start(row)]
        if not due:
            return []
        # Locked: what somebody is changing just now is not what was approved.
        by_announcement = await self.contents(session, {row.announcement_id for row in due}, lock=True)
        content = {row.id: by_announcement[row.announcement_id or ""] for row in due}
        waiting = {row.id for row in due if not content[row.id].may_air}
        issue_round.occurrences.update(waiting)
        places = {row.place_id for row in due}
        ground = {place_id: await grounds.load(session, self.devices, place_id) for place_id in places}
        going = [row for row in due if row.id not in waiting]
        for row in going:
            as_approved(row, content[row.id])
        over = await _over_limits(session, going, ground)
        entries = [
            await self._issue_or_call_off(session, row, content[row.id], ground[row.place_id], issue_round)
            for row in going
            if row.id not in over
        ]
        await session.flush()
        return [entry for entry in entries if entry is not None]

    async def issue(
        self, session: AsyncSession, occurrence: Occurrence, parts: Sequence[Part], ground: Ground
    ) -> OrderEntry:
        """Order one occurrence, for those who are not paused then.

        Raises Refused: outside_hours, nobody_meant, paused, and what `devices` refuses.
        """
        if not parts:
            raise Refused("schedules.no_versions")
        with_times(occurrence, parts)
        ground.hours_at(occurrence.start_at).check(occurrence.start_at, occurrence.ends_at)
        airing = bulletin(occurrence, parts, volume_max=ground.volume_at(occurrence))
        audience = read_audience(occurrence.audience)
        reach = ground.reach(audience)
        if not reach.clusters:
            raise Refused("schedules.nobody_meant")
        out = await quiet.left_out(session, ground, occurrence)
        if out:
            left = without(audience, frozenset(reach.ids), out)
            if left is None:
                raise Refused("schedules.paused", title=occurrence.title)
            audience, reach = left, ground.reach(left)
            occurrence.paused = sorted(out)
        entry = await self.devices.order_play(
            session, occurrence.place_id, airing.play, audience, airing.expires_at, meant=reach.ids
        )
        occurrence.state = OccurrenceState.ISSUED
        occurrence.ends_at, occurrence.expires_at = airing.ends_at, airing.expires_at
        occurrence.clusters, occurrence.people = len(reach.clusters), reach.people
        return entry

    async def issue_these(
        self, session: AsyncSession, ground: Ground, occurrence_ids: Sequence[str], until: datetime
    ) -> None:
        """Order at once what takes the place of what was ordered, as far as it begins by `until` and is approved: the
        first `AT_ONCE` of them, for an emergency may have to wait for it; the others with all that is due.

        What everybody is paused for is kept, called off. Raises what `issue` does else: what cannot be ordered undoes
        the whole change.
        """
        if not occurrence_ids:
            return
        if ground.place.id in await communes_of_couriers(session):
            until = max(until, self.clock() + COURIER_AHEAD)
        found = await rows.lock(session, occurrence_ids)
        near = [row for row in found if row.state is OccurrenceState.PLANNED and row.start_at <= until]
        content = await self.contents(session, {row.announcement_id for row in near}, lock=True)
        for row in sorted(near, key=lambda each: (each.start_at, each.id))[:AT_ONCE]:
            known = content[row.announcement_id or ""]
            if known.may_air:
                as_approved(row, known)
                await self._issue_unless_paused(session, row, known, ground)
        await session.flush()

    async def _issue_unless_paused(
        self, session: AsyncSession, row: Occurrence, content: Content, ground: Ground
    ) -> None:
        try:
            await self.issue(session, row, content.parts(row.play_class), ground)
        except Refused as refusal:
            if reason_of(refusal) != rows.PAUSED:
                raise
            mark_off([row], rows.PAUSED, Off.UNFIT)

    async def _issue_or_call_off(
        self,
        session: AsyncSession,
        occurrence: Occurrence,
        content: Content,
        ground: Ground,
        issue_round: IssueRound,
    ) -> OrderEntry | None:
        """One that cannot be ordered must not keep the others back: it is called off, with the reason."""
        occurrence_id, place_id = occurrence.id, occurrence.place_id
        if place_id in issue_round.places:
            return None
        try:
            async with session.begin_nested():
                return await self.issue(session, occurrence, content.parts(occurrence.play_class), ground)
        except Conflict as obstacle:
            # Somebody else is at the same log: no fault of this airing, and the next round tries.
            issue_round.occurrences.add(occurrence_id)
            _log.warning("occurrence.issue_postponed", occurrence=occurrence_id, reason=str(obstacle))
        except (NotFound, Unavailable) as obstacle:
            # The key is missing: so it will be for all that this place has planned.
            issue_round.places.add(place_id)
            _log.warning("occurrence.issue_postponed", occurrence=occurrence_id, reason=str(obstacle))
        except Refused as refusal:
            _log.warning("occurrence.not_issuable", occurrence=occurrence_id, reason=str(refusal))
            await session.refresh(occurrence)
            occurrence.state, occurrence.off = OccurrenceState.CANCELLED, Off.UNFIT
            occurrence.reason = reason_of(refusal)
        return None

    async def contents(
        self, session: AsyncSession, announcement_ids: Collection[str | None], *, lock: bool = False
    ) -> dict[str, Content]:
        """Announcement → what it sounds now; with `lock`, until the transaction ends."""
        ids = {each for each in announcement_ids if each is not None}
        return await contents.load(session, self.audio, ids, lock=lock)

    async def call_off(
        self, session: AsyncSession, occurrences: Sequence[Occurrence], reason: str, off: Off = Off.BY_PERSON
    ) -> list[OrderEntry]:
        """Cancel occurrences of one place, locked by the caller; what the speakers have, by signed orders."""
        issued = mark_off(occurrences, reason, off)
        await session.flush()
        return await self.recall(session, issued, reason)

    async def recall(self, session: AsyncSession, issued: Sequence[Occurrence], reason: str) -> list[OrderEntry]:
        """Tell the speakers that these of one place are off. The log is locked from here on, so that whatever else is
        to be locked has to be before.
        """
        groups = [issued[at : at + MAX_IDS] for at in range(0, len(issued), MAX_IDS)]
        return [await self._cancel(session, group, reason) for group in groups]

    async def leave_out(
        self, session: AsyncSession, occurrence: Occurrence, clusters: frozenset[str], reason: str
    ) -> OrderEntry:
        """Cancel an issued occurrence for these clusters alone. Raises Refused("schedules.audience_too_long")."""
        whom = Audience(clusters=tuple(sorted(clusters)))
        check_audience_size(whom)
        occurrence.paused = sorted(clusters.union(occurrence.paused))
        # It names no occurrence of the log: all of it may have to be cancelled yet.
        return await self._cancel(session, [occurrence], reason, whom)

    async def stop_all(
        self, session: AsyncSession, place_id: str, user_id: str, up_to: PlayClass, soon: timedelta
    ) -> list[OrderEntry]:
        """End what sounds up to a class, and what is about to: a speaker that has not begun would pass over a stop.

        Locked are, as everywhere, first the emergencies, then the occurrences, then the log, so that two who end the
        same thing wait for each other only one way round. What was started before we had the log is looked for again;
        what is then locked is somebody else's to end.
        """
        now = self.clock()
        ground = await grounds.load(session, self.devices, place_id)
        await emergency_rows.sounding(session, place_id)
        await rows.on_air(session, place_id, up_to, now=now, soon=now + soon)
        stop = await self.devices.order(
            session,
            place_id,
            Stop(up_to),
            Audience(),
            now + STOP_STANDS,
            kind=Stop.type,
            urgency=int(PlayClass.EMERGENCY),
        )
        _log.info("programme.stopped", place=ground.place.id, user=user_id, up_to=up_to.name)
        emergencies = await emergency_rows.sounding(session, place_id, skip_locked=True)
        on_air = await rows.on_air(session, place_id, up_to, now=now, soon=now + soon, skip_locked=True)
        stopped = {row.id for row in on_air}
        for emergency in emergencies:
            if emergency.occurrence_id in stopped:
                emergency.state, emergency.ended_by, emergency.ended_at = EmergencyState.STOPPED, user_id, now
        return [stop, *await self.call_off(session, on_air, "stopped")]

    async def _cancel(
        self, session: AsyncSession, group: Sequence[Occurrence], reason: str, whom: Audience | None = None
    ) -> OrderEntry:
        """whom: these alone. Else everyone: whom the play was for may have been changed since, and who has no such
        play loses nothing.
        """
        first = group[0]
        return await self.devices.order(
            session,
            first.place_id,
            Cancel(tuple(row.id for row in group), reason[:200]),
            Audience() if whom is None else whom,
            max(row.expires_at for row in group) + CANCEL_OUTLIVES,
            kind=Cancel.type,
            occurrence_id=first.id if len(group) == 1 and whom is None else None,
            # A cancel overtakes what it cancels.
            urgency=max(int(PlayClass.PRIORITY), *(row.play_class for row in group)),
        )


def mark_off(occurrences: Sequence[Occurrence], reason: str, off: Off) -> list[Occurrence]:
    """Let occurrences be off. Gives those the speakers have, which are to be recalled."""
    issued = [row for row in occurrences if row.state is OccurrenceState.ISSUED]
    for row in occurrences:
        row.state, row.reason, row.off = OccurrenceState.CANCELLED, reason, off
    return issued


async def _over_limits(
    session: AsyncSession, going: Sequence[Occurrence], ground: Mapping[str, Ground]
) -> Collection[str]:
    """Call off what the policy counts too many, or too long, by now. Gives what it was."""
    unfit: dict[str, str] = {}
    for place_id, its in ground.items():
        unfit |= await over_limits(session, its, [row for row in going if row.place_id == place_id])
    for row in going:
        if row.id in unfit:
            _log.warning("occurrence.not_issuable", occurrence=row.id, reason=unfit[row.id])
            row.state, row.off, row.reason = OccurrenceState.CANCELLED, Off.UNFIT, unfit[row.id]
    return unfit


def latest_start(occurrence: Occurrence) -> datetime:
    """After this its speakers would no longer begin it, so that its order is no longer worth writing."""
    return occurrence.start_at + timedelta(seconds=occurrence.late_s)


def reason_of(refusal: Refused) -> str:
    """A refusal as an occurrence keeps it."""
    return refusal.code.removeprefix("schedules.")
