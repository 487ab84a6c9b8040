"""What a service manager is told: ready, stopping, and alive for as long as the speaker really turns (sd_notify)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping

import structlog

_MICRO = 1_000_000
_log = structlog.get_logger(__name__)


class Notifier:
    """Datagrams to $NOTIFY_SOCKET; without one nobody is told."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        self.every_s = _half(environment)

    def tell(self, *lines: str) -> None:
        """Never fails: whoever does not listen will notice by silence."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.settimeout(0)
            client.sendto("\n".join(lines).encode(), self._address)


def _half(environment: Mapping[str, str]) -> float | None:
    """Half of the time after which the service manager loses patience; None when it has no watchdog for us."""
    micro, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not micro.isdigit() or int(micro) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(micro) / _MICRO / 2


@contextlib.asynccontextmanager
async def watched(notifier: Notifier, turn: Callable[[], None], status: Callable[[], str]) -> AsyncIterator[None]:
    """Tell that we are ready; then, in time, that we live, whenever `turn` has come to its end without an error."""
    notifier.tell("READY=1", f"STATUS={status()}")
    task = None
    if notifier.every_s is not None:
        task = asyncio.create_task(_ping(notifier, notifier.every_s, turn, status))
    try:
        yield
    finally:
        notifier.tell("STOPPING=1")
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _ping(notifier: Notifier, every_s: float, turn: Callable[[], None], status: Callable[[], str]) -> None:
    while True:
        try:
            turn()
            notifier.tell("WATCHDOG=1", f"STATUS={status()}")
        except Exception:  # noqa: BLE001 - a machine that fails at every turn is to be started anew, which silence brings
            _log.exception("watchdog.turn_failed")
        await asyncio.sleep(every_s)
