"""`loa serve`: the server, with a broker beside it unless another is named."""

import asyncio
import gc
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from server.broker import EmbeddedBroker
    from server.httpd import HttpServer
    from server.settings import Settings

FIRST_LOGIN = "admin"
Config = Annotated[Path | None, typer.Option("--config", help="Settings file; see docs/loa.example.toml.")]


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the console and the API.")] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt://… or mqtts://…, or 'embedded'.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for keys, sounds and the SQLite database.")] = None,
) -> None:
    """Run the server until it is told to stop."""
    import uvloop

    from server.settings import load_settings
    from server.telemetry import configure_logging

    settings = load_settings(config, overrides(host=host, port=port, broker=broker, data=data))
    configure_logging(settings.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(settings))


def overrides(
    *, host: str | None = None, port: int | None = None, broker: str | None = None, data: Path | None = None
) -> dict[str, Any]:
    """The settings a command line names, as the settings' own groups."""
    http = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    named: dict[str, Any] = {"http": http} if http else {}
    if broker is not None:
        named["broker"] = {"url": broker}
    if data is not None:
        named["data_dir"] = data
    return named


class _End:
    """Being told to end: a server that is up ends its requests first, a start under way is called off.

    A second signal waits for no request any more.
    """

    def __init__(self) -> None:
        self.told = False
        self.server: HttpServer | None = None
        self._start = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._tell)

    def _tell(self) -> None:
        if self.server is None:
            if self._start is not None:
                self._start.cancel()
        elif self.told:
            self.server.force_exit = True
        else:
            self.server.should_exit = True
        self.told = True


async def _until_told(settings: "Settings") -> None:
    end = _End()
    try:
        await _serve(settings, end)
    except asyncio.CancelledError:
        if not end.told:
            raise


async def _serve(settings: "Settings", end: _End) -> None:
    from server import broker_keeper
    from server.app import create_app
    from server.httpd import HttpServer, listening_socket
    from server.runtime import Runtime

    async with AsyncExitStack() as stack:
        listening = stack.enter_context(listening_socket(settings.http))
        broker = await _broker(settings, stack)
        runtime = await stack.enter_async_context(
            Runtime.start(settings, broker=None if broker is None else broker.address)
        )
        tell = broker_keeper.teller(runtime, broker)
        if tell is not None:
            await stack.enter_async_context(broker_keeper.kept_informed(runtime, tell))
        _introduce(settings, broker, runtime.first_password)
        end.server = HttpServer(create_app(runtime), runtime)
        # What was loaded by now stays: searching it for garbage again and again would hold an alarm up by 0.1 s.
        gc.collect()
        gc.freeze()
        await end.server.serve([listening])


def _introduce(settings: "Settings", broker: "EmbeddedBroker | None", first_password: str | None) -> None:
    if broker is not None:
        sys.stderr.write(f"Broker: {broker.description}\n")
    if first_password is not None:
        sys.stderr.write(f"Administrator: {FIRST_LOGIN}, one-time password: {first_password}\n")
    sys.stderr.write(f"Console: {settings.public_url}\n")


async def _broker(settings: "Settings", stack: AsyncExitStack) -> "EmbeddedBroker | None":
    """The broker beside us, when there is to be one; an outside one needs its files before we can connect."""
    from devices.enrolment import broker_devices
    from server.broker import BrokerPlan, EmbeddedBroker
    from server.commands._open import opened_with
    from server.fleet import write_mosquitto_files
    from server.settings import EMBEDDED

    async with opened_with(settings) as here, here.database.reading() as session:
        if settings.broker.url != EMBEDDED:
            if settings.broker.files is not None:
                await write_mosquitto_files(session, here.keys, settings.broker.files)
            return None
        devices = await broker_devices(session, here.keys)
        password = here.keys.server_password()
    plan = BrokerPlan(settings.data_dir / "broker", settings.broker.host, settings.broker.port, devices, password)
    return await stack.enter_async_context(EmbeddedBroker.running(plan))
