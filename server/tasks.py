"""Background work that must not stop: started together, restarted after an error, ended together."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)

RESTART_AFTER_S = 1.0


class Tasks:
    """The long-running coroutines of one server."""

    def __init__(self) -> None:
        self._running: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` until `stop`; should it fail or return, it is logged and begun again."""
        self._running.append(asyncio.create_task(_again_and_again(name, work), name=name))

    async def stop(self) -> None:
        """Cancel everything, last started first, and wait for its end."""
        for task in reversed(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()


async def _again_and_again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - one part's failure must not silence the others; it is logged
            _log.exception("task.failed", task=name)
        else:
            _log.warning("task.ended", task=name)
        await asyncio.sleep(RESTART_AFTER_S)
