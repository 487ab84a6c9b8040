"""Known bugs to be planted: each patches one thing in the product, and the judge must find it within a few seeds.

They show that the simulation bites. The product knows nothing of them: no switch, no flag.
"""

from collections.abc import Callable, Mapping
from typing import Any

import cbor2

from devices import catchup, ingest, receipts, resending
from devices.repository import log as log_rows
from devices.service import DeviceService
from devices.wire import envelope, playing, trust
from devices.wire.errors import BadMessage
from devices.wire.playing import Programme
from devices.wire.reports import Receipt
from firmware_sim import gate, output, speaker
from firmware_sim.effects import KeepMark, KeepOrder, KeepReceipt
from firmware_sim.endings import Endings
from firmware_sim.memory import MemoryFlash
from firmware_sim.receipts import ReceiptBook
from simulation import operators
from simulation.edges import Edges

Plant = Callable[[Edges], None]
_NEVER_MS = 10**15


def plant(name: str, edges: Edges) -> None:
    """Put a bug into the product until the edges are restored."""
    if name:
        PLANTS[name](edges)


NEVER_MS = 1 << 50


def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _nothing_later(*_: Any, **__: Any) -> list[Any]:
    return []


# --- the speaker


def no_dedupe(edges: Edges) -> None:
    """An order that comes again is carried out again."""

    def forgetful(real: Callable[..., Any]) -> Callable[..., Any]:
        def fresh(self: Any, signed: Any, *args: Any, **kwargs: Any) -> Any:
            self._seen.pop(signed.order.id, None)
            return real(self, signed, *args, **kwargs)

        return fresh

    def unmarked(real: Callable[..., Any]) -> Callable[..., Any]:
        def new(self: Any, order: Any, play: Any, *args: Any) -> Any:
            mark = self._marks.get(play.occurrence)
            if mark is not None and mark.final:
                del self._marks[play.occurrence]
            return real(self, order, play, *args)

        return new

    edges.wrap(gate.Gate, "_fresh", forgetful)
    edges.wrap(output.Output, "_new", unmarked)


def sequence_guard(edges: Edges) -> None:
    """A number below the highest one held is taken for a replay."""

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def fresh(self: Any, signed: Any, *args: Any, **kwargs: Any) -> Any:
            order = signed.order
            if order.seq < self._logbook.haves[order.log].highest:
                return []
            return real(self, signed, *args, **kwargs)

        return fresh

    edges.wrap(gate.Gate, "_fresh", guarded)


def missed_cancel(edges: Edges) -> None:
    """What waits is not cancelled, only what sounds."""

    def deaf(real: Callable[..., Any]) -> Callable[..., Any]:
        def cancel(self: Any, occurrence: str, *args: Any) -> Any:
            return real(self, occurrence, *args) if occurrence == self.sounding else None

        return cancel

    edges.wrap(output.Output, "cancel", deaf)


def cancel_forgotten(edges: Edges) -> None:
    """A cancel that comes before its play is not remembered."""
    edges.set(Endings, "cancelled", _nothing)


def forgotten_expiry(edges: Edges) -> None:
    """What is on the device never expires."""

    def endless(real: Callable[..., Any]) -> Callable[..., Any]:
        def make(play: Any, order_id: str, issued_ms: int, _expires_ms: int, *args: Any) -> Any:
            return real(play, order_id, issued_ms, _NEVER_MS, *args)

        return make

    edges.wrap(output, "Airing", endless)


def mark_after_sound(edges: Edges) -> None:
    """How far a sound has come is only kept when it is over."""

    def late(real: Callable[..., Any]) -> Callable[..., Any]:
        def keep(self: Any, effect: Any) -> Any:
            return None if isinstance(effect, KeepMark) and not effect.mark.final else real(self, effect)

        return keep

    edges.wrap(MemoryFlash, "_keep", late)


def order_not_kept(edges: Edges) -> None:
    """An order is counted and carried out, and never reaches flash."""

    def careless(real: Callable[..., Any]) -> Callable[..., Any]:
        def keep(self: Any, effect: Any) -> Any:
            return None if isinstance(effect, KeepOrder) else real(self, effect)

        return keep

    edges.wrap(MemoryFlash, "_keep", careless)


def receipt_dropped(edges: Edges) -> None:
    """A receipt is numbered, and its text never reaches flash."""

    def careless(real: Callable[..., Any]) -> Callable[..., Any]:
        def keep(self: Any, effect: Any) -> Any:
            real(self, effect)
            if isinstance(effect, KeepReceipt):
                self.receipts.pop(effect.receipt.n, None)

        return keep

    edges.wrap(MemoryFlash, "_keep", careless)


def receipt_told_once(edges: Edges) -> None:
    """A receipt is told once, and never again."""

    def once(real: Callable[..., Any]) -> Callable[..., Any]:
        def tell(self: Any, pending: Any, turn: Any) -> None:
            real(self, pending, turn)
            pending.told_mono_ms += NEVER_MS

        return tell

    edges.wrap(ReceiptBook, "_tell", once)
    edges.set(ReceiptBook, "link_is_back", _nothing)


