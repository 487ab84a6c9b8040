"""Flash in memory: what a device keeps, without a disk; for simulations and tests (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.wire.haves import Haves
from firmware_sim.effects import (
    DropReceipts,
    Effect,
    Keep,
    KeepBundle,
    KeepConfig,
    KeepHaves,
    KeepKeys,
    KeepLoss,
    KeepMark,
    KeepOrder,
    KeepReceipt,
    Prune,
)
from firmware_sim.saved import Loss, Mark, Saved, SavedConfig, SavedKeys


@dataclass(slots=True)
class MemoryFlash:
    """One device's flash; `keep` is one transaction.

    With `lazy` a transaction is only handed over: `sync` makes all handed over until then durable, and `cut`, a power
    cut, loses those that are not; what is read meanwhile shows the durable ones alone.
    """

    boots: int = 0
    orders: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    haves: dict[str, Haves] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    chain: tuple[int, bytes] = (0, bytes(32))
    config: SavedConfig | None = None
    keys: dict[str, SavedKeys] = field(default_factory=dict)
    bundles: dict[str, int] = field(default_factory=dict)
    loss: Loss | None = None
    staged: list[tuple[Keep, ...]] = field(default_factory=list)

    def boot(self) -> Saved:
        """Count a boot, durably, and give back everything kept."""
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
            keys=dict(self.keys),
            bundles=dict(self.bundles),
            loss=self.loss,
        )

    def keep(self, effects: Iterable[Effect], *, lazy: bool = False) -> None:
        """Keep what is to be kept of these effects, as one, behind all that was handed over before."""
        self.staged.append(tuple(effect for effect in effects if isinstance(effect, Keep)))
        if not lazy:
            self.sync()

    def sync(self, transactions: int | None = None) -> None:
        """Make durable what was handed over: all, or only the first so many transactions."""
        for transaction in self.staged[:transactions]:
            for effect in transaction:
                self._keep(effect)
        del self.staged[:transactions]

    def cut(self) -> int:
        """Lose power: what is not durable never will be. How many transactions are lost."""
        lost = len(self.staged)
        self.staged.clear()
        return lost

    def spoil(self, *, readable: Mapping[tuple[str, str], Mark] | None = None) -> None:
        """As the store is after it was found broken and built anew from its orders. readable: marks that survived."""
        self.cut()
        self.haves.clear()
        self.marks = dict(readable or {})
        self.chain = (max(self.chain[0], *self.receipts, 0) + 256, bytes(32))
        self.loss = Loss()

    def _keep(self, effect: Keep) -> None:
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
            case Prune(before_ms=before_ms):
                self._prune(before_ms)
            case _:
                self._keep_setting(effect)

    def _keep_setting(self, effect: KeepConfig | KeepKeys | KeepBundle | KeepLoss) -> None:
        match effect:
            case KeepConfig(saved=saved):
                self.config = saved
            case KeepKeys(authority=authority, saved=trusted):
                self.keys[authority] = trusted
            case KeepBundle(bundle=bundle, expires_ms=expires_ms):
                self.bundles[bundle] = expires_ms
            case KeepLoss(loss=loss):
                self.loss = loss

    def _prune(self, before_ms: int) -> None:
        self.orders = {key: kept for key, kept in self.orders.items() if kept[1] >= before_ms}
        self.marks = {key: mark for key, mark in self.marks.items() if mark.forget_ms >= before_ms}
        self.bundles = {key: until_ms for key, until_ms in self.bundles.items() if until_ms >= before_ms}
