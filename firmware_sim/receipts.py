"""A device's numbered, chained, signed statements, told again until the server acknowledges them (pure)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from devices.wire import topics
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.haves import Haves
from devices.wire.reports import Receipt, ReceiptState
from devices.wire.trust import digest
from firmware_sim.effects import DropReceipts, KeepReceipt, Log, Turn

REPEAT_MS = 5_000
MAX_PER_ROUND = 20
MAX_PENDING = 20_000
"""Receipts kept at most, some 8 MB. Beyond, steps give way to what is final, the oldest first: the chain shows a hole
where they were, and nothing is stated that is not so."""
DROP_AT_ONCE = 1_000
_STEPS = tuple(
    b"estate" + bytes([0x60 + len(state.value)]) + state.value.encode() for state in ReceiptState if not state.final
)
"""How the encoding writes the state of a step; a receipt that holds none of these is final."""


@dataclass(slots=True)
class _Pending:
    envelope: bytes
    digest: bytes
    told_mono_ms: int | None = None

    @property
    def due_mono_ms(self) -> int:
        """When to tell it (again)."""
        return -1 if self.told_mono_ms is None else self.told_mono_ms + REPEAT_MS


class ReceiptBook:
    """Writes receipts and remembers those not acknowledged."""

    def __init__(
        self,
        *,
        device: str,
        boot: int,
        key: SigningKey,
        last: int,
        last_digest: bytes,
        pending: Mapping[int, bytes],
    ) -> None:
        self._device, self._boot, self._key = device, boot, key
        self._last, self._digest = last, last_digest
        self._pending = {n: _Pending(pending[n], digest(pending[n])) for n in sorted(pending)}
        self._round_mono_ms = 0
        self._topic = topics.up(device, topics.Up.RECEIPT)

    @property
    def pending(self) -> int:
        """How many wait for the server."""
        return len(self._pending)

    def write(
        self,
        turn: Turn,
        state: ReceiptState,
        *,
        order: str,
        clusters: tuple[str, ...],
        occurrence: str | None = None,
        sounded_ms: int = 0,
        reason: str = "",
    ) -> None:
        """State something: keep it, and tell it at once when there is a link."""
        now = turn.now
        receipt = Receipt(
            device=self._device,
            n=self._last + 1,
            prev=self._digest,
            boot=self._boot,
            order=order,
            occurrence=occurrence,
            clusters=clusters,
            state=state,
            at_ms=max(0, now.wall_ms),
            bound_ms=now.bound_ms,
            sounded_ms=sounded_ms,
            reason=reason[:64],
        )
        envelope = sign(Kind.RECEIPT, receipt.to_map(), self._key)
        self._last, self._digest = receipt.n, digest(envelope)
        pending = self._pending[receipt.n] = _Pending(envelope, self._digest)
        turn.do(KeepReceipt(receipt, envelope, self._digest))
        if turn.linked:
            self._tell(pending, turn)
        if len(self._pending) > MAX_PENDING:
            self._drop_steps(turn)

    @property
    def envelopes(self) -> tuple[bytes, ...]:
        """All that is not acknowledged, oldest first."""
        return tuple(pending.envelope for pending in self._pending.values())

    def acknowledge(self, stored: Collection[bytes], turn: Turn) -> None:
        """Forget the receipts the server names by their digests; tell at once what was not told yet."""
        gone = [n for n, pending in self._pending.items() if pending.digest in stored]
        if not gone:
            return
        for n in gone:
            del self._pending[n]
        turn.do(DropReceipts(Haves.of(gone)))
        self._round_mono_ms = turn.now.mono_ms

    def link_is_back(self, turn: Turn) -> None:
        """Tell everything anew, as if it had never been told."""
        for pending in self._pending.values():
            pending.told_mono_ms = None
        self._round_mono_ms = turn.now.mono_ms

    def repeat(self, turn: Turn) -> None:
        """A round of what was not told yet, the oldest first, then of what was told longest ago."""
        now_ms = turn.now.mono_ms
        if not turn.linked or now_ms < self._round_mono_ms:
            return
        due = [pending for pending in self._pending.values() if pending.due_mono_ms <= now_ms]
        # Whatever the server does not acknowledge must not keep the others from being told.
        for pending in sorted(due, key=lambda pending: pending.due_mono_ms)[:MAX_PER_ROUND]:
            self._tell(pending, turn)
        if due:
            self._round_mono_ms = now_ms + REPEAT_MS

    def next_mono_ms(self) -> int | None:
        """When to tell again; None when nothing waits."""
        due = min((pending.due_mono_ms for pending in self._pending.values()), default=None)
        return None if due is None else max(due, self._round_mono_ms)

    def _drop_steps(self, turn: Turn) -> None:
        """Nobody has come for the receipts of months."""
        steps = [n for n, pending in self._pending.items() if any(step in pending.envelope for step in _STEPS)]
        gone = (steps or list(self._pending))[:DROP_AT_ONCE]
        for n in gone:
            del self._pending[n]
        turn.do(DropReceipts(Haves.of(gone)))
        turn.do(Log("receipts_dropped", "steps" if steps else "finals", str(len(gone)), alarming=True))

    def _tell(self, pending: _Pending, turn: Turn) -> None:
        pending.told_mono_ms = turn.now.mono_ms
        turn.publish(self._topic, pending.envelope, stated=True)
