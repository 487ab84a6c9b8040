"""The device as a pure state machine: an event and a moment in, effects out; no clock, no I/O, no randomness inside."""

from collections.abc import Callable

from devices.wire import trust
from devices.wire.config import Config
from devices.wire.down import Frame
from devices.wire.errors import BadMessage
from devices.wire.orders import AllClear, Cancel, Hold, Order, Play, Stop
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.bank import Bank
from firmware_sim.clock import Reading
from firmware_sim.effects import Effect, KeepConfig, KeepHaves, KeepOrder, Log, Prune, Turn
from firmware_sim.endings import Endings
from firmware_sim.holds import HELD, Holds
from firmware_sim.identity import Cluster, Identity, Keys, addressed
from firmware_sim.intake import Strange, read_order
from firmware_sim.logbook import Logbook
from firmware_sim.output import Output
from firmware_sim.receipts import ReceiptBook
from firmware_sim.saved import FORGET_AFTER_MS, Mark, Saved, SavedConfig
from firmware_sim.vitals import Vitals

PRUNE_MS = 3_600_000
UNSURE_POLL_MS = 1_000
"""While the clock is not sure and something waits, look again this often."""
CLOCK_POLL_MS = 5_000
"""While anything waits, look again this often at a sure clock: somebody may set it, and then wall time is elsewhere."""
_ENDS_FIRST = (Cancel, AllClear, Stop)


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
        self._identity, self._keys, self._saved = identity, keys, saved
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
        self._config = saved.config or SavedConfig(defaults, 0)
        self._outputs = {name: self._output(name) for name in identity.outputs}
        self._seen: dict[str, int] = {}
        self._endings = Endings(identity.follows)
        self._holds = Holds(identity, self._bank, self._receipts, self._marks_of(HELD))
        self._prune_mono_ms = 0
        self.refused: dict[str, int] = {}
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

    def handle(self, event: events.Event, now: Reading) -> list[Effect]:
        """What is to be done, in order: first what is kept, durable as one before anything sounds or is told."""
        turn = Turn(now, self._linked)
        self._react(event, turn)
        for output in self._outputs.values():
            output.advance(turn)
        self._bank.try_again(turn)
        self._holds.advance(turn)
        self._vitals.beat(self._logbook.haves, self.playing, self.config.volume_max, turn)
        self._receipts.repeat(turn)
        self._prune(turn)
        return turn.in_order()

    def wake_at(self, now: Reading) -> int:
        """The monotonic millisecond at which the next Tick is due."""
        moments = [output.next_mono_ms(now) for output in self._outputs.values()]
        moments += [self._bank.next_mono_ms(), self._prune_mono_ms]
        if self._linked:
            moments += [self._vitals.due_mono_ms, self._receipts.next_mono_ms()]
        if any(output.waits for output in self._outputs.values()):
            moments.append(now.mono_ms + (CLOCK_POLL_MS if now.sure else UNSURE_POLL_MS))
        return max(now.mono_ms + 1, min(moment for moment in moments if moment is not None))

    def _react(self, event: events.Event, turn: Turn) -> None:
        match event:
            case events.OrderReceived(data=data):
                self._take([data], turn)
            case events.FrameReceived(data=data):
                self._frame(data, turn)
            case events.BeaconReceived(data=data):
                self._beacon(data, turn)
            case events.SoundEnded():
                output = self._outputs[event.output]
                output.ended(event.occurrence, event.run, event.sounded_ms, event.reason, turn)
            case events.ContentStored() | events.ContentFailed():
                self._content(event, turn)
            case events.Health():
                self._health(event, turn)
            case events.LinkUp() | events.LinkDown():
                self._link(turn, up=isinstance(event, events.LinkUp))
            case events.Booted():
                self._boot(turn)

    def _content(self, event: events.ContentStored | events.ContentFailed, turn: Turn) -> None:
        if isinstance(event, events.ContentStored):
            self._bank.arrived(event.sha256)
            return
        turn.do(Log("content_failed", event.reason, event.sha256.hex()))
        self._bank.failed(event.sha256, turn)

    # --- the link

    def _link(self, turn: Turn, *, up: bool) -> None:
        self._linked = turn.linked = up
        if up:
            self._vitals.greet(self._logbook.haves, turn)
            self._receipts.link_is_back(turn)

    def _health(self, health: events.Health, turn: Turn) -> None:
        if health.faults != self._vitals.health.faults:
            self._vitals.soon(turn.now.mono_ms)
        self._vitals.health = health

    def _frame(self, data: bytes, turn: Turn) -> None:
        try:
            frame = Frame.from_bytes(data)
        except BadMessage as refusal:
            self._refuse(refusal, turn)
            return
        self._take(frame.orders, turn)
        for beacon in frame.beacons:
            self._beacon(beacon, turn)
        for ack in frame.acks:
            self._ack(ack, turn)

    def _ack(self, data: bytes, turn: Turn) -> None:
        try:
            ack = trust.open_ack(data, self._keys.trusted.get, self._identity.commune_of)
        except BadMessage as refusal:
            self._refuse(refusal, turn)
        else:
            self._receipts.acknowledge(frozenset(ack.receipts), turn)

    def _beacon(self, data: bytes, turn: Turn) -> None:
        try:
            beacon = trust.open_beacon(data, self._keys.trusted.get, self._identity.commune_of)
            self._check_followed(beacon.log)
        except BadMessage as refusal:
            self._refuse(refusal, turn)
            return
        news = self._logbook.read(beacon)
        if news.raised:
            turn.do(KeepHaves(beacon.log, self._logbook.haves[beacon.log]))
        if news.raised or news.lacking:
            self._vitals.soon(turn.now.mono_ms)
        if news.tip_differs:
            turn.do(Log("log_differs", "tip", f"{beacon.log} {beacon.head}", alarming=True))

    def _check_followed(self, log: str) -> None:
        if not self._logbook.follows(log):
            raise BadMessage("foreign", log)

    # --- orders

    def _take(self, envelopes: "list[bytes] | tuple[bytes, ...]", turn: Turn) -> None:
        """Read them all, then let what ends something go first, so that nothing sounds only to be ended."""
        orders = [order for data in envelopes for order in self._read(data, turn)]
        for order in sorted(orders, key=lambda order: not isinstance(order.body, _ENDS_FIRST)):
            self._apply(order, turn)

    def _read(self, data: bytes, turn: Turn) -> list[Order]:
        """The order, verified and counted, when it is to be carried out."""
        try:
            found = read_order(data, self._keys.trusted.get, self._identity.commune_of)
            order = found.order if isinstance(found, trust.SignedOrder) else found
            self._check_followed(order.log)
        except BadMessage as refusal:
            self._refuse(refusal, turn)
            return []
        missing = self._count(found, data, turn)
        clusters = addressed(order.audience, self._identity.clusters)
        if not clusters:
            self._tally("foreign")
            return []
        if isinstance(found, Strange):
            self._reject(found.id, None, found.reason, clusters, turn, told=missing)
            return []
        return self._fresh(found, clusters, turn, missing=missing)

    def _count(self, found: trust.SignedOrder | Strange, data: bytes, turn: Turn) -> bool:
        order = found.order if isinstance(found, trust.SignedOrder) else found
        missing = self._logbook.count(order.log, order.seq)
        if missing:
            turn.do(KeepHaves(order.log, self._logbook.haves[order.log]))
            self._vitals.soon(turn.now.mono_ms)
        prev = found.order.prev if isinstance(found, trust.SignedOrder) else None
        if not self._logbook.chained(order.log, order.seq, prev, trust.digest(data)):
            turn.do(Log("log_differs", "prev", f"{order.log} {order.seq}", alarming=True))
        return missing

    def _fresh(
        self, signed: trust.SignedOrder, clusters: tuple[Cluster, ...], turn: Turn, *, missing: bool
    ) -> list[Order]:
        """The order unless it was taken before, by whatever carrier, or has expired."""
        order = signed.order
        # An id is forgotten a day after its expiry, a number never: it tells of old orders what no clock can tell.
        if order.id in self._seen or not (missing or turn.now.sure):
            return []
        if turn.now.sure and turn.now.wall_ms >= order.expires_ms:
            occurrence = order.body.occurrence if isinstance(order.body, Play) else None
            self._reject(order.id, occurrence, "expired", clusters, turn, told=missing)
            return []
        forget_ms = order.expires_ms + FORGET_AFTER_MS
        self._seen[order.id] = forget_ms
        turn.do(KeepOrder(signed, forget_ms))
        return [order]

    def _reject(
        self,
        order: str,
        occurrence: str | None,
        reason: str,
        clusters: tuple[Cluster, ...],
        turn: Turn,
        *,
        told: bool,
    ) -> None:
        """Refuse an order that is truly ours. Only its first copy is told of: the log counts it from then on."""
        self._tally(reason)
        turn.do(Log("order_rejected", reason, order))
        if told:
            names = tuple(cluster.id for cluster in clusters)
            state = ReceiptState.REJECTED
            self._receipts.write(turn, state, order=order, occurrence=occurrence, clusters=names, reason=reason)

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
                self._outputs[name].add(order, play, clusters, self._endings.height(order), turn)
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
        self._use_config()

    def _use_config(self) -> None:
        self._vitals.period_s = self.config.heartbeat_s
        for output in self._outputs.values():
            output.set_hours(self.config.hours)

    # --- boot and upkeep

    def _output(self, name: str) -> Output:
        return Output(
            name,
            self._marks_of(name),
            receipts=self._receipts,
            bank=self._bank,
            volume_max=lambda: self.config.volume_max,
        )

    def _marks_of(self, output: str) -> list[Mark]:
        return [mark for mark in self._saved.marks.values() if mark.output == output]

    def _boot(self, turn: Turn) -> None:
        """Go on from what was kept: the orders again, in their order, with the marks telling how far each came."""
        self._vitals.booted(turn.now.mono_ms)
        orders: list[Order] = []
        for data in self._saved.orders:
            try:
                order = trust.open_order(data, self._keys.trusted.get, self._identity.commune_of).order
            except BadMessage as refusal:
                self._refuse(refusal, turn)
                continue
            self._seen[order.id] = order.expires_ms + FORGET_AFTER_MS
            self._logbook.chained(order.log, order.seq, None, trust.digest(data))
            orders.append(order)
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
        self._seen = {order: until for order, until in self._seen.items() if until >= now.wall_ms}
        self._endings.prune(now.wall_ms)
        for output in self._outputs.values():
            output.prune(now.wall_ms)
        turn.do(Prune(now.wall_ms))

    def _refuse(self, refusal: BadMessage, turn: Turn) -> None:
        self._tally(refusal.reason)
        turn.do(Log("message_refused", refusal.reason, refusal.detail))

    def _tally(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1
