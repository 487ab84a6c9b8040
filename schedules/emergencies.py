"""Emergencies: prepared, started, stopped, cleared, countersigned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from base.errors import Conflict, Forbidden, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.models import OrderEntry, Presence
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.orders import AllClear, Cancel, Play, PlayClass, Repeat, Status
from schedules import emergency as core
from schedules import ground as grounds
from schedules.changes import EmergencyChanged
from schedules.dispatch import read_audience
from schedules.emergency import Sounds
from schedules.ground import Ground, Reach
from schedules.models import (
    Emergency,
    EmergencyState,
    EmergencyTemplate,
    Occurrence,
    OccurrenceState,
    TemplateKind,
)
from schedules.repository import emergencies as rows
from schedules.repository import programme as programme_rows
from schedules.speaking import PreparedTemplate, TemplateKeeper

_log = structlog.get_logger(__name__)

ALL_CLEAR_KEY = "all-clear"
FALLBACK_CLEAR = {"vi": "Hết báo động", "en": "All clear"}
HEARING = {Presence.ONLINE, Presence.LATE}
"""In these presences an order reaches a cluster at once."""
MOST_CLUSTERS = 10_000
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_ENDED = {
    EmergencyState.STOPPED: "stopped",
    EmergencyState.CLEARED: "cleared",
    EmergencyState.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class EmergencyPreview:
    """What would happen, before it does. unreachable: clusters that would not get it at once, by name."""

    template: EmergencyTemplate
    smart: int
    wireless: int
    villages: tuple[str, ...]
    people: int
    unreachable: tuple[str, ...]
    texts: dict[str, str]
    tone: str
    repeat: Repeat

    @property
    def clusters(self) -> int:
        return self.smart + self.wireless


class EmergencyService:
    """Every method works inside the caller's transaction, but `prepare_template`. An unknown id raises NotFound."""

    def __init__(self, devices: DeviceService, audio: AudioService, clock: Clock) -> None:
        self._devices = devices
        self._clock = clock
        self._keeper = TemplateKeeper(devices, audio, clock)

    async def ensure_templates(self, session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
        """The place's templates; flood, storm and all clear are written when they are missing."""
        return await self._keeper.ensure(session, place_id)

    async def templates(self, session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
        return await rows.templates(session, place_id)

    async def unprepared_templates(self, session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
        """Those whose words nobody has spoken yet: each wants `prepare_template`, then `save_template`."""
        return await self._keeper.unspoken(session, place_id)

    async def prepare_template(
        self, template: EmergencyTemplate, words: Mapping[str, str] = _NO_WORDS
    ) -> PreparedTemplate:
        """Speak a template's words, and the announcement of an exercise: slow, outside any transaction.

        words: how the commune says its own, written → said.
        """
        return await self._keeper.prepare(template, words)

    async def save_template(
        self, session: AsyncSession, prepared: PreparedTemplate, *, user_id: str | None = None
    ) -> EmergencyTemplate:
        """Give a template the sounds prepared for it; it then wants `hold_orders`."""
        return await self._keeper.save(session, prepared, user_id=user_id)

    async def hold_orders(self, session: AsyncSession, place_id: str) -> list[OrderEntry]:
        """One `hold` order for each spoken template whose content changed since its last; none when nothing did."""
        return await self._keeper.hold(session, place_id)

    async def preview(self, session: AsyncSession, template_id: str, audience: Audience) -> EmergencyPreview:
        """Whom it would reach and what they would hear. Raises Refused: audience_unknown, nobody_meant."""
        template = await self._template(session, template_id)
        ground = await grounds.load(session, self._devices, template.place_id)
        reach = ground.check(audience)
        return EmergencyPreview(
            template=template,
            smart=reach.smart,
            wireless=reach.wireless,
            villages=tuple(village.name for village in reach.villages),
            people=reach.people,
            unreachable=await self._unreachable(session, template.place_id, reach),
            texts=dict(template.texts),
            tone=template.tone,
            repeat=_repeat(template),
        )

    async def launch(
        self, session: AsyncSession, *, template_id: str, audience: Audience, status: Status, user_id: str
    ) -> Emergency:
        """Order an alarm, or its drill, to sound now.

        Raises Refused: template_not_alarm, status_wrong, audience_unknown, nobody_meant; a drill: outside_hours.
        """
        template = await self._template(session, template_id)
        if template.kind is not TemplateKind.ALARM:
            raise Refused("schedules.template_not_alarm", title=core.title(template.titles, Status.ACTUAL))
        if status not in {Status.ACTUAL, Status.DRILL}:
            raise Refused("schedules.status_wrong")
        ground = await grounds.load(session, self._devices, template.place_id)
        reach = ground.check(audience)
        # The all clear must reach whom the alarm reached, whatever becomes of a zone in between.
        audience = ground.written_out(audience)
        occurrence_id, emergency_id = new_id(), new_id()
        play = core.alarm(
            occurrence_id,
            (await self._keeper.sounds(session, [template]))[template.id],
            titles=template.titles,
            status=status,
            level=ground.level,
            repeat=_repeat(template),
        )
        stands = core.lasts(play, timedelta(seconds=template.lasts_s))
        if status is Status.DRILL:
            # Only the real thing may wake people; the speakers would refuse an exercise outside the hours as well.
            ground.hours_at(self._clock()).check(self._clock(), self._clock() + core.once(play))
        occurrence = await self._air(
            session, ground, play, reach, audience=audience, stands=stands, emergency_id=emergency_id, user_id=user_id
        )
        emergency = Emergency(
            id=emergency_id,
            place_id=template.place_id,
            template_id=template.id,
            title=play.title,
            status=status,
            audience=audience.to_map(),
            occurrence_id=occurrence.id,
            started_by=user_id,
            started_at=occurrence.start_at,
            expires_at=occurrence.expires_at,
        )
        session.add(emergency)
        await session.flush()
        _log.warning("emergency.launched", emergency=emergency.id, status=status.value, user=user_id)
        return emergency

    async def stop(self, session: AsyncSession, emergency_id: str, user_id: str) -> Emergency:
        """End it without telling people. Raises Conflict("schedules.emergency_over")."""
        emergency = await self._locked(session, emergency_id)
        if emergency.state is not EmergencyState.SOUNDING:
            raise Conflict("schedules.emergency_over", state=emergency.state.value)
        await self._end(session, emergency, EmergencyState.STOPPED, user_id)
        await self._recall(session, emergency, Cancel((emergency.occurrence_id,), "stopped"))
        return emergency

    async def all_clear(self, session: AsyncSession, emergency_id: str, user_id: str) -> Emergency:
        """End it and tell people, also after it was stopped or ran out. Raises Conflict("schedules.emergency_over")."""
        emergency = await self._locked(session, emergency_id)
        if emergency.state is EmergencyState.CLEARED:
            raise Conflict("schedules.emergency_over", state=emergency.state.value)
        await self._end(session, emergency, EmergencyState.CLEARED, user_id)
        await self._recall(session, emergency, AllClear((emergency.occurrence_id,)))
        ground = await grounds.load(session, self._devices, emergency.place_id)
        play = await self._clearing(session, emergency, ground)
        audience = read_audience(emergency.audience)
        occurrence = await self._air(
            session,
            ground,
            play,
            ground.reach(audience),
            audience=audience,
            stands=core.lasts(play, core.ONCE_LASTS),
            emergency_id=emergency.id,
            user_id=user_id,
        )
        emergency.clear_occurrence_id = occurrence.id
        await session.flush()
        return emergency

    async def countersign(self, session: AsyncSession, emergency_id: str, user_id: str) -> Emergency:
        """A second person confirms it, after air. Raises Forbidden for the one who started it, Conflict when done."""
        emergency = await self._locked(session, emergency_id)
        if emergency.started_by == user_id:
            raise Forbidden("schedules.countersign_self")
        if emergency.countersigned_by is not None:
            raise Conflict("schedules.already_countersigned")
        emergency.countersigned_by, emergency.countersigned_at = user_id, self._clock()
        await session.flush()
        return emergency

    async def expire(self, session: AsyncSession, now: datetime) -> list[EmergencyChanged]:
        """End what has run out; gives what changed, to be told after the commit."""
        out = await rows.run_out(session, now)
        for emergency in out:
            await self._end(session, emergency, EmergencyState.EXPIRED, None)
        return [EmergencyChanged(emergency.place_id, emergency.id) for emergency in out]

    async def get(self, session: AsyncSession, emergency_id: str) -> Emergency:
        emergency = await rows.emergency(session, emergency_id)
        if emergency is None:
            raise NotFound("schedules.emergency_unknown", id=emergency_id)
        return emergency

    async def not_countersigned(self, session: AsyncSession, place_id: str, limit: int = 5) -> Sequence[Emergency]:
        """Real emergencies of a place that still wait for a second person, newest first."""
        return await rows.not_countersigned(session, place_id, limit)

    async def list(
        self,
        session: AsyncSession,
        place_id: str,
        *,
        state: EmergencyState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Emergency]:
        """A place's emergencies and drills, newest first; `before` is the id of the last one already seen."""
        return await rows.emergencies(session, place_id, state=state, before=before, limit=limit)

    async def _air(
        self,
        session: AsyncSession,
        ground: Ground,
        play: Play,
        reach: Reach,
        *,
        audience: Audience,
        stands: timedelta,
        emergency_id: str,
        user_id: str,
    ) -> Occurrence:
        """The occurrence of an order to sound now, and the order."""
        now = self._clock()
        occurrence = Occurrence(
            id=play.occurrence,
            place_id=ground.place.id,
            emergency_id=emergency_id,
            title=play.title,
            start_at=now,
            ends_at=now + stands,
            expires_at=now + stands,
            immediate=True,
            play_class=int(play.play_class),
            level=int(play.level),
            status=play.status,
            audience=audience.to_map(),
            volume=play.volume,
            state=OccurrenceState.ISSUED,
            clusters=len(reach.clusters),
            people=reach.people,
            created_by=user_id,
            created_at=now,
        )
        session.add(occurrence)
        await session.flush()
        await self._devices.order_play(session, ground.place.id, play, audience, occurrence.expires_at, meant=reach.ids)
        return occurrence

    async def _recall(self, session: AsyncSession, emergency: Emergency, body: Cancel | AllClear) -> None:
        await self._devices.order(
            session,
            emergency.place_id,
            body,
            Audience(),
            max(emergency.expires_at, self._clock()) + core.CANCEL_OUTLIVES,
            kind=body.type,
            occurrence_id=emergency.occurrence_id,
            urgency=int(PlayClass.EMERGENCY),
        )

    async def _end(
        self, session: AsyncSession, emergency: Emergency, state: EmergencyState, user_id: str | None
    ) -> None:
        emergency.state, emergency.ended_by, emergency.ended_at = state, user_id, self._clock()
        occurrence = await programme_rows.occurrence(session, emergency.occurrence_id, lock=True)
        if occurrence is not None and occurrence.state is OccurrenceState.ISSUED:
            occurrence.state, occurrence.reason = OccurrenceState.OVER, _ENDED[state]
        await session.flush()
        _log.warning("emergency.ended", emergency=emergency.id, state=state.value, user=user_id)

    async def _clearing(self, session: AsyncSession, emergency: Emergency, ground: Ground) -> Play:
        """The all clear of the place's template; its bare tone when there is none."""
        template = await rows.template_by_key(session, emergency.place_id, ALL_CLEAR_KEY)
        sounds, titles = Sounds(ALL_CLEAR_KEY), FALLBACK_CLEAR
        if template is not None:
            sounds, titles = (await self._keeper.sounds(session, [template]))[template.id], template.titles
        return core.all_clear(new_id(), sounds, titles=titles, status=emergency.status, level=ground.level)

    async def _unreachable(self, session: AsyncSession, place_id: str, reach: Reach) -> tuple[str, ...]:
        views = await self._devices.clusters(session, place_id, limit=MOST_CLUSTERS)
        hearing = {view.cluster.id for view in views if view.presence in HEARING}
        return tuple(cluster.name for cluster in reach.clusters if cluster.id not in hearing)

    async def _template(self, session: AsyncSession, template_id: str) -> EmergencyTemplate:
        template = await rows.template(session, template_id)
        if template is None:
            raise NotFound("schedules.template_unknown", id=template_id)
        return template

    async def _locked(self, session: AsyncSession, emergency_id: str) -> Emergency:
        emergency = await rows.emergency(session, emergency_id, lock=True)
        if emergency is None:
            raise NotFound("schedules.emergency_unknown", id=emergency_id)
        return emergency


def _repeat(template: EmergencyTemplate) -> Repeat:
    return Repeat(template.repeat_count, template.repeat_gap_s * 1_000)
