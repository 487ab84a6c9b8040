"""One output of a device, its loudspeakers or its transmitter: what sounds there, its marks and its receipts (pure)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from devices.wire import precedence
from devices.wire.config import Hours
from devices.wire.orders import AfterPreemption, Order, Play, PlayClass, Status
from devices.wire.playing import Airing, Begin, Change, Charge, End, Pause, Phase, Programme
from devices.wire.reports import ReceiptState
from firmware_sim.bank import Bank, Need
from firmware_sim.clock import Reading
from firmware_sim.effects import KeepMark, Silence, Sound, Tune, Turn
from firmware_sim.identity import RADIO, Cluster, languages_of
from firmware_sim.loss import FLASH_LOST, Doubt, Losses
from firmware_sim.plan import OPEN_AHEAD_MS, SoundPlan
from firmware_sim.receipts import ReceiptBook
from firmware_sim.saved import FORGET_AFTER_MS, Mark
from firmware_sim.tallies import NOTES

MARK_STEP_MS = 5_000
"""A mark on flash is this far ahead of the sound: what a power cut may cost."""
MARK_LEAD_MS = 1_000
"""The next mark is written this long before the sound passes the last one."""


@dataclass(slots=True)
class Entry:
    """An airing of this output and what belongs to it. height: how high stands the authority that ordered it.

    tuned: its streams are open, or it has none. cut: a power cut broke it off; it has not sounded since. unsaid: since
    flash was lost nothing says how far it came.
    """

    airing: Airing
    plan: SoundPlan
    clusters: tuple[Cluster, ...]
    mark: Mark
    height: int
    run: int = 0
    tuned: bool = False
    cut: bool = False
    unsaid: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(cluster.id for cluster in self.clusters)


class Output:
    """Its Programme decides; this turns the decisions into marks, sounds and receipts."""

    def __init__(
        self,
        name: str,
        marks: Iterable[Mark],
        *,
        receipts: ReceiptBook,
        bank: Bank,
        volume_max: Callable[[], int],
        losses: Losses,
    ) -> None:
        self.name = name
        self._marks = {mark.occurrence: mark for mark in marks}
        self._losses = losses
        self._receipts, self._bank, self._volume_max = receipts, bank, volume_max
        self._programme = Programme()
        self._entries: dict[str, Entry] = {}

    def use(self, hours: Hours, charge: Charge) -> None:
        """What binds everything here from now on."""
        self._programme.hours, self._programme.charge = hours, charge

    @property
    def sounding(self) -> str | None:
        """The occurrence that makes the sound now."""
        airing = self._programme.sounding
        return None if airing is None else airing.occurrence

    @property
    def alarms(self) -> bool:
        """Whether a real emergency sounds."""
        airing = self._programme.sounding
        return airing is not None and _real_emergency(airing)

    @property
    def waits(self) -> bool:
        """Whether there is any airing to think of."""
        return bool(self._entries)

    def add(
        self,
        order: Order,
        play: Play,
        clusters: tuple[Cluster, ...],
        height: int,
        turn: Turn,
        *,
        issued_since: bool = False,
    ) -> None:
        """Take a play order for these clusters, from where its mark says that a power cut broke it off.

        issued_since: certainly after this start, so that it cannot have begun before flash was lost.
        """
        told = play.occurrence in self._marks
        entry = self._new(order, play, clusters, height, turn)
        if entry is None:
            return
        entry.unsaid = not (told or issued_since)
        if self._lost(entry, turn):
            return
        if not self._bank.playable(entry.plan.versions):
            self._close(entry, ReceiptState.REJECTED, "codec", 0, turn)
            return
        if entry.mark.began_wall_ms is not None and not self._take_up(entry, entry.mark.began_wall_ms, turn):
            return
        airing = entry.airing
        self._programme.add(airing)
        need = Need(
            entry.plan.versions,
            urgency_ms=0 if airing.emergency else airing.start_ms,
            light=airing.emergency,
            emergency=_real_emergency(airing),
        )
        self._bank.need(self._key(entry), need, turn)

    def refuse(self, order: Order, play: Play, clusters: tuple[Cluster, ...], reason: str, turn: Turn) -> None:
        """A play that was cancelled or stopped before it came: one final receipt, and a mark that keeps it the only."""
        entry = self._new(order, play, clusters, 0, turn)
        if entry is not None:
            self._close(entry, ReceiptState.CANCELLED, reason, entry.mark.proven_ms, turn)

    def _new(self, order: Order, play: Play, clusters: tuple[Cluster, ...], height: int, turn: Turn) -> Entry | None:
        """An entry for the play; None when its occurrence is here already, or over."""
        mark = self._mark_until(play.occurrence, order.expires_ms + FORGET_AFTER_MS, turn)
        if play.occurrence in self._entries or mark.final:
            return None
        plan = SoundPlan.of(play, languages_of(clusters))
        airing = Airing(play, order.id, order.issued_ms, order.expires_ms, plan.total_ms)
        entry = Entry(airing, plan, clusters, mark, height, tuned=not plan.has_stream)
        self._entries[play.occurrence] = entry
        return entry

    def _mark_until(self, occurrence: str, forget_ms: int, turn: Turn) -> Mark:
        """The mark of an occurrence; it outlives the last of the orders that name it, all of which stay on flash."""
        mark = self._marks.setdefault(occurrence, Mark(occurrence, self.name, forget_ms))
        if mark.forget_ms < forget_ms:
            mark = self._marks[occurrence] = replace(mark, forget_ms=forget_ms)
            turn.do(KeepMark(mark))
            if occurrence in self._entries:
                self._entries[occurrence].mark = mark
        return mark

    def cancel(self, occurrence: str, reason: str, by: int, turn: Turn) -> None:
        """A cancelled airing ends wherever it stands. by: how high stands whoever cancels."""
        entry = self._entries.get(occurrence)
        if entry is not None and precedence.may_cancel(by, entry.height):
            self._carry_out(self._programme.cancel(occurrence, turn.now, reason), turn)

    def stop(self, up_to: PlayClass, issued_ms: int, by: int, turn: Turn) -> None:
        """End what has begun up to a class and was ordered before the stop; what sounds goes last, so that nothing
        that is about to be stopped takes its place.
        """
        begun = [
            entry.airing
            for entry in self._entries.values()
            if entry.airing.began_wall_ms is not None
            and entry.airing.play.play_class <= up_to
            and entry.airing.issued_ms <= issued_ms
            and precedence.may_stop(by, entry.height, entry.airing.play.play_class)
        ]
        for airing in sorted(begun, key=lambda airing: airing.occurrence == self.sounding):
            self._carry_out(self._programme.cancel(airing.occurrence, turn.now, "stopped"), turn)

    def ended(self, occurrence: str, run: int, sounded_ms: int, reason: str, turn: Turn) -> None:
        """The player has come to the end of a run, or given up."""
        entry = self._entries.get(occurrence)
        if entry is None or entry.run != run:
            return
        self._carry_out(self._programme.finish(occurrence, turn.now, sounded_ms), turn, failure=reason)

    def advance(self, turn: Turn) -> None:
        """Bring everything up to now."""
        for entry in list(self._entries.values()):
            if entry.airing.occurrence in self._entries and not self._lost(entry, turn):
                self._refresh(entry, turn)
        self._tune_ahead(turn)
        self._carry_out(self._programme.advance(turn.now), turn)
        self._mark_ahead(turn)

    def prune(self, before_ms: int) -> None:
        """Forget what was over long ago."""
        self._marks = {
            occurrence: mark
            for occurrence, mark in self._marks.items()
            if mark.forget_ms >= before_ms or occurrence in self._entries
        }

    def next_mono_ms(self, now: Reading) -> int | None:
        """When `advance` next has something to do, in monotonic milliseconds."""
        change = self._programme.next_change_ms(now)
        ahead = [] if change is None else [now.mono_ms + change - now.wall_ms]
        ahead += [now.mono_ms + max(0, _tune_at_ms(each) - now.wall_ms) for each in self._to_tune()]
        entry = self._sounding_entry()
        if entry is not None and not _marked_to_end(entry):
            airing = entry.airing
            ahead.append(airing.since_mono_ms + entry.mark.ahead_ms - MARK_LEAD_MS - airing.position_ms)
        return min(ahead, default=None)

    def _key(self, entry: Entry) -> tuple[str, ...]:
        return ("play", entry.airing.occurrence, self.name)

    def _take_up(self, entry: Entry, began_wall_ms: int, turn: Turn) -> bool:
        """After a power cut: put the airing where it was broken off; whether it can go on from there at all."""
        airing, mark = entry.airing, entry.mark
        over = airing.total_ms is not None and mark.ahead_ms >= airing.total_ms
        if over or airing.play.preempted is AfterPreemption.DROP:
            self._close(entry, ReceiptState.INTERRUPTED, "power", mark.proven_ms, turn)
            return False
        entry.cut = True
        airing.phase, airing.position_ms, airing.began_wall_ms = Phase.PAUSED, mark.ahead_ms, began_wall_ms
        # What lies between proven and ahead may not have sounded, and is not counted.
        airing.discarded_ms = mark.proven_ms - mark.ahead_ms
        return True

    def _lost(self, entry: Entry, turn: Turn) -> bool:
        """Whether it may have begun before flash was lost; then it is over."""
        doubt = self._losses.doubt(entry.airing.start_ms) if entry.unsaid else Doubt.NONE
        entry.unsaid = doubt is Doubt.WAIT
        if doubt is not Doubt.LOST:
            return False
        changes = self._programme.cancel(entry.airing.occurrence, turn.now)
        self._close(entry, ReceiptState.INTERRUPTED, FLASH_LOST, 0, turn)
        self._carry_out(changes[1:], turn)
        return True

    def _refresh(self, entry: Entry, turn: Turn) -> None:
        """Whether its sound is here; an emergency with a tone need not wait for its speech, nor a stream for what would
        stand in for it.
        """
        complete = self._bank.complete(self._key(entry))
        airing = entry.airing
        enough = complete or (entry.plan.has_stream and self._bank.here(entry.plan.waited_for))
        here = enough or (airing.emergency and entry.plan.has_tone)
        # What a power cut broke off may be long over: without a clock only a real emergency goes on.
        airing.ready = here and not entry.unsaid and (turn.now.sure or _real_emergency(airing) or not entry.cut)
        if complete and not entry.mark.stored and not entry.unsaid:
            self._keep(entry, replace(entry.mark, stored=True), turn)
            self._tell(entry, ReceiptState.STORED, "", 0, turn)

    def _carry_out(self, changes: list[Change], turn: Turn, failure: str = "") -> None:
        for change in changes:
            entry = self._entries[change.airing.occurrence]
            match change:
                case Begin():
                    self._begin(entry, change, turn)
                case Pause():
                    self._pause(entry, turn)
                case End():
                    self._end(entry, change, turn, failure)
                    failure = ""

    def _begin(self, entry: Entry, change: Begin, turn: Turn) -> None:
        entry.run += 1
        entry.cut = False
        self._mark(entry, change.position_ms + MARK_STEP_MS, turn)
        state = ReceiptState.RESUMED if change.resumed else ReceiptState.STARTED
        self._tell(entry, state, "", entry.airing.sounded_at(turn.now), turn)
        play = entry.airing.play
        turn.do(
            Sound(
                output=self.name,
                occurrence=play.occurrence,
                run=entry.run,
                plan=entry.plan,
                position_ms=change.position_ms,
                volume=min(play.volume, self._volume_max()),
                emergency=_real_emergency(entry.airing),
                codes=tuple(cluster.code for cluster in entry.clusters) if self.name == RADIO else (),
                play_class=play.play_class,
            )
        )

    def _pause(self, entry: Entry, turn: Turn) -> None:
        turn.do(Silence(self.name, entry.airing.occurrence))
        entry.run += 1
        self._mark(entry, entry.airing.position_ms, turn)
        self._tell(entry, ReceiptState.PAUSED, "", entry.airing.sounded_at(turn.now), turn)

    def _end(self, entry: Entry, end: End, turn: Turn, failure: str) -> None:
        if end.was_sounding:
            turn.do(Silence(self.name, entry.airing.occurrence))
        state, reason = end.state, end.reason
        if failure in NOTES:
            reason = reason or failure
        elif failure:
            state, reason = ReceiptState.INTERRUPTED, failure
        elif reason == "stopped" and state is ReceiptState.CANCELLED:
            state = ReceiptState.INTERRUPTED
        elif entry.cut and reason in {"expired", "stale", "outside_hours"}:
            state, reason = ReceiptState.INTERRUPTED, "power"
        self._close(entry, state, reason, end.sounded_ms, turn)

    def _close(self, entry: Entry, state: ReceiptState, reason: str, sounded_ms: int, turn: Turn) -> None:
        del self._entries[entry.airing.occurrence]
        self._keep(entry, replace(entry.mark, final=True, proven_ms=max(0, sounded_ms)), turn)
        self._tell(entry, state, reason, sounded_ms, turn)
        self._bank.release(self._key(entry), turn)

    def _tell(self, entry: Entry, state: ReceiptState, reason: str, sounded_ms: int, turn: Turn) -> None:
        if state is ReceiptState.PLAYED and self.name == RADIO:
            state = ReceiptState.TRANSMITTED
        self._receipts.write(
            turn,
            state,
            order=entry.airing.order_id,
            occurrence=entry.airing.occurrence,
            clusters=entry.names,
            sounded_ms=max(0, sounded_ms),
            reason=reason,
        )

    def _keep(self, entry: Entry, mark: Mark, turn: Turn) -> None:
        entry.mark = self._marks[mark.occurrence] = mark
        turn.do(KeepMark(mark))

    def _mark(self, entry: Entry, ahead_ms: int, turn: Turn) -> None:
        airing = entry.airing
        mark = replace(
            entry.mark,
            ahead_ms=ahead_ms if airing.total_ms is None else min(ahead_ms, airing.total_ms),
            proven_ms=max(0, airing.sounded_at(turn.now)),
            began_wall_ms=airing.began_wall_ms,
        )
        self._keep(entry, mark, turn)

    def _to_tune(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if not entry.tuned]

    def _tune_ahead(self, turn: Turn) -> None:
        """Open the streams of what begins soon; later ones are opened by whoever makes the sound."""
        for entry in self._to_tune():
            if turn.now.wall_ms >= _tune_at_ms(entry):
                entry.tuned = True
                if urls := entry.plan.streams_due(entry.airing.position_ms, OPEN_AHEAD_MS):
                    turn.do(Tune(urls))

    def _mark_ahead(self, turn: Turn) -> None:
        entry = self._sounding_entry()
        if entry is None or _marked_to_end(entry):
            return
        position = entry.airing.position_at(turn.now)
        if position >= entry.mark.ahead_ms - MARK_LEAD_MS:
            self._mark(entry, position + MARK_LEAD_MS + MARK_STEP_MS, turn)

    def _sounding_entry(self) -> Entry | None:
        occurrence = self.sounding
        return None if occurrence is None else self._entries[occurrence]


def _real_emergency(airing: Airing) -> bool:
    """What must be heard whatever else is wrong: never an exercise."""
    return airing.emergency and airing.play.status is Status.ACTUAL


def _marked_to_end(entry: Entry) -> bool:
    return entry.airing.total_ms is not None and entry.mark.ahead_ms >= entry.airing.total_ms


def _tune_at_ms(entry: Entry) -> int:
    """When its streams are opened, by the wall clock."""
    return entry.airing.start_ms - OPEN_AHEAD_MS