def no_signature_check(edges: Edges) -> None:
    """A signature that does not fit is no obstacle."""

    def trusting(real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(kind: Any, data: bytes, keyring: Any, tag: int) -> Any:
            try:
                return real(kind, data, keyring, tag)
            except BadMessage as refusal:
                if refusal.reason != "bad_signature":
                    raise
                payload = cbor2.loads(data).value[2]
                return envelope.Verified(envelope.signer(data), cbor2.loads(payload))

        return opened

    edges.wrap(envelope, "_open", trusting)


def foreign_played(edges: Edges) -> None:
    """Whom an order is for is not looked at."""
    for module in (gate, speaker):
        edges.set(module, "addressed", lambda _audience, clusters: tuple(clusters))


def hours_ignored(edges: Edges) -> None:
    """It sounds at any hour."""
    edges.set(Programme, "_out_of_hours", lambda *_: False)


def preempt_missed(edges: Edges) -> None:
    """Whatever sounds is left to sound."""
    edges.set(playing, "_interrupts", lambda *_: False)


def stale_burst(edges: Edges) -> None:
    """What is long past its time begins all the same."""

    def patient(real: Callable[..., Any]) -> Callable[..., Any]:
        def past_start(self: Any, airing: Any, now: Any) -> Any:
            verdict = real(self, airing, now)
            return None if verdict is not None and verdict[0].value == "missed" else verdict

        return past_start

    edges.wrap(Programme, "_past_start", patient)


def clock_believed(edges: Edges) -> None:
    """A clock that nobody vouches for is believed."""

    def credulous(real: Callable[..., Any]) -> Callable[..., Any]:
        def due(self: Any, airing: Any, now: Any) -> Any:
            return real(self, airing, playing.Moment(now.wall_ms + (not now.sure) * _NEVER_MS, now.mono_ms))

        return due

    edges.wrap(Programme, "_due", credulous)


# --- the server


def ack_before_store(edges: Edges) -> None:
    """Receipts are acknowledged before they are in the database."""

    def hasty(real: Callable[..., Any]) -> Callable[..., Any]:
        async def store(self: Any, reports: Any, known: Mapping[str, Any]) -> Any:
            filed = receipts.Filed()
            for report in reports:
                if isinstance(report.message, Receipt):
                    filed.stored.setdefault(report.device_id, set()).add(trust.digest(report.envelope))
            self._acks.add(filed, {name: known[name].commune_id for name in filed.stored})
            return await real(self, reports, known)

        return store

    edges.wrap(ingest.Ingest, "_store", hasty)


def server_forgets_unsent(edges: Edges) -> None:
    """What was committed and not published at once is never published."""

    def sent_only(real: Callable[..., Any]) -> Callable[..., Any]:
        async def in_force(session: Any, held: Any, now: Any) -> Any:
            unsent = {entry.id for entry in await really_unsent(session, now, [], 1_000)}
            return [order for order in await real(session, held, now) if order.id not in unsent]

        return in_force

    really_unsent = log_rows.unsent
    edges.wrap(log_rows, "in_force_above", sent_only)
    edges.set(log_rows, "unsent", _nothing_later)


def resend_never(edges: Edges) -> None:
    """What was lost on the way is not sent again."""
    edges.set(catchup.CatchUp, "add", _nothing)
    edges.set(resending.Resender, "published", _nothing)


def double_issue(edges: Edges) -> None:
    """A request that is repeated because its answer was lost is carried out again."""

    def forgetful(real: Callable[..., Any]) -> Callable[..., Any]:
        async def again(database: Any, clock: Any, **asked: Any) -> Any:
            return await real(database, clock, **{**asked, "key": None})

        return again

    edges.wrap(operators, "once", forgetful)


def claims_played_for_wireless(edges: Edges) -> None:
    """A gateway states that its wireless clusters played, and the server believes it."""

    def believing(real: Callable[..., Any]) -> Callable[..., Any]:
        def fold(proof: Any, receipt: Any, **_: Any) -> Any:
            return real(proof, receipt, wireless=False)

        return fold

    edges.set(output, "RADIO", "")
    edges.wrap(receipts, "fold", believing)


def presence_frozen(edges: Edges) -> None:
    """Nobody looks who is silent."""
    edges.set(DeviceService, "sweep_presence", _nothing_later)


PLANTS: dict[str, Plant] = {
    each.__name__: each
    for each in (
        no_dedupe,
        ack_before_store,
        sequence_guard,
        missed_cancel,
        cancel_forgotten,
        forgotten_expiry,
        mark_after_sound,
        order_not_kept,
        receipt_dropped,
        receipt_told_once,
        no_signature_check,
        foreign_played,
        hours_ignored,
        preempt_missed,
        stale_burst,
        clock_believed,
        server_forgets_unsent,
        resend_never,
        double_issue,
        claims_played_for_wireless,
        presence_frozen,
    )
}
"""Name → what plants it; its docstring says what it breaks."""
