"""One batch of verified messages into the database: states, histories, proofs; in one transaction, few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from devices.beats import State, add_beats, after_beat, after_hello, held, slot_of, what_shows
from devices.changes import DeliveryChanged, DeviceChange, PresenceChanged
from devices.delivery import has_order
from devices.freshness import Freshness, Last, judge_beat, judge_hello
from devices.models import PresenceChange
from devices.receipts import Filed, file_receipts
from devices.repository import deliveries, log, places, uplink
from devices.uplink import Report
from devices.wire import topics
from devices.wire.haves import Haves
from devices.wire.reports import Heartbeat, Hello, Receipt


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was refused after its sender was proved."""

    device_id: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A device lacks something: what it holds of every log it follows. fresh: it has only just connected."""

    haves: Mapping[str, Haves]
    fresh: bool


@dataclass(slots=True)
class Outcome:
    """What is to be done once the transaction is committed."""

    changes: list[DeviceChange] = field(default_factory=list)
    gaps: dict[str, Gap] = field(default_factory=dict)
    filed: Filed = field(default_factory=Filed)
    refusals: list[Refusal] = field(default_factory=list)


class Intake:
    """The batch on its way in; made for one transaction."""

    def __init__(
        self, session: AsyncSession, communes: Mapping[str, str], now: datetime, carrier: str = "mqtt"
    ) -> None:
        self._session = session
        self._carrier = carrier
        self._communes = communes
        self._now = now
        self._outcome = Outcome()
        self._before: dict[str, State] = {}
        self._states: dict[str, State] = {}
        self._said: dict[str, dict[str, Haves]] = {}
        self._connected: set[str] = set()

    async def take(self, reports: Sequence[Report]) -> Outcome:
        """Store what is new of these. The reports are in the order to be taken: hellos, heartbeats, receipts."""
        device_ids = {report.device_id for report in reports}
        self._before = await uplink.states(self._session, device_ids)
        self._states = {device_id: replace(state) for device_id, state in self._before.items()}
        hellos = [report.message for report in reports if isinstance(report.message, Hello)]
        taken_hellos = [hello for hello in hellos if self._take_hello(hello)]
        beats = [report.message for report in reports if isinstance(report.message, Heartbeat)]
        taken_beats = [beat for beat in beats if self._take_beat(beat)]
        await self._save(taken_hellos, taken_beats)
        await self._fold_haves()
        await self._find_gaps()
        await self._file([report for report in reports if isinstance(report.message, Receipt)])
        return self._outcome

    def _state(self, device_id: str) -> State:
        return self._states.setdefault(device_id, State(device_id))

    def _take_hello(self, hello: Hello) -> bool:
        state = self._state(hello.device)
        freshness = judge_hello(hello.boot, hello.clock, _last(state), self._now)
        if freshness is Freshness.OLD:
            self._refuse(hello.device, "hello")
            return False
        if freshness is Freshness.ANEW:
            state.receipt_series += 1
        # One that may be played again says neither that the device lives nor by what it is reached.
        if freshness is not Freshness.AGAIN:
            after_hello(state, hello, self._now)
            state.carrier = self._carrier
        self._said[hello.device] = dict(hello.haves)
        self._connected.add(hello.device)
        return True

    def _take_beat(self, beat: Heartbeat) -> bool:
        state = self._state(beat.device)
        freshness = judge_beat(beat.boot, beat.n, beat.clock, _last(state), self._now)
        if freshness is Freshness.OLD:
            self._refuse(beat.device, "heartbeat")
            return False
        if freshness is Freshness.ANEW:
            state.receipt_series += 1
        after_beat(state, beat, self._now)
        state.carrier = self._carrier
        self._said[beat.device] = dict(beat.haves)
        return True

    def _refuse(self, device_id: str, kind: str) -> None:
        self._outcome.refusals.append(Refusal(device_id, kind, "replayed"))

    async def _save(self, hellos: Sequence[Hello], beats: Sequence[Heartbeat]) -> None:
        described = [
            {
                "id": hello.device,
                "model": hello.model,
                "firmware": hello.firmware,
                "codecs": list(hello.codecs),
                "parts": list(hello.parts),
            }
            for hello in {hello.device: hello for hello in hellos}.values()
        ]
        await uplink.describe_devices(self._session, described)
        if beats:
            known = await uplink.slots(self._session, {beat.device for beat in beats}, slot_of(self._now))
            await uplink.save_slots(self._session, add_beats(known, [(beat, self._now) for beat in beats]))
        await uplink.save_states(self._session, [self._states[device_id] for device_id in self._said])
        await self._tell_presence()

    async def _tell_presence(self) -> None:
        came: list[PresenceChange] = []
        for device_id in self._said:
            state, before = self._states[device_id], self._before.get(device_id)
            if before is not None and what_shows(before) == what_shows(state):
                continue
            if before is None or before.presence is not state.presence:
                came.append(PresenceChange(id=new_id(), device_id=device_id, at=self._now, presence=state.presence))
            self._outcome.changes.append(PresenceChanged(self._communes[device_id], device_id, state.presence.value))
        await uplink.add_changes(self._session, came)

    async def _fold_haves(self) -> None:
        """What newly shown haves prove: the device has the order."""
        moved = {device_id for device_id, said in self._said.items() if said != self._held_before(device_id)}
        if not moved:
            return
        awaited = await deliveries.awaited(self._session, moved, self._now)
        proved = [
            each.standing._replace(proof=has_order(each.standing.proof, self._now))
            for each in awaited
            if each.seq in self._said[each.device_id].get(each.log, Haves())
        ]
        await deliveries.save_proofs(self._session, proved)
        self._tell_deliveries(proved)

    def _held_before(self, device_id: str) -> Mapping[str, Haves]:
        before = self._before.get(device_id)
        return {} if before is None else held(before)

    async def _find_gaps(self) -> None:
        communes = {self._communes[device_id] for device_id in self._said}
        if not communes:
            return
        lines = await places.lineages(self._session, communes)
        followed = {
            device_id: (*lines.get(self._communes[device_id], ()), topics.device_log(device_id))
            for device_id in self._said
        }
        heads = await log.logs(self._session, {name for names in followed.values() for name in names})
        for device_id, said in self._said.items():
            if self._leaves(device_id):
                continue
            haves = {name: said.get(name, Haves()) for name in followed[device_id] if name in heads}
            if any(value.upto < heads[name].head for name, value in haves.items()):
                self._outcome.gaps[device_id] = Gap(haves, fresh=device_id in self._connected)

    def _leaves(self, device_id: str) -> bool:
        """Whether it has just said that it will not be heard: what it lacks waits until it is back."""
        until = self._states[device_id].said_quiet_until
        return until is not None and until > self._now and device_id not in self._connected

    async def _file(self, reports: Sequence[Report]) -> None:
        if not reports:
            return
        series = {device_id: state.receipt_series for device_id, state in self._states.items()}
        self._outcome.filed = filed = await file_receipts(self._session, reports, series, self._now, self._carrier)
        bumped = [d for d, number in filed.series.items() if number != series.get(d, 0)]
        for device_id in bumped:
            self._state(device_id).receipt_series = filed.series[device_id]
        await uplink.save_states(self._session, [self._states[device_id] for device_id in bumped])
        self._tell_deliveries(filed.proved)

    def _tell_deliveries(self, proved: Sequence[deliveries.Standing]) -> None:
        self._outcome.changes += [
            DeliveryChanged(commune_id, occurrence_id, clusters)
            for (commune_id, occurrence_id), clusters in deliveries.changed(proved).items()
        ]


def _last(state: State) -> Last:
    return Last(state.boot, state.beat_n, state.heard_at, state.clock_at)
