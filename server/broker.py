"""The broker beside the server: Mosquitto where the machine has it, else the NATS server that comes with Loa.

Both are real programs with a credential and permissions for each device; neither keeps anything the protocol needs.
"""

import asyncio
import os
import shutil
import signal
import socket
import sysconfig
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from base.errors import Unavailable
from base.mqtt import BrokerAddress
from devices.broker_files import SERVER_USER, BrokerDevice, mosquitto_conf, mosquitto_files, nats_config
from server.files import write_files
from server.processes import Child

_log = structlog.get_logger(__name__)

READY_TIMEOUT_S = 15
PORT_TRIES, PORT_PAUSE_S = 20, 0.1
"""The broker of a server that was just killed may take this long to let go of the port."""
RESTART_AFTER_S = 0.5


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""Addresses to listen on that nobody can connect to → where we reach such a listener."""


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """Where a broker listens, who may connect, and the folder of its files."""

    folder: Path
    host: str
    port: int
    devices: Sequence[BrokerDevice]
    server_password: str

    @property
    def address(self) -> BrokerAddress:
        """How the server itself connects."""
        host = _EVERYWHERE.get(self.host, self.host)
        return BrokerAddress(host, self.port, username=SERVER_USER, password=self.server_password)


@dataclass(frozen=True, slots=True)
class BrokerCommand:
    """How to run the broker of this machine, and what it is, in words."""

    command: tuple[str, ...]
    description: str


def find_mosquitto() -> str | None:
    """The machine's Mosquitto; Debian keeps it where only root's PATH looks."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def find_nats() -> str | None:
    """The NATS server of the wheel this environment was installed with, or the machine's."""
    return shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")


def prepare(plan: BrokerPlan) -> BrokerCommand:
    """Write the broker's files into its folder and give the command that runs it.

    Raises Unavailable("server.no_broker") when there is neither Mosquitto nor nats-server.
    """
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mosquitto, nats = find_mosquitto(), find_nats()
    if mosquitto is not None:
        return _mosquitto(plan, mosquitto)
    if nats is not None:
        return _nats(plan, nats)
    raise Unavailable("server.no_broker")


def _mosquitto(plan: BrokerPlan, program: str) -> BrokerCommand:
    folder = plan.folder.resolve()
    conf = mosquitto_conf(host=plan.host, port=plan.port, passwd=str(folder / "passwd"), acl=str(folder / "acl"))
    if os.geteuid() == 0:
        conf += "user root\n"  # it would drop to a user who may not read our files
    write_files(folder, mosquitto_files(plan.devices, plan.server_password) | {"mosquitto.conf": conf})
    return BrokerCommand((program, "-c", str(folder / "mosquitto.conf")), f"Mosquitto ({program})")


def _nats(plan: BrokerPlan, program: str) -> BrokerCommand:
    folder = plan.folder.resolve()
    config = nats_config(
        plan.devices, plan.server_password, host=plan.host, port=plan.port, store_dir=str(folder / "jetstream")
    )
    write_files(folder, {"nats.conf": config})
    return BrokerCommand((program, "-c", str(folder / "nats.conf")), f"NATS server with MQTT ({program})")


class EmbeddedBroker:
    """A broker process kept running for as long as the block lasts."""

    def __init__(self, plan: BrokerPlan) -> None:
        self.plan = plan
        self._command = prepare(plan)
        self._child = Child("broker", self._command.command, plan.folder / "broker.log")

    @classmethod
    @asynccontextmanager
    async def running(cls, plan: BrokerPlan) -> AsyncIterator["EmbeddedBroker"]:
        """Start it, wait until it listens, start it again when it dies.

        Raises Unavailable: server.no_broker, server.broker_port_taken, server.broker_silent.
        """
        broker = cls(plan)
        await broker._start()
        keeper = asyncio.create_task(broker._keep())
        try:
            yield broker
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await broker._child.stop()

    @property
    def address(self) -> BrokerAddress:
        """How the server connects."""
        return self.plan.address

    @property
    def description(self) -> str:
        """Which broker it is and where it listens."""
        return f"{self._command.description} on {self.plan.host}:{self.plan.port}"

    async def reload(self, devices: Sequence[BrokerDevice]) -> None:
        """Let it know the devices there are now; nobody who is connected notices."""
        self.plan = BrokerPlan(
            self.plan.folder, self.plan.host, self.plan.port, tuple(devices), self.plan.server_password
        )
        await asyncio.to_thread(prepare, self.plan)
        self._child.signal(signal.SIGHUP)

    async def _start(self) -> None:
        await self._port_free()
        await self._child.start()
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._answering()
        except TimeoutError as error:
            await self._child.stop()
            raise self._silent() from error
        except BaseException:
            await self._child.stop()
            raise

    async def _port_free(self) -> None:
        """Whoever else listens there would be taken for our broker, and be told the server's password."""
        for _attempt in range(PORT_TRIES):
            if not await asyncio.to_thread(listening, self.plan.address.host, self.plan.port):
                return
            await asyncio.sleep(PORT_PAUSE_S)
        raise Unavailable("server.broker_port_taken", host=self.plan.host, port=self.plan.port)

    async def _answering(self) -> None:
        while not await asyncio.to_thread(listening, self.plan.address.host, self.plan.port):
            if not self._child.running:
                raise self._silent()
            await asyncio.sleep(0.05)

    def _silent(self) -> Unavailable:
        return Unavailable("server.broker_silent", log=str(self._child.log))

    async def _keep(self) -> None:
        while True:
            _log.warning("broker.died", returncode=await self._child.wait())
            await asyncio.sleep(RESTART_AFTER_S)
            try:
                await self._child.start()
            except OSError as error:  # no memory, no handles: the next try may have them
                _log.warning("broker.not_started", error=str(error))


def listening(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
