"""The broker behind a test: a process of the kit's own, run by a command that is handed in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from base.errors import Unavailable
from base.mqtt import BrokerAddress

READY_S = 15


class Login(NamedTuple):
    """Who connects as the device, and whose topics it may read."""

    name: str
    password: str
    follows: tuple[str, ...]


class Prepared(NamedTuple):
    """The command that runs a broker, and how the kit signs in as the server."""

    command: Sequence[str]
    address: BrokerAddress


Prepare = Callable[[Path, Login], Prepared]
"""Writes a broker's files into a folder, for one device, on a free port."""


@asynccontextmanager
async def running(prepared: Prepared, log: Path) -> AsyncIterator[BrokerAddress]:
    """Run it until the block ends. Raises Unavailable("conformance.no_broker")."""
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *prepared.command, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        await _listening(prepared.address)
        yield prepared.address
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listening(address: BrokerAddress) -> None:
    try:
        async with asyncio.timeout(READY_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection(address.host, address.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return
    except TimeoutError as error:
        raise Unavailable("conformance.no_broker", host=address.host, port=address.port) from error
