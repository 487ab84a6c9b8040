"""The command `python -m firmware_sim`: one speaker, a swarm of them, and the hand that pulls their plugs."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer

from base.errors import LoaError
from base.mqtt import BrokerAddress
from firmware_sim import settings
from firmware_sim.board import in_state, on_duty
from firmware_sim.control import ask, serve
from firmware_sim.device import Device
from firmware_sim.errors import MESSAGES
from firmware_sim.identity import RADIO, SPEAKER
from firmware_sim.live import LiveStreams
from firmware_sim.player import Player, VirtualPlayer
from firmware_sim.sensors import SystemSensors
from firmware_sim.settings import BrokerPart, DeviceFile
from firmware_sim.streaming_player import StreamingPlayer
from firmware_sim.swarm import Swarm, open_parts, open_swarm, read_fleet
from firmware_sim.watchdog import Notifier

STATUS_EVERY_S = 1.0

app = typer.Typer(
    name="speaker",
    help="The reference speaker.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Control = Annotated[Path, typer.Option(help="The control socket of the running swarm.")]
Name = Annotated[str, typer.Argument(help="The device's name.")]


class Output(StrEnum):
    """Where the sound goes."""

    VIRTUAL = "virtual"
    WAV = "wav"
    SOUND = "sound"


@app.command()
def run(
    config: Annotated[Path, typer.Option(help="The device file written at enrolment.")],
    output: Annotated[Output | None, typer.Option(help="Instead of the one in the device file.")] = None,
    state: Annotated[Path | None, typer.Option(help="Where everything it writes goes.")] = None,
) -> None:
    """Be one speaker on this machine; under systemd it says when it is ready, and that it lives."""
    file = in_state(settings.load(config), state)
    _run(lambda: _one(file, output or Output(file.player.output)))


@app.command()
def enrol(
    server: Annotated[str, typer.Option(help="The address of the console, e.g. https://loa.example.vn.")],
    code: Annotated[str, typer.Option(help="The one-time code the console shows.")],
    config: Annotated[Path, typer.Option(help="Where to write the device file.")],
    board: Annotated[Path | None, typer.Option(help="What is fitted to this board (TOML), added to the file.")] = None,
    *,
    plain: Annotated[bool, typer.Option("--plain", help="Go without https beyond the local network too.")] = False,
) -> None:
    """Make this board known to a server: it makes its own key, and writes its device file."""
    from firmware_sim.enrol import enrol as enrol_board

    obeys = enrol_board(server, code, config, board=board, plain=plain)
    sys.stdout.write(f"{obeys}\n")
    sys.stderr.write(f"Wrote {config}. Compare the line above with the console: it says whom this board will obey.\n")


@app.command()
def swarm(
    *,
    fleet: Annotated[Path, typer.Option(help="A folder of device files.")],
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Only the first so many.")] = None,
    state: Annotated[Path, typer.Option(help="Where flash and content are kept.")] = Path("swarm-state"),
    control: Annotated[Path | None, typer.Option(help="Listen here for plug, unplug and fault.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a status line a second.")] = False,
    status_json: Annotated[str | None, typer.Option(help="The same to a file descriptor, or - for output.")] = None,
    broker: Annotated[str | None, typer.Option(help="Instead of the address in the device files.")] = None,
) -> None:
    """Be many speakers, simulated in one process."""
    files = [_with_broker(file, broker) for file in read_fleet(fleet, count)]
    descriptor = status_json if status_json is not None else ("-" if json_ else None)
    _run(lambda: _many(files, state, control, descriptor))


@app.command()
def plug(device: Name, control: Control) -> None:
    """Give a simulated device its power back."""
    ask(control, {"do": "plug", "device": device})


@app.command()
def unplug(device: Name, control: Control) -> None:
    """Cut a simulated device's power."""
    ask(control, {"do": "unplug", "device": device})


@app.command()
def fault(
    *,
    device: Name,
    kind: Annotated[str, typer.Argument(help="amplifier, speaker, transmitter, battery or no-link.")],
    control: Control,
    clear: Annotated[bool, typer.Option("--clear", help="Mend it instead.")] = False,
) -> None:
    """Break something in a simulated device."""
    ask(control, {"do": "fault", "device": device, "kind": kind, "present": not clear})


@app.command()
def status(control: Control) -> None:
    """Print where a running swarm stands."""
    sys.stdout.write(json.dumps(ask(control, {"do": "status"})["status"]) + "\n")


def main() -> None:
    """Run the command line; an error of ours ends it with a sentence instead of a traceback."""
    _set_up_logs()
    try:
        app()
    except LoaError as error:
        text = MESSAGES.get(error.code, str(error))
        with contextlib.suppress(KeyError, IndexError):
            text = text.format(**error.params)
        sys.stderr.write(f"speaker: {text}\n")
        raise SystemExit(1) from error


async def _one(file: DeviceFile, output: Output) -> None:
    async with open_parts(file.storage.dir, _player_maker(output), lambda _file: SystemSensors()) as make:
        device = Device(file, make(file, None))
        async with on_duty(device, Notifier()):
            await asyncio.Event().wait()


def _player_maker(output: Output) -> Callable[[DeviceFile], Player]:
    def make(file: DeviceFile) -> Player:
        streams = LiveStreams()
        if output is Output.WAV:
            from firmware_sim.wav_player import WavPlayer

            return WavPlayer(file.storage.dir / "heard", file.device, streams)
        if output is Output.SOUND:
            from firmware_sim.card_player import SoundCardPlayer

            radio = "" if file.transmitter is None else file.transmitter.card
            return SoundCardPlayer(cards={SPEAKER: file.player.card, RADIO: radio}, streams=streams)
        return StreamingPlayer(VirtualPlayer(), streams)

    return make


async def _many(files: list[DeviceFile], state: Path, control: Path | None, descriptor: str | None) -> None:
    async with contextlib.AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(open_swarm(files, state))
        if control is not None:
            await stack.enter_async_context(serve(fleet, control))
        await fleet.start()
        await _report(fleet, descriptor)


async def _report(fleet: Swarm, descriptor: str | None) -> None:
    if descriptor is None:
        await asyncio.Event().wait()
        return
    out = sys.stdout.fileno() if descriptor == "-" else int(descriptor)
    with open(out, "w", encoding="utf-8", closefd=False) as stream:  # noqa: ASYNC230 - a descriptor, not a path
        while True:
            stream.write(json.dumps(fleet.line()) + "\n")
            stream.flush()
            await asyncio.sleep(STATUS_EVERY_S)


def _with_broker(file: DeviceFile, url: str | None) -> DeviceFile:
    if url is None or file.broker is None:
        return file
    BrokerAddress.from_url(url)
    broker = (file.broker or BrokerPart(url=url)).model_copy(update={"url": url})
    return file.model_copy(update={"broker": broker})


def _run(work: Callable[[], Awaitable[None]]) -> None:
    """Run until SIGTERM or SIGINT, and end quickly then."""

    async def until_told() -> None:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
            await task
        # All is kept and closed. A thread that is still trying to connect cannot be cancelled, and is not waited for.
        os._exit(0)

    asyncio.run(until_told())


def _set_up_logs() -> None:
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    main()
