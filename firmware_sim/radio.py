"""A gateway's transmitter: one programme at a time on one channel, addressed to wireless clusters by their codes.

A driver knows the encoder; what is here decides what is on air, keeps it there, and knows whether it works.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import structlog

from devices.wire.orders import PlayClass

KEEP_EVERY_S = 2.0
"""While a programme is on air the encoder is told so this often; a receiver may close 10 s after the last time."""
CHECK_EVERY_S = 30.0
"""An encoder that is not in use is looked at this often, so that a fault is known before it matters."""
ATTEMPTS = 3
AGAIN_S = 0.3
TRANSMITTER = "transmitter"
"""The fault, and the reason in a receipt, of a programme the encoder did not carry."""

_log = structlog.get_logger(__name__)


class DriverFailed(Exception):
    """The encoder did not do what it was told."""


class Heard(StrEnum):
    """What is known of a wireless cluster; only the first two were said by itself."""

    ANSWERED = "answered"
    SILENT = "silent"
    ASSUMED = "assumed"
    NO_TRANSMITTER = "no_transmitter"


@dataclass(frozen=True, slots=True)
class OnAir:
    """A programme for the clusters with these codes."""

    occurrence: str
    codes: tuple[str, ...]
    play_class: PlayClass = PlayClass.NORMAL


class Driver(Protocol):
    """Tells one encoder what to do. Everything may raise DriverFailed, and may be cancelled."""

    async def begin(self, on_air: OnAir) -> None:
        """Open the receivers; the sound follows when this returns."""

    async def keep(self, on_air: OnAir) -> None:
        """It is still on air."""

    async def end(self, on_air: OnAir) -> frozenset[str] | None:
        """Close the receivers; the codes that answered, or None without a return channel."""

    async def check(self) -> None:
        """Whether the encoder is there."""

    async def close(self) -> None:
        """Let go of the hardware."""


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    on_air: OnAir
    ready: Callable[[], None]
    failed: Callable[[], None]


@dataclass(slots=True)
class Transmitter:
    """Brings the encoder from what is on air to what is wanted, one step at a time, the newest wish first."""

    driver: Driver
    keep_every_s: float = KEEP_EVERY_S
    check_every_s: float = CHECK_EVERY_S
    again_s: float = AGAIN_S
    on_change: Callable[[], None] = lambda: None
    """Told when what is known of encoder or receivers changed."""
    faulty: bool = False
    _heard: dict[str, Heard] = field(default_factory=dict)
    _broken: bool = False
    _wanted: _Wanted | None = None
    _open: _Wanted | None = None
    _step: "asyncio.Future[None] | None" = None
    _step_for: _Wanted | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    @property
    def on_air(self) -> str | None:
        """The occurrence that is to be on air."""
        return None if self._wanted is None else self._wanted.on_air.occurrence

    def start(self) -> None:
        """Look after the encoder from now on; needs a running loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def begin(self, on_air: OnAir, ready: Callable[[], None], failed: Callable[[], None]) -> None:
        """Put a programme on air; what is there gives way without a word.

        Later comes `ready` (send the sound), or `failed`; `failed` may still follow `ready`. Neither comes after `end`.
        """
        self._want(_Wanted(on_air, ready, failed))
        self.start()

    def end(self, occurrence: str) -> None:
        """Take it off air, if it is what is there."""
        if self._wanted is not None and self._wanted.on_air.occurrence == occurrence:
            self._want(None)

    def break_down(self, *, present: bool) -> None:
        """Behave as if the encoder were broken, or no longer."""
        self._broken = present
        self._be_faulty(faulty=present)
        self._changed.set()

    def heard(self, code: str) -> Heard:
        """What is known of the receiver with this code."""
        return Heard.NO_TRANSMITTER if self.faulty else self._heard.get(code, Heard.ASSUMED)

    async def close(self) -> None:
        """Off air, and the hardware let go."""
        self._wanted = None
        doomed = [each for each in (self._step, self._task) if each is not None]
        for each in doomed:
            each.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        with contextlib.suppress(DriverFailed):
            await self._leave()
        await self.driver.close()

    def _want(self, wanted: _Wanted | None) -> None:
        self._wanted = wanted
        self._changed.set()
        if self._step is not None and self._step_for is not wanted:
            # An emergency does not wait for an encoder that takes its time with something else.
            self._step.cancel()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            if not await self._go_on():
                continue
            pause = self.keep_every_s if self._open is not None else self.check_every_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _go_on(self) -> bool:
        """One step; whether nothing more is to be done for now."""
        wanted = self._wanted
        try:
            if self._open is not None and self._open is not wanted:
                await self._make_way()
                return False
            if wanted is None:
                await self._carry_out(None, self.driver.check())
            elif self._open is None:
                await self._enter(wanted)
            else:
                await self._try(wanted, self.driver.keep)
        except DriverFailed as failure:
            self._failed(wanted, str(failure))
        except Exception as failure:  # noqa: BLE001 - a mistake in a driver must not end the gateway's task for good
            _log.exception("radio.driver_failed")
            self._failed(wanted, repr(failure))
        else:
            if wanted is self._wanted:
                self._be_faulty(faulty=self._broken)
        return True

    async def _enter(self, wanted: _Wanted) -> None:
        self._open = wanted
        await self._try(wanted, self.driver.begin)
        if wanted is self._wanted:
            _log.info("radio.on_air", occurrence=wanted.on_air.occurrence, codes=wanted.on_air.codes)
            wanted.ready()

    async def _try(self, wanted: _Wanted, step: Callable[[OnAir], Coroutine[Any, Any, None]]) -> None:
        """Up to three times, as long as it is wanted."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._carry_out(wanted, step(wanted.on_air))
            except DriverFailed:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(self.again_s)
                if wanted is not self._wanted:
                    return
            else:
                return

    async def _carry_out(self, wanted: _Wanted | None, step: Coroutine[Any, Any, None]) -> None:
        """Let the driver do it, unless something else is wanted meanwhile."""
        if self._broken:
            step.close()
            raise DriverFailed("broken")
        self._step, self._step_for = asyncio.ensure_future(step), wanted
        try:
            await asyncio.wait({self._step})
            if not self._step.cancelled():
                self._step.result()
        finally:
            self._step = self._step_for = None

    async def _make_way(self) -> None:
        """Close what was on air. An encoder that does not say that it did may still carry what comes next."""
        try:
            await self._leave()
        except DriverFailed as failure:
            _log.error("radio.not_ended", problem=str(failure))
            self._be_faulty(faulty=True)

    async def _leave(self) -> None:
        """Close the receivers of what was on air; also of what did not quite come there."""
        left, self._open = self._open, None
        if left is None:
            return
        answered = await self.driver.end(left.on_air)
        self._hear(left.on_air.codes, answered)

    def _hear(self, codes: Iterable[str], answered: frozenset[str] | None) -> None:
        if answered is None:
            return
        before = dict(self._heard)
        self._heard |= {code: Heard.ANSWERED if code in answered else Heard.SILENT for code in codes}
        if self._heard != before:
            self.on_change()

    def _be_faulty(self, *, faulty: bool) -> None:
        if faulty != self.faulty:
            self.faulty = faulty
            self.on_change()

    def _failed(self, wanted: _Wanted | None, problem: str) -> None:
        if not self.faulty or wanted is not None:
            _log.error("radio.failed", problem=problem, occurrence=wanted and wanted.on_air.occurrence)
        if wanted is not None and wanted is self._wanted:
            self._wanted = None
            self._changed.set()
            wanted.failed()
        self._be_faulty(faulty=True)
