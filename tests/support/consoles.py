"""The whole system for a browser to look at: broker, server and real speakers, in a thread beside the test."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import uvicorn

from base.mqtt import BrokerAddress
from devices.site import demo_site
from server.app import create_app
from server.broker import BrokerPlan, EmbeddedBroker, free_port
from server.demo.fleet import prepare
from server.processes import Child
from server.runtime import Runtime
from server.settings import Settings

Result = TypeVar("Result")
START_TIMEOUT_S = 60


@dataclass
class Console:
    """A running console: where it is, who may sign in, and a way to run something inside its loop."""

    url: str
    password: str
    folder: Path
    runtime: Runtime
    loop: asyncio.AbstractEventLoop

    def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run a coroutine where the server lives."""

        async def inside() -> Result:
            return await work()

        return asyncio.run_coroutine_threadsafe(inside(), self.loop).result(START_TIMEOUT_S)


@contextmanager
def running_console(folder: Path, *, speakers: int | None) -> Iterator[Console]:
    """Bảo Nhai on this machine. speakers: how many of its devices run, gateways first; None for all of them."""
    ready: list[Console | BaseException] = []
    begun, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=_live, args=(folder, speakers, ready, begun, stop), name="console")
    thread.start()
    try:
        assert begun.wait(START_TIMEOUT_S), "the console did not start"
        if isinstance(ready[0], BaseException):
            raise ready[0]
        yield ready[0]
    finally:
        stop.set()
        thread.join(START_TIMEOUT_S)


def _live(
    folder: Path,
    speakers: int | None,
    ready: list[Console | BaseException],
    begun: threading.Event,
    stop: threading.Event,
) -> None:
    async def live() -> None:
        async with _world(folder, speakers) as console:
            ready.append(console)
            begun.set()
            await asyncio.to_thread(stop.wait)

    try:
        asyncio.run(live())
    except BaseException as error:  # noqa: BLE001 - told to the thread that waits for us
        ready.append(error)
        begun.set()


@asynccontextmanager
async def _world(folder: Path, speakers: int | None) -> AsyncIterator[Console]:
    broker_port, port = free_port(), free_port()
    settings = Settings.model_validate(
        {
            "data_dir": folder,
            "http": {"host": "127.0.0.1", "port": port},
            "programme": {"lead_s": 3},
            "relays": {"private_networks": True},
        }
    )
    fleet = await prepare(settings, demo_site(), broker_url=f"mqtt://127.0.0.1:{broker_port}")
    plan = BrokerPlan(folder / "broker", "127.0.0.1", broker_port, fleet.broker_devices, fleet.server_password)
    _keep_only(fleet.fleet_dir, speakers)
    async with EmbeddedBroker.running(plan) as broker, _served(settings, broker.address) as runtime:
        swarm = Child("fleet", _swarm(folder, fleet.fleet_dir), folder / "fleet.log")
        if speakers != 0:
            await swarm.start()
        try:
            yield Console(settings.public_url, fleet.password, folder, runtime, asyncio.get_running_loop())
        finally:
            await swarm.stop()


@asynccontextmanager
async def _served(settings: Settings, broker: BrokerAddress) -> AsyncIterator[Runtime]:
    async with Runtime.start(settings, broker=broker) as runtime:
        config = uvicorn.Config(
            create_app(runtime),
            host=settings.http.host,
            port=settings.http.port,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.02)
        try:
            yield runtime
        finally:
            server.should_exit = True
            runtime.hub.close()
            await task


def _swarm(folder: Path, fleet_dir: Path) -> list[str]:
    state, control = folder / "speakers", folder / "swarm.sock"
    command = ["swarm", "--fleet", str(fleet_dir), "--state", str(state), "--control", str(control)]
    return [sys.executable, "-m", "firmware_sim", *command]


def _keep_only(fleet_dir: Path, speakers: int | None) -> None:
    """Leave the device files of the gateways and of the first others."""
    if speakers is None:
        return
    gateways = set(demo_site().gateways)
    files = sorted(fleet_dir.glob("*.toml"), key=lambda path: (path.stem not in gateways, path.stem))
    for path in files[speakers:]:
        path.unlink()
