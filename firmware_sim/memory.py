"""Flash in memory: what a device keeps, without a disk; for simulations and tests (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from devices.wire.haves import Haves
from firmware_sim.effects import (
    DropReceipts,
    Effect,
    KeepConfig,
    KeepHaves,
    KeepMark,
    KeepOrder,
    KeepReceipt,
    Prune,
)
from firmware_sim.saved import Mark, Saved, SavedConfig


@dataclass(slots=True)
class MemoryFlash:
    """One device's flash; `keep` is one transaction."""

    boots: int = 0
    orders: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    haves: dict[str, Haves] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    chain: tuple[int, bytes] = (0, bytes(32))
    config: SavedConfig | None = None

    def boot(self) -> Saved:
        """Count a boot and give back everything kept."""
        self.boots += 1
        return Saved(
            boot=self.boots,
            orders=tuple(envelope for envelope, _ in self.orders.values()),
            haves=dict(self.haves),
            marks=dict(self.marks),
            receipts=dict(self.receipts),
            last_receipt=self.chain[0],
            last_digest=self.chain[1],
            config=self.config,
        )

    def keep(self, effects: Iterable[Effect]) -> None:
        """Keep what is to be kept of these effects."""
        for effect in effects:
            self._keep(effect)

    def _keep(self, effect: Effect) -> None:
        match effect:
            case KeepOrder(signed=signed, forget_ms=forget_ms):
                self.orders[signed.order.id] = (signed.envelope, forget_ms)
            case KeepHaves(log=log, haves=haves):
                self.haves[log] = haves
            case KeepMark(mark=mark):
                self.marks[mark.occurrence, mark.output] = mark
            case KeepReceipt(receipt=receipt, envelope=envelope, digest=digest):
                self.receipts[receipt.n] = envelope
                self.chain = (receipt.n, digest)
            case DropReceipts(held=held):
                self.receipts = {n: envelope for n, envelope in self.receipts.items() if n not in held}
            case KeepConfig(saved=saved):
                self.config = saved
            case Prune(before_ms=before_ms):
                self.orders = {key: kept for key, kept in self.orders.items() if kept[1] >= before_ms}
                self.marks = {key: mark for key, mark in self.marks.items() if mark.forget_ms >= before_ms}
