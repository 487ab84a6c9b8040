"""A real Mosquitto with the server's and the devices' credentials, on a free port."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from base.mqtt import BrokerAddress
from devices.broker_files import SERVER_USER, BrokerDevice, mosquitto_conf, mosquitto_files

SERVER_PASSWORD = "server-password-for-tests"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running_mosquitto(
    folder: Path, devices: Sequence[BrokerDevice] = (), *, port: int | None = None
) -> AsyncIterator[BrokerAddress]:
    """Run Mosquitto in `folder` until the block ends; gives the server's way in."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise RuntimeError("these tests need Mosquitto: install the Debian package mosquitto")
    port = port or free_port()
    log = _write_files(folder, devices, port)
    conf = str(folder / "mosquitto.conf")
    process = await asyncio.create_subprocess_exec(program, "-c", conf, stdout=log, stderr=log)
    try:
        await _until_listening(port)
        yield BrokerAddress("127.0.0.1", port, username=SERVER_USER, password=SERVER_PASSWORD)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        log.close()


def _write_files(folder: Path, devices: Sequence[BrokerDevice], port: int) -> BinaryIO:
    """Settings, credentials and permissions; gives the log to write to."""
    folder.mkdir(parents=True, exist_ok=True)
    conf = mosquitto_conf(host="127.0.0.1", port=port, passwd=str(folder / "passwd"), acl=str(folder / "acl"))
    if os.geteuid() == 0:
        conf += "user root\n"
    for name, text in (mosquitto_files(devices, SERVER_PASSWORD) | {"mosquitto.conf": conf}).items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    return (folder / "log").open("ab")


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
