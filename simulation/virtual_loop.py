"""An asyncio event loop in which no time passes but what timers ask for: it jumps to the next one."""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from typing import Any

CLOCK_RESOLUTION_S = 1e-6
"""Timers this close together are due at the same moment; sums of floats stay well within it for years."""


class DeadlockedWorld(Exception):
    """Nothing is scheduled and yet somebody waits: in reality it would hang for ever."""


class _NoWaiting(selectors.BaseSelector):
    """Nothing is ever ready, and waiting for it moves the clock instead of the machine."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockedWorld
        if timeout > 0:
            self.now_s += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise NotImplementedError("nothing in a virtual world has a file descriptor")

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise NotImplementedError

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 and is exact; threads do not exist, so `run_in_executor` runs at once."""

    def __init__(self) -> None:
        self._waiting = _NoWaiting()
        super().__init__(self._waiting)
        self._clock_resolution = CLOCK_RESOLUTION_S
        self.unhandled: list[str] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._waiting.now_s

    @property
    def now_ms(self) -> int:
        """The virtual time in whole milliseconds."""
        return round(self._waiting.now_s * 1_000)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]  # the parent's overloads of unpacked types say the same
        del executor
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as a thread would: whoever awaits it gets it
            future.set_exception(error)
        return future

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _make_self_pipe(self) -> None:
        """No other thread ever wakes this loop."""

    def _close_self_pipe(self) -> None:
        """There is none."""

    def _write_to_self(self) -> None:
        """There is nobody to wake."""
