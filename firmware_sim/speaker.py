"""The device as a pure state machine: an event and a moment in, effects out; no clock, no I/O, no randomness inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.wire.config import Config
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey
from devices.wire.errors import BadMessage
from devices.wire.orders import AllClear, Cancel, Hold, Order, Play, Stop
from devices.wire.reports import Heartbeat
from firmware_sim import events
from firmware_sim.bank import Bank
from firmware_sim.charge import Saver
from firmware_sim.clock import Reading
from firmware_sim.duty import Duty
from firmware_sim.effects import Effect, KeepBundle, KeepConfig, Link, Log, Prune, TakeBlock, Turn
from firmware_sim.endings import Endings
from firmware_sim.gate import Gate
from firmware_sim.holds import HELD, Holds
from firmware_sim.identity import Identity, Keys, addressed
from firmware_sim.logbook import Logbook
from firmware_sim.loss import Losses
from firmware_sim.output import Output
from firmware_sim.receipts import ReceiptBook
from firmware_sim.saved import Mark, Saved, SavedConfig
from firmware_sim.trusting import KEY_OLD, Trust
from firmware_sim.vitals import State, Vitals

PRUNE_MS = 3_600_000
UNSURE_POLL_MS = 1_000
"""While the clock is not sure and something waits, look again this often."""
CLOCK_POLL_MS = 5_000
"""While anything waits, look again this often at a sure clock: somebody may set it, and then wall time is elsewhere."""
_ENDS_FIRST = (Cancel, AllClear, Stop)


@dataclass(frozen=True, slots=True)
class Report:
    """What a courier brings back: a heartbeat, the bundles taken, and all receipts not acknowledged, oldest first."""

    heartbeat: Heartbeat
    bundles: tuple[str, ...]
    receipts: tuple[bytes, ...]


class Speaker:
    """One device. `handle` every event; call it with Tick no later than `wake_at`."""

    def __init__(
        self,
        identity: Identity,
        keys: Keys,
        saved: Saved,
        *,
        defaults: Config,
        jitter: Callable[[], float],
    ) -> None:
        self._identity, self._saved = identity, saved
        self._linked = False
        self._logbook = Logbook(identity.logs, saved.haves)
        self._bank = Bank(identity.codecs)
        self._vitals = Vitals(identity, keys, saved.boot, jitter)
        self._receipts = ReceiptBook(
            device=identity.device,
            boot=saved.boot,
            key=keys.signing,
            last=saved.last_receipt,
            last_digest=saved.last_digest,
            pending=saved.receipts,
        )
        self._trust = Trust(keys, saved.keys)
        self._gate = Gate(identity, self._trust, self._logbook, self._receipts, self._vitals.soon)
        self._losses, self._saver, self._duty = Losses(saved.loss), Saver(), Duty(jitter)
        self._faults: tuple[str, ...] = ()
        self._config = saved.config or SavedConfig(defaults, 0)
        self._outputs = {name: self._output(name) for name in identity.outputs}
        self._bundles = dict(saved.bundles)
        self._endings = Endings(identity.follows)
        self._holds = Holds(identity, self._bank, self._receipts, self._marks_of(HELD))
        self._prune_mono_ms = 0
        self._use_config()

    @property
    def playing(self) -> tuple[str, ...]:
        """The occurrences that sound now."""
        sounding = [output.sounding for output in self._outputs.values()]
        return tuple(dict.fromkeys(occurrence for occurrence in sounding if occurrence is not None))

    @property
    def config(self) -> Config:
        """What is in force."""
        return self._config.config

    @property
    def receipts_pending(self) -> int:
        return self._receipts.pending

    @property
    def refused(self) -> dict[str, int]:
        """How many messages were refused, by reason."""
        return self._gate.refused

    def trusts(self, key_id: str) -> CheckingKey | None:
        """The key that counts under this name: a keyring."""
        return self._trust.get(key_id)

    def has_taken(self, bundle: str) -> bool:
        """Whether a courier brought this bundle before."""
        return bundle in self._bundles

    def report(self, now: Reading) -> Report:
        """What a courier brings back. All that is kept must be durable before it is handed out."""
        return Report(self._vitals.report(self._state(), now), tuple(self._bundles), self._receipts.envelopes)

    def handle(self, event: events.Event, now: Reading) -> list[Effect]:
        """What is to be done, in order: first what is kept, durable as one before anything sounds or is told."""
        turn = Turn(now, self._linked)
        self._react(event, turn)
        self._losses.advance(turn)
        for output in self._outputs.values():
            output.advance(turn)
        self._bank.try_again(turn)
        self._holds.advance(turn)
        self._notice(turn)
        self._vitals.beat(self._state, turn)
        self._receipts.repeat(turn)
        self._spare(turn)
        self._prune(turn)
        return turn.in_order()

    def wake_at(self, now: Reading) -> int:
        """The monotonic millisecond at which the next Tick is due."""
        moments = [output.next_mono_ms(now) for output in self._outputs.values()]
        moments += [self._bank.next_mono_ms(), self._prune_mono_ms, self._duty.next_mono_ms(now)]
        if self._linked:
            moments += [self._vitals.due_mono_ms, self._receipts.next_mono_ms()]
        if any(output.waits for output in self._outputs.values()):
            moments.append(now.mono_ms + (CLOCK_POLL_MS if now.sure else UNSURE_POLL_MS))
        return max(now.mono_ms + 1, min(moment for moment in moments if moment is not None))

    def _react(self, event: events.Event, turn: Turn) -> None:
        match event:
            case events.SoundEnded():
                output = self._outputs[event.output]
                output.ended(event.occurrence, event.run, event.sounded_ms, event.reason, turn)
            case events.ContentStored() | events.ContentFailed():
                self._content(event, turn)
            case events.Health():
                self._health(event, turn)
            case events.LinkUp() | events.LinkDown():
                self._link(turn, up=isinstance(event, events.LinkUp))
            case events.BeatAsked():
                self._vitals.beat_now(self._state(), turn)
            case events.Booted(health=health):
                self._boot(health, turn)
            case _:
                self._hear(event, turn)

    def _hear(self, event: events.Event, turn: Turn) -> None:
        """Something that claims to be from the server."""
        match event:
            case events.OrderReceived(data=data):
                self._take(self._gate.orders([data], turn), turn)
            case events.FrameReceived(data=data):
                self._frame(data, turn)
            case events.BeaconReceived(data=data):
                self._gate.beacon(data, turn)
            case events.BundleTaken():
                self._bundle(event, turn)

    def _content(self, event: events.ContentStored | events.ContentFailed, turn: Turn) -> None:
        if isinstance(event, events.ContentStored):
            self._bank.arrived(event.sha256)
            return
        turn.do(Log("content_failed", event.reason, event.sha256.hex()))
        self._bank.failed(event.sha256, turn)

    # --- the link, and the state of the machine

    def _link(self, turn: Turn, *, up: bool) -> None:
        self._linked = turn.linked = up
        if up:
            self._vitals.greet(self._logbook.haves, turn)
            self._receipts.link_is_back(turn)

    def _health(self, health: events.Health, turn: Turn) -> None:
        if health.faults != self._vitals.health.faults:
            self._vitals.soon(turn.now.mono_ms)
        self._vitals.health = health
        before = self._saver.charge
        if self._saver.read(health.battery_pct, self.config.saver_pct) is not before:
            turn.do(Log("charge", self._saver.charge.value, alarming=True))
            self._use_config()

    def _state(self) -> State:
        return State(self._logbook.haves, self.playing, self.config.volume_max, self._duty.wake, self._faults)

    def _notice(self, turn: Turn) -> None:
        """Find the faults that no sensor tells of."""
        old = KEY_OLD if self._trust.overdue else ""
        found = (self._saver.fault, self._losses.fault(turn.now), old)
        faults = tuple(fault for fault in found if fault)
        if faults != self._faults:
            self._faults = faults
            self._vitals.soon(turn.now.mono_ms)

    def _spare(self, turn: Turn) -> None:
        """Take the link down, and have it up again, as the duty cycle says."""
        busy = self._bank.fetching or any(output.alarms for output in self._outputs.values())
        before = self._duty.up
        if self._duty.decide(turn.now, busy=busy) is before:
            return
        if before and turn.linked:
            self._vitals.beat_now(self._state(), turn, quiet_until_ms=self._duty.next_start_ms(turn.now))
        turn.do(Link(self._duty.up))

    # --- what comes in

    def _frame(self, data: bytes, turn: Turn) -> None:
        try:
            frame = Frame.from_bytes(data)
        except BadMessage as refusal:
            self._gate.refuse(refusal, turn)
            return
        self._take(self._gate.orders(frame.orders, turn), turn)
        for beacon in frame.beacons:
            self._gate.beacon(beacon, turn)
        for ack in frame.acks:
            self._gate.ack(ack, turn)
        for block in frame.blocks:
            turn.do(TakeBlock(block))

    def _bundle(self, bundle: events.BundleTaken, turn: Turn) -> None:
        self._bundles[bundle.id] = bundle.expires_ms
        turn.do(KeepBundle(bundle.id, bundle.expires_ms))
        self._take(self._gate.orders(bundle.orders, turn, for_all=True), turn)
        for beacon in bundle.beacons:
            self._gate.beacon(beacon, turn, for_all=True)
        for ack in bundle.acks:
            self._gate.ack(ack, turn, for_all=True)

    def _take(self, orders: Sequence[Order], turn: Turn) -> None:
        """Let what ends something go first, so that nothing sounds only to be ended."""
        for order in sorted(orders, key=lambda order: not isinstance(order.body, _ENDS_FIRST)):
            self._apply(order, turn)

    def _apply(self, order: Order, turn: Turn) -> None:
        match order.body:
            case Play() as play:
                self._play(order, play, turn)
            case Cancel(occurrences=occurrences):
                self._cancel(occurrences, "cancelled", order, turn)
            case AllClear(occurrences=occurrences):
                self._cancel(occurrences, "all_clear", order, turn)
            case Stop(up_to=up_to):
                self._endings.stopped(up_to, order)
                for output in self._outputs.values():
                    output.stop(up_to, order.issued_ms, self._endings.height(order), turn)
            case Hold() as hold:
                self._holds.hold(order, hold, turn)
            case Config() as config:
                self._configure(order, config, turn)

    def _play(self, order: Order, play: Play, turn: Turn) -> None:
        ended = self._endings.of(order, play)
        for name, listeners in self._identity.outputs.items():
            clusters = addressed(order.audience, listeners)
            if not clusters:
                continue
            if ended is None:
                since = self._logbook.is_new(order.log, order.seq)
                height = self._endings.height(order)
                self._outputs[name].add(order, play, clusters, height, turn, issued_since=since)
            else:
                self._outputs[name].refuse(order, play, clusters, ended, turn)

    def _cancel(self, occurrences: tuple[str, ...], reason: str, order: Order, turn: Turn) -> None:
        for occurrence in occurrences:
            self._endings.cancelled(occurrence, reason, order)
            for output in self._outputs.values():
                output.cancel(occurrence, reason, self._endings.height(order), turn)

    def _configure(self, order: Order, config: Config, turn: Turn) -> None:
        if order.issued_ms < self._config.issued_ms:
            return
        self._config = SavedConfig(config, order.issued_ms)
        turn.do(KeepConfig(self._config))
        self._saver.read(self._vitals.health.battery_pct, config.saver_pct)
        self._use_config()

    def _use_config(self) -> None:
        self._vitals.period_s = self.config.heartbeat_s
        self._duty.use(self.config, self._saver.charge)
        for output in self._outputs.values():
            output.use(self.config.hours, self._saver.charge)

    # --- boot and upkeep

    def _output(self, name: str) -> Output:
        return Output(
            name,
            self._marks_of(name),
            receipts=self._receipts,
            bank=self._bank,
            volume_max=lambda: self.config.volume_max,
            losses=self._losses,
        )

    def _marks_of(self, output: str) -> list[Mark]:
        return [mark for mark in self._saved.marks.values() if mark.output == output]

    def _boot(self, health: events.Health | None, turn: Turn) -> None:
        """Go on from what was kept: the orders again, in their order, with the marks telling how far each came."""
        if health is not None:
            self._health(health, turn)
        self._vitals.booted(turn.now.mono_ms)
        self._duty.started(turn.now.mono_ms)
        self._losses.started(turn.now.mono_ms, turn)
        self._losses.advance(turn)
        orders = self._gate.stored(self._saved.orders, turn)
        ordered = sorted(orders, key=lambda o: (not isinstance(o.body, _ENDS_FIRST), o.issued_ms, o.seq))
        for order in ordered:
            self._apply(order, turn)
        self._saved = Saved()

    def _prune(self, turn: Turn) -> None:
        now = turn.now
        if now.mono_ms < self._prune_mono_ms:
            return
        self._prune_mono_ms = now.mono_ms + PRUNE_MS
        if not now.sure:
            return
        self._gate.prune(now.wall_ms)
        self._endings.prune(now.wall_ms)
        self._bundles = {bundle: until for bundle, until in self._bundles.items() if until >= now.wall_ms}
        for output in self._outputs.values():
            output.prune(now.wall_ms)
        turn.do(Prune(now.wall_ms))
