"""Background work that must not stop: started together, restarted after an error, ended together."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)

RESTART_AFTER_S = 1.0


class Tasks:
    """The long-running coroutines of one server."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` until `stop`; should it fail or return, it is logged and begun again."""
        self._keep(asyncio.create_task(_again_and_again(name, work), name=name))

    def once(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` to its end in the background; an error is logged."""
        self._keep(asyncio.create_task(_logged(name, work), name=name))

    async def stop(self) -> None:
        """Cancel everything and wait for its end."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _logged(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # noqa: BLE001 - one part's failure must not silence the others; it is logged
        _log.exception("task.failed", task=name)


async def _again_and_again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await _logged(name, work)
        await asyncio.sleep(RESTART_AFTER_S)
        _log.warning("task.restarted", task=name)
