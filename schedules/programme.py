"""The programme of a place: broadcast now, schedules, their occurrences, and the ticks that keep them going."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.models import OrderEntry
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.content import Part
from devices.wire.orders import AfterPreemption, PlayClass
from devices.wire.rehearsal import Rehearsal
from schedules import ground as grounds
from schedules.announcements import AnnouncementService, check_title
from schedules.authoring import Author
from schedules.bulk import BulkEditor
from schedules.calendar_desk import CalendarDesk
from schedules.changes import ProgrammeChanged
from schedules.composing import check_items_approved, check_schedulable
from schedules.conflicts import Overlap, Slot
from schedules.copying import Copied
from schedules.deciding import ClashDesk
from schedules.dispatch import lasts, with_times
from schedules.drafting import Drafter
from schedules.editing import Changed, Editor
from schedules.edits import Change, Scope
from schedules.free_days import FreeDays
from schedules.governing import Governor
from schedules.hearing import Listening
from schedules.history import History
from schedules.issuing import Issuer, IssueRound
from schedules.judging import judge
from schedules.keeping import plan_of
from schedules.models import Announcement, AnnouncementState, Occurrence, OccurrenceState, Off, Schedule, ScheduleState
from schedules.pauses import Pause
from schedules.pausing import Paused, Pauser
from schedules.planning import Planner, check_rule, in_place
from schedules.plans import Preempted
from schedules.policy import Rules
from schedules.recurrence import Rule, to_map
from schedules.relays import Relays
from schedules.repeating import Repeater
from schedules.reporting import Reporter
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.timetable import Timetable
from schedules.trying import Trials
from schedules.undoing import Done

_log = structlog.get_logger(__name__)

MAX_COMMENT = 200


@dataclass(frozen=True, slots=True)
class ProgrammeSettings:
    """How far ahead is planned and ordered, and how long a broadcast-now waits so that all clusters start together."""

    horizon_days: int = 30
    issue_days: int = 7
    lead_s: int = 8
    private_streams: bool = False
    """Whether stations in private networks may be relayed."""


class ProgrammeService:
    """Every method works inside the caller's transaction. An unknown id raises NotFound."""

    def __init__(
        self,
        devices: DeviceService,
        audio: AudioService,
        announcements: AnnouncementService,
        clock: Clock,
        settings: ProgrammeSettings | None = None,
    ) -> None:
        self._devices = devices
        self._announcements = announcements
        self._clock = clock
        self._settings = settings or ProgrammeSettings()
        self._issuer = Issuer(devices, audio, clock)
        self._planner = Planner(self._issuer, timedelta(days=self._settings.horizon_days))
        self._listening = Listening(self._issuer)
        ahead = timedelta(days=self._settings.issue_days)
        self._editor = Editor(self._planner, ahead)
        self._repeater = Repeater(self._editor)
        self.trials = Trials(self._editor, self._repeater, self._listening)
        self.history = History(self._planner)
        self.calendars = CalendarDesk(self._issuer)
        self.reports = Reporter(devices)
        self.drafts = Drafter(self._editor, self._repeater, clock)
        self.bulk = BulkEditor(self._editor, clock)
        self.relays = Relays(announcements, clock, self._settings.private_streams)
        self.timetable = Timetable(self._issuer)
        self.pauses = Pauser(self._issuer, ahead)
        self.policies = Governor(self._planner, ahead)
        self.free_days = FreeDays(self._planner, ahead)
        self.clash_desk = ClashDesk(self._editor, announcements)
        self.author = Author(self._issuer, timedelta(days=self._settings.horizon_days))

    async def broadcast_now(
        self,
        session: AsyncSession,
        *,
        announcement_id: str,
        audience: Audience,
        volume: int = 80,
        preempted: AfterPreemption = AfterPreemption.RESUME,
        user_id: str,
    ) -> Occurrence:
        """Order an approved announcement to sound in `lead_s` seconds, if the place's whole policy permits it then.

        Nobody goes on regardless: what may not wait for a permitted time is an emergency, which no limit is asked of.

        Raises Conflict: not_approved, session_items_not_approved.
        Refused: outside_hours, too_long_for_hours, hours_full, too_many_blocks, too_many_minutes, no_time_permitted,
        too_loud, nobody_meant, audience_unknown, volume_wrong.
        """
        await lock_place(session, (await self._announcements.find(session, announcement_id)).place_id)
        about = await self._announcements.find(session, announcement_id, lock=True)
        if about.state is not AnnouncementState.APPROVED:
            raise Conflict("schedules.not_approved", title=about.title)
        content = (await self._issuer.contents(session, [about.id], lock=True))[about.id]
        check_items_approved(content)
        ground = await grounds.load(session, self._devices, about.place_id)
        ground.check(audience)
        parts, now = content.parts(about.play_class), self._clock()
        occurrence = _once(about, now + timedelta(seconds=self._settings.lead_s), now, user_id)
        occurrence.audience, occurrence.volume = audience.to_map(), _check_volume(volume)
        occurrence.preempted = preempted
        with_times(occurrence, parts)
        (await judge(session, ground, [occurrence], offer=True, earliest=now)).refuse()
        session.add(occurrence)
        await session.flush()
        await self._issuer.issue(session, occurrence, parts, ground)
        await session.flush()
        return occurrence

    async def create_schedule(
        self,
        session: AsyncSession,
        *,
        announcement_id: str,
        title: str = "",
        rule: Rule,
        audience: Audience,
        volume: int = 80,
        preempted: AfterPreemption = AfterPreemption.RESUME,
        stale_s: int | None = None,
        user_id: str,
    ) -> Schedule:
        """A schedule and its occurrences up to the horizon, by the place's holidays. Empty title: the announcement's.
        It can be undone.

        Raises Refused: rule_never_*, times_count, in_the_past, outside_hours, too_long_for_hours, too_many_blocks,
        too_many_minutes, too_loud, no_time_permitted, session_item_archived, audience_unknown, nobody_meant,
        volume_wrong, stale_wrong, title_wrong.
        """
        await lock_place(session, (await self._announcements.find(session, announcement_id)).place_id)
        about = await self._announcements.find(session, announcement_id, lock=True)
        if about.state is AnnouncementState.ARCHIVED:
            raise Conflict("schedules.not_approved", title=about.title)
        content = (await self._issuer.contents(session, [about.id], lock=True))[about.id]
        check_schedulable(content)
        ground = await grounds.load(session, self._devices, about.place_id)
        ground.check(audience)
        given_way = Preempted(preempted, stale_s)
        now, rule = self._clock(), in_place(rule, ground)
        check_rule(rule, ground.allowance, lasts(content.parts(about.play_class)), now)
        schedule = Schedule(
            id=new_id(),
            place_id=about.place_id,
            announcement_id=about.id,
            title=check_title(title or about.title),
            rule=to_map(rule),
            play_class=about.play_class,
            audience=audience.to_map(),
            volume=_check_volume(volume),
            preempted=given_way.then,
            stale_s=given_way.stale_s,
            created_by=user_id,
            created_at=now,
        )
        session.add(schedule)
        await session.flush()
        await self._planner.extend(session, ground, [schedule], now, refuse=True)
        made = Done((), (plan_of(schedule, ground.holidays),), user_id, now)
        self._editor.record(session, about.place_id, made, "create")
        return schedule

    async def zone(self, session: AsyncSession, place_id: str, name: str | None = None) -> ZoneInfo:
        """The time zone of that name, or that of a place. Raises Refused("schedules.zone_unknown")."""
        return (await self.rules(session, place_id)).zone if name is None else _zone(name)

    async def parts(self, session: AsyncSession, announcement_id: str) -> tuple[Part, ...]:
        """What an announcement or a session sounds as it is now, approved or not; none when a sound is missing."""
        about = await self._announcements.find(session, announcement_id)
        return (await self._issuer.contents(session, [about.id]))[about.id].parts(about.play_class)

    async def end_schedule(self, session: AsyncSession, schedule_id: str, user_id: str) -> Schedule:
        """Call off what it still had ahead; what the speakers have is cancelled by signed order. Twice is once.

        It can be undone.
        """
        found = await rows.locked_schedules(session, [schedule_id])
        if not found:
            raise NotFound("schedules.schedule_unknown", id=schedule_id)
        [schedule] = found
        if schedule.state is ScheduleState.ENDED:
            return schedule
        now = self._clock()
        await self._editor.end(session, schedule, now=now, user_id=user_id)
        await rows.call_off_planned(session, schedule.id, "schedule_ended", after=now)
        issued = await rows.issued_of(session, schedule.id, now)
        orders = await self._issuer.call_off(session, issued, "schedule_ended", Off.NOT_WANTED)
        _log.info("schedule.ended", schedule=schedule.id, user=user_id, cancel_orders=len(orders))
        return schedule

    async def edit(
        self,
        session: AsyncSession,
        schedule_id: str,
        original: datetime,
        scope: Scope,
        change: Change,
        *,
        revision: int | None = None,
        user_id: str,
    ) -> Changed:
        """Change the airing its rule gives at `original`, or with it those that follow, or all still to come.

        What the speakers have is replaced in the same transaction, each airing once. Raises what `edits.edit` does, and
        Refused for what the policy does not permit.
        """
        return await self._editor.edit(
            session, schedule_id, original, scope, change, revision=revision, now=self._clock(), user_id=user_id
        )

    async def undo(
        self, session: AsyncSession, place_id: str, user_id: str, *, change_id: str | None = None
    ) -> Changed:
        """Take back the last change of a place; `change_id`: the one that was seen.

        Raises NotFound: undo_nothing, Conflict: undo_changed, undo_aired.
        """
        return await self._editor.undo(session, place_id, change_id=change_id, now=self._clock(), user_id=user_id)

    async def look_at_copy(
        self, session: AsyncSession, place_id: str, first: date, days: int, *, by_days: int
    ) -> Copied:
        """What a copy of a day or a week would bring, and what it would meet. Raises Refused("…copy_wrong")."""
        return await self._repeater.look(session, place_id, first, days, by_days=by_days, now=self._clock())

    async def copy(
        self, session: AsyncSession, place_id: str, first: date, days: int, *, by_days: int, user_id: str
    ) -> tuple[Copied, Changed]:
        """Let what is heard on some days be heard again so many days later. Raises Refused, Conflict: copy_empty."""
        return await self._repeater.copy(
            session, place_id, first, days, by_days=by_days, now=self._clock(), user_id=user_id
        )

    async def misses(self, session: AsyncSession, place_id: str, pause: Pause) -> dict[str, tuple[Slot, ...]]:
        """Cluster → what it would miss in a pause that is not written yet."""
        return await self.pauses.misses(session, place_id, pause, self._clock())

    async def pause(self, session: AsyncSession, place_id: str, pause: Pause) -> Paused:
        """Leave somebody in peace for a time. Raises Refused: audience_unknown, nobody_meant; Conflict: pause_over."""
        return await self.pauses.begin(session, place_id, pause, self._clock())

    async def end_pause(self, session: AsyncSession, pause_id: str, user_id: str) -> Paused:
        """End a pause early. Raises NotFound: pause_unknown, Conflict: pause_over."""
        return await self.pauses.end(session, pause_id, self._clock(), user_id)

    async def cancel_occurrence(
        self, session: AsyncSession, occurrence_id: str, user_id: str, reason: str = ""
    ) -> Occurrence:
        """Call off one airing, also while it sounds. Twice is once.

        Raises Conflict: occurrence_over; is_emergency, which is stopped on its own page.
        """
        occurrence = await rows.occurrence(session, occurrence_id, lock=True)
        if occurrence is None:
            raise NotFound("schedules.occurrence_unknown", id=occurrence_id)
        if occurrence.emergency_id is not None:
            raise Conflict("schedules.is_emergency")
        if occurrence.state is OccurrenceState.CANCELLED:
            return occurrence
        if occurrence.state is OccurrenceState.OVER or occurrence.expires_at <= self._clock():
            raise Conflict("schedules.occurrence_over")
        await self._issuer.call_off(session, [occurrence], reason.strip()[:MAX_COMMENT] or "by_hand")
        _log.info("occurrence.cancelled", occurrence=occurrence.id, user=user_id)
        return occurrence

    async def stop_all(
        self, session: AsyncSession, place_id: str, user_id: str, up_to: PlayClass = PlayClass.EMERGENCY
    ) -> list[OrderEntry]:
        """End now what sounds or is about to, up to a class; what is planned for later stays."""
        return await self._issuer.stop_all(session, place_id, user_id, up_to, timedelta(seconds=self._settings.lead_s))

    async def occurrences(
        self, session: AsyncSession, place_id: str, start: datetime, end: datetime, limit: int = 500
    ) -> list[Occurrence]:
        """A place's airings that lie at least partly in [start, end), in whatever state, first to last."""
        return await rows.occurrences(session, (place_id,), start=start, end=end, open_only=False, limit=limit)

    async def upcoming(self, session: AsyncSession, place_id: str, limit: int = 5) -> list[Occurrence]:
        """What sounds now and next, planned or with the speakers."""
        now = self._clock()
        end = now + timedelta(days=self._settings.horizon_days)
        return await rows.occurrences(session, (place_id,), start=now, end=end, open_only=True, limit=limit)

    async def occurrence(self, session: AsyncSession, occurrence_id: str) -> Occurrence:
        found = await rows.occurrence(session, occurrence_id)
        if found is None:
            raise NotFound("schedules.occurrence_unknown", id=occurrence_id)
        return found

    async def schedules(
        self, session: AsyncSession, place_id: str, *, state: ScheduleState | None = None
    ) -> list[Schedule]:
        """A place's schedules, newest first."""
        return await rows.schedules(session, place_id, state=state)

    async def schedule(self, session: AsyncSession, schedule_id: str) -> Schedule:
        found = await rows.schedule(session, schedule_id)
        if found is None:
            raise NotFound("schedules.schedule_unknown", id=schedule_id)
        return found

    async def rules(self, session: AsyncSession, place_id: str) -> Rules:
        """The permitted hours and limits that hold in a place."""
        return (await grounds.load(session, self._devices, place_id)).rules

    async def plan(self, session: AsyncSession, now: datetime) -> int:
        """Extend the occurrences of all schedules to the horizon; gives how many are new."""
        return await self._planner.plan(session, now)

    async def issue_due(
        self, session: AsyncSession, now: datetime, issue_round: IssueRound | None = None
    ) -> list[OrderEntry]:
        """Order what begins within `issue_days` and is approved: a few at a time, so call again while `more`."""
        until = now + timedelta(days=self._settings.issue_days)
        return await self._issuer.issue_due(session, now, until, issue_round or IssueRound())

    async def close_over(self, session: AsyncSession, now: datetime) -> list[ProgrammeChanged]:
        """Mark what is past; gives what changed, to be told after the commit."""
        return await self._planner.close_over(session, now)

    async def hear(self, session: AsyncSession, cluster_id: str, day: date) -> Rehearsal:
        """The bulletins a cluster will hear on a local day, by the very rules it follows."""
        return await self._listening.hear(session, cluster_id, day)

    async def clashes(self, session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[Overlap]:
        """The airings of a place that meet in some cluster between two moments."""
        return await self._listening.clashes(session, place_id, start, end)


def _once(about: Announcement, start: datetime, now: datetime, user_id: str) -> Occurrence:
    """An airing of an announcement that no schedule asks for."""
    return Occurrence(
        id=new_id(),
        place_id=about.place_id,
        announcement_id=about.id,
        title=about.title,
        start_at=start,
        ends_at=start,
        expires_at=start,
        play_class=about.play_class,
        level=about.level,
        created_by=user_id,
        created_at=now,
    )


def _check_volume(volume: int) -> int:
    if not 0 <= volume <= 100:
        raise Refused("schedules.volume_wrong")
    return volume


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused("schedules.zone_unknown", zone=name[:64]) from error
