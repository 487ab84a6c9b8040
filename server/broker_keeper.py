"""Keeps the broker informed of the devices there are: enrolled ones may connect, revoked ones may not any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from devices.enrolment import broker_devices
from devices.repository.enrolment import stamp
from server.broker import EmbeddedBroker
from server.fleet import write_mosquitto_files
from server.runtime import Runtime

_log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
Tell = Callable[[], Awaitable[None]]


@asynccontextmanager
async def kept_informed(runtime: Runtime, tell: Tell) -> AsyncIterator[None]:
    """Do so for the length of the block."""
    task = asyncio.create_task(keep_informed(runtime, tell))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def keep_informed(runtime: Runtime, tell: Tell) -> None:
    """Call `tell` whenever a device was enrolled or revoked, by whatever process, until cancelled."""
    known: tuple[int, ...] = ()
    while True:
        try:
            async with runtime.database.reading() as session:
                now = await stamp(session)
            if now != known:
                await tell()
                known = now
        except Exception:  # noqa: BLE001 - the next look may succeed; a broker left uninformed must not end the server
            _log.exception("broker.not_informed")
        await asyncio.sleep(LOOK_EVERY_S)


def teller(runtime: Runtime, broker: EmbeddedBroker | None) -> Tell | None:
    """How to inform the broker this server uses: ours, or an outside one whose files we keep; None when neither."""
    files = runtime.settings.broker.files
    if broker is not None:
        return _embedded(runtime, broker)
    return None if files is None else _outside(runtime, files)


def _embedded(runtime: Runtime, broker: EmbeddedBroker) -> Tell:
    async def tell() -> None:
        async with runtime.database.reading() as session:
            devices = await broker_devices(session, runtime.keys)
        await broker.reload(devices)

    return tell


def _outside(runtime: Runtime, folder: Path) -> Tell:
    async def tell() -> None:
        async with runtime.database.reading() as session:
            await write_mosquitto_files(session, runtime.keys, folder)

    return tell
