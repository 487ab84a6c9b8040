"""Builds a world and takes it down: keys, device file, broker, gate, content server, and the device's power."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from base.errors import Unavailable
from conformance import names
from conformance.broker import Login, running
from conformance.content import Contents
from conformance.devicefile import Places, device_file, toml_of
from conformance.exchange import Exchange
from conformance.gate import Gate
from conformance.httpd import HttpServer
from conformance.logs import Logs
from conformance.options import Need, Options
from conformance.process import OperatorPower, Power, ProcessPower, device_command
from conformance.standing import Standing
from conformance.stations import Stations
from conformance.verdict import Broken
from conformance.world import BEAT_S, World, linked, new_device_key
from devices.wire.config import Config, Hours

SURE_BOUND_MS = 40


@dataclass(frozen=True, slots=True)
class Files:
    """Where the device file is, both ways."""

    toml: Path
    json: Path

    @classmethod
    def write(cls, folder: Path, data: dict[str, object]) -> "Files":
        files = cls(folder / "device.toml", folder / "device.json")
        files.toml.write_text(toml_of(data), encoding="utf-8")
        files.json.write_text(json.dumps(data, indent=1), encoding="utf-8")
        return files


@asynccontextmanager
async def opened(options: Options, folder: Path) -> AsyncIterator[World]:
    """A device that has said hello and taken its first config. Raises Unavailable: conformance.device_silent."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    standing, contents, stations = Standing(names.DEVICE), Contents(), Stations()
    async with AsyncExitStack() as stack:
        login = Login(names.DEVICE, secrets.token_urlsafe(24), names.FOLLOWS)
        address = await stack.enter_async_context(running(options.prepare(folder, login), folder / "broker.log"))
        gate = Gate(options.host, address, standing.packet)
        exchange = Exchange(contents, stations)
        http = HttpServer(options.host, exchange.answer)
        for door in (gate, http):
            await door.open()
        stack.push_async_callback(gate.shut)
        stack.push_async_callback(http.close)
        base = f"http://{options.host}:{http.port}"
        stations.base = f"{base}/live"
        local_port = _free_port() if Need.BUNDLES not in options.without and not options.local_url else None
        places = Places(
            broker_url=f"mqtt://{options.host}:{gate.port}",
            password=login.password,
            content=f"{base}/content",
            exchange=None if Need.EXCHANGE in options.without else f"{base}/exchange",
            local_port=local_port,
            bound_file=folder / "clock-bound",
            storage=folder / "state",
        )
        logs, key, mac = Logs(), new_device_key(), os.urandom(32)
        files = Files.write(folder, device_file(places, key, mac, list(logs.authorities.values())))
        exchanges = () if places.exchange is None else (places.exchange,)
        world = World(
            options=options,
            logs=logs,
            key=key,
            mac=mac,
            contents=contents,
            stations=stations,
            http=http,
            power=_power(options, files, folder),
            gate=gate,
            standing=standing,
            config=Config(Hours((), 0), 100, BEAT_S, (places.content,), exchanges),
            bound_file=places.bound_file,
            local_url=options.local_url or (f"http://127.0.0.1:{local_port}" if local_port else ""),
        )
        exchange.world = world
        world.clock_off_by(SURE_BOUND_MS)
        await stack.enter_async_context(linked(world, address))
        stack.push_async_callback(world.power.cut)
        await _wake(world, folder)
        yield world


async def _wake(world: World, folder: Path) -> None:
    try:
        await world.on()
        await world.holds(world.configure(world.config))
    except Broken as problem:
        seconds, log = world.options.boot_s, str(folder / "device.log")
        raise Unavailable("conformance.device_silent", seconds=seconds, log=log) from problem
    world.configured = False


def _power(options: Options, files: Files, folder: Path) -> Power:
    if options.command is None:
        return OperatorPower(files.toml)
    command = device_command(options.command, toml=files.toml, json=files.json)
    return ProcessPower(command, folder / "device.log", folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
