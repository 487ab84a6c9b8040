"""Hands what a device keeps to flash; what flash refuses goes again, before anything newer, until it is durable."""

import asyncio
import contextlib
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from typing import Any

import structlog

from base.errors import LoaError
from firmware_sim.effects import (
    DropReceipts,
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
from firmware_sim.flash import Slot

FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0
_log = structlog.get_logger(__name__)

_Batch = dict[Hashable, Keep]


class Keeper:
    """One device's writes. `on_change` is called when flash begins to fail and when all is durable again.

    Writes become durable in their order: once one is refused, those behind it are, and all of them go again as one.
    """

    def __init__(self, slot: Slot, on_change: Callable[[], None]) -> None:
        self._slot, self._on_change = slot, on_change
        self._flying: dict[Future[Any], _Batch] = {}
        self._refused: _Batch = {}
        self._tries = 0
        self._timer: asyncio.TimerHandle | None = None
        self.last: Future[Any] | None = None

    @property
    def failing(self) -> bool:
        """Whether something was refused and is not durable yet."""
        return self._tries > 0

    def keep(self, effects: Iterable[Keep]) -> None:
        """Keep these, and before them what was refused; `last` is done when everything until now is durable."""
        batch, self._refused = self._refused, {}
        _add(batch, effects)
        self._rest()
        done = self._slot.keep(batch.values(), after=self.last if self._flying else None)
        self.last, self._flying[done] = done, batch
        asyncio.wrap_future(done).add_done_callback(lambda settled: self._settle(done, settled))

    async def finish(self) -> None:
        """Before an orderly end: try once more what was refused, and wait for the answer."""
        if self._refused:
            self.keep(())
        if self.last is not None:
            with contextlib.suppress(LoaError):
                await asyncio.shield(asyncio.wrap_future(self.last))
        self.close()

    def close(self) -> None:
        """Try nothing any more."""
        self._rest()
        self._flying.clear()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _settle(self, done: "Future[Any]", settled: "asyncio.Future[Any]") -> None:
        failure = None if settled.cancelled() else settled.exception()
        if done not in self._flying:
            return
        if failure is not None:
            self._try_again_later(failure)
            return
        del self._flying[done]
        if self.failing:
            self._tries = 0
            _log.info("flash.well_again", device=self._slot.device)
            self._on_change()

    def _try_again_later(self, failure: BaseException) -> None:
        for batch in self._flying.values():
            _add(self._refused, batch.values())
        self._flying.clear()
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._tries, 10))
        self._timer = asyncio.get_running_loop().call_later(pause_s, self.keep, ())
        self._tries += 1
        if self._tries == 1:
            _log.error("flash.failed", device=self._slot.device, problem=str(failure))
            self._on_change()


def _add(batch: _Batch, effects: Iterable[Keep]) -> None:
    """Put these behind the others; what they replace need not be written any more."""
    for effect in effects:
        key = _row(effect)
        batch.pop(key, None)
        batch[key] = effect


def _row(effect: Keep) -> Hashable:
    """What it writes to: of two effects with the same, the later alone counts."""
    key: tuple[Hashable, ...] = (type(effect).__name__,)
    match effect:
        case KeepOrder(signed=signed):
            key = "order", signed.order.id
        case KeepHaves(log=log):
            key = "haves", log
        case KeepMark(mark=mark):
            key = "mark", mark.occurrence, mark.output
        case KeepReceipt(receipt=receipt):
            key = "receipt", receipt.n
        case DropReceipts(held=held):
            key = "drop", held
        case KeepKeys(authority=authority):
            key = "keys", authority
        case KeepBundle(bundle=bundle):
            key = "bundle", bundle
        case KeepConfig() | KeepLoss() | Prune():
            pass
    return key
