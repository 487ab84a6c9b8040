"""Receipts and haves folded into what is proved of one airing in one cluster (pure).

Receipts come in any order and more than once, so folding is commutative and idempotent: whatever the order, the same
proof comes out. Between steps of playing the receipt's number decides; a final state always beats a step; and if a
device ever states two different finals, the one that proves more stands.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from base.times import from_ms, to_ms
from devices.models import DeliveryState
from devices.wire.reports import Receipt, ReceiptState

MAX_MS = 2**31 - 1
"""The longest time a column takes: 24 days, longer than anything sounds."""

FLASH_LOST = "flash_lost"
_FINALS: dict[ReceiptState, tuple[DeliveryState, int]] = {
    ReceiptState.REJECTED: (DeliveryState.REJECTED, 1),
    ReceiptState.MISSED: (DeliveryState.MISSED, 2),
    ReceiptState.CANCELLED: (DeliveryState.CANCELLED, 3),
    ReceiptState.PREEMPTED: (DeliveryState.PREEMPTED, 4),
    ReceiptState.INTERRUPTED: (DeliveryState.INTERRUPTED, 5),
    ReceiptState.TRANSMITTED: (DeliveryState.TRANSMITTED, 6),
    ReceiptState.PLAYED: (DeliveryState.PLAYED, 7),
}
_FINAL_RANKS = dict(_FINALS.values())
_STEPS: dict[ReceiptState, DeliveryState] = {
    ReceiptState.STARTED: DeliveryState.PLAYING,
    ReceiptState.RESUMED: DeliveryState.PLAYING,
    ReceiptState.PAUSED: DeliveryState.PAUSED,
}
_PROOF = {
    DeliveryState.ORDERED: 0,
    DeliveryState.HAS_ORDER: 1,
    DeliveryState.STORED: 2,
    DeliveryState.PLAYING: 3,
    DeliveryState.PAUSED: 3,
}


@dataclass(frozen=True, slots=True)
class Proof:
    """How far one airing is proved in one cluster; the moments are the device's own. See `devices.models.Delivery`."""

    state: DeliveryState = DeliveryState.ORDERED
    has_order_at: datetime | None = None
    stored_at: datetime | None = None
    started_at: datetime | None = None
    start_bound_ms: int | None = None
    finished_at: datetime | None = None
    sounded_ms: int = 0
    step_n: int = 0
    reason: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more is to come."""
        return self.state in _FINAL_RANKS


def has_order(proof: Proof, at: datetime) -> Proof:
    """The device's haves show that it holds the order."""
    if proof.has_order_at is not None:
        return proof
    return replace(_at_least(proof, DeliveryState.HAS_ORDER), has_order_at=at)


def fold(proof: Proof, receipt: Receipt, *, wireless: bool) -> Proof:
    """With one more receipt. A wireless cluster is transmitted to and never becomes played."""
    proof = replace(proof, sounded_ms=max(proof.sounded_ms, min(receipt.sounded_ms, MAX_MS)))
    match receipt.state:
        case ReceiptState.STORED:
            at = from_ms(receipt.at_ms)
            return replace(_at_least(proof, DeliveryState.STORED), stored_at=min(proof.stored_at or at, at))
        case ReceiptState.STARTED:
            return _step(_started(proof, receipt), receipt)
        case ReceiptState.PAUSED | ReceiptState.RESUMED:
            return _step(proof, receipt)
        case ReceiptState.PLAYED if wireless:
            return _finish(proof, receipt, ReceiptState.TRANSMITTED)
        case _:
            return _finish(proof, receipt, receipt.state)


def _at_least(proof: Proof, state: DeliveryState) -> Proof:
    if proof.final or _PROOF[proof.state] >= _PROOF[state]:
        return proof
    return replace(proof, state=state)


def _started(proof: Proof, receipt: Receipt) -> Proof:
    begun = from_ms(receipt.at_ms), min(receipt.bound_ms, MAX_MS)
    if proof.started_at is not None:
        begun = min(begun, (proof.started_at, proof.start_bound_ms or 0))
    return replace(proof, started_at=begun[0], start_bound_ms=begun[1])


def _step(proof: Proof, receipt: Receipt) -> Proof:
    if receipt.n <= proof.step_n:
        return proof
    proof = replace(proof, step_n=receipt.n)
    return proof if proof.final else replace(proof, state=_STEPS[receipt.state], reason=receipt.reason)


def _finish(proof: Proof, receipt: Receipt, stated: ReceiptState) -> Proof:
    state, rank = _FINALS[stated]
    mine = _worth(rank, receipt.reason), -receipt.at_ms, receipt.reason
    if proof.final and proof.finished_at is not None:
        theirs = _worth(_FINAL_RANKS[proof.state], proof.reason), -to_ms(proof.finished_at), proof.reason
        if mine <= theirs:
            return proof
    return replace(proof, state=state, finished_at=from_ms(receipt.at_ms), reason=receipt.reason)


def _worth(rank: int, reason: str) -> int:
    """A device that has lost its flash no longer knows what became of an airing: whatever else it stated, stands."""
    return 0 if reason == FLASH_LOST else rank
