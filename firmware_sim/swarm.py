"""Many speakers in one process: one flash file, one folder of content; each verifies and downloads for itself."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import structlog

from base.errors import NotFound, Refused
from firmware_sim import settings
from firmware_sim.carrying import Watcher
from firmware_sim.contents import ContentFolder
from firmware_sim.device import Device, Parts
from firmware_sim.download import transport
from firmware_sim.encoders import driver_of
from firmware_sim.flash import Flash
from firmware_sim.player import Player, VirtualPlayer
from firmware_sim.radio import Transmitter
from firmware_sim.sensors import Sensors, SimulatedSensors
from firmware_sim.settings import ClockPart, DeviceFile
from firmware_sim.status import Status
from firmware_sim.system_clock import SystemClock, stated_in

MAX_CONNECTIONS = 32
"""Downloads at once of a whole swarm; each device still has its own two places in the queue."""
STARTS_AT_ONCE = 50
SPARE_FILES = 256
FAULTS = ("amplifier", "speaker", "transmitter", "battery", "no-link")
_log = structlog.get_logger(__name__)


def read_fleet(folder: Path, first: int | None = None) -> list[DeviceFile]:
    """The device files of a folder, or the first so many by name. Raises Refused."""
    paths = sorted(folder.glob("*.toml"))[:first]
    if not paths:
        raise Refused("firmware.fleet_empty", folder=str(folder))
    return [settings.load(path) for path in paths]


class Swarm:
    """Powers many devices on and off by name."""

    def __init__(self, devices: Sequence[Device], status: Status) -> None:
        self._devices = {device.identity.device: device for device in devices}
        self.status = status

    @property
    def devices(self) -> Sequence[Device]:
        return list(self._devices.values())

    def line(self) -> dict[str, object]:
        """Where everything stands."""
        return self.status.line(self._devices.values())

    async def start(self) -> None:
        """Boot them all, so many at a time."""
        gate = asyncio.Semaphore(STARTS_AT_ONCE)

        async def boot(device: Device) -> None:
            async with gate:
                await device.start()

        await asyncio.gather(*(boot(device) for device in self._devices.values()))
        _log.info("swarm.started", devices=len(self._devices))

    async def stop(self) -> None:
        """End them all in good order."""
        await asyncio.gather(*(device.stop() for device in self._devices.values()))

    async def plug(self, name: str) -> None:
        """Give a device its power back."""
        device = self._find(name)
        if not device.powered:
            await device.start()
            _log.info("swarm.plugged", device=name)

    async def unplug(self, name: str) -> None:
        """Cut a device's power."""
        await self._find(name).cut()
        _log.info("swarm.unplugged", device=name)

    async def fault(self, name: str, kind: str, *, present: bool = True) -> None:
        """Break something in a device, or mend it."""
        if kind not in FAULTS:
            raise Refused("firmware.fault_unknown", kind=kind, known=", ".join(FAULTS))
        await self._find(name).set_fault(kind, present=present)
        _log.info("swarm.fault", device=name, kind=kind, present=present)

    def _find(self, name: str) -> Device:
        if name not in self._devices:
            raise NotFound("firmware.device_unknown", device=name)
        return self._devices[name]


@asynccontextmanager
async def open_swarm(files: Sequence[DeviceFile], state: Path) -> AsyncIterator[Swarm]:
    """A swarm with everything it shares; not started yet, stopped at the end."""
    allow_files(len(files) + MAX_CONNECTIONS + SPARE_FILES)
    status = Status()
    async with open_parts(state) as make:
        swarm = Swarm([Device(file, make(file, status)) for file in files], status)
        try:
            yield swarm
        finally:
            await swarm.stop()


MakeParts = Callable[[DeviceFile, Watcher | None], Parts]


@asynccontextmanager
async def open_parts(
    state: Path,
    player: Callable[[DeviceFile], Player] = lambda _file: VirtualPlayer(),
    sensors: Callable[[DeviceFile], Sensors] | None = None,
) -> AsyncIterator[MakeParts]:
    """The shared parts under `state`, and what makes the parts of one device of them."""
    flash = Flash(state / "flash.db")
    limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
    try:
        async with httpx.AsyncClient(transport=transport(limits), trust_env=False, follow_redirects=False) as client:
            gate = asyncio.Semaphore(MAX_CONNECTIONS)
            folder = ContentFolder(state / "content")
            clocks = {trust: SystemClock(trust=trust) for trust in (False, True)}
            transmitters: list[Transmitter] = []

            def make(file: DeviceFile, watcher: Watcher | None = None) -> Parts:
                return Parts(
                    flash=flash,
                    folder=folder,
                    client=client,
                    gate=gate,
                    clock=_own_clock(file.clock, clocks).now,
                    player=lambda: player(file),
                    sensors=_simulated(file) if sensors is None else sensors(file),
                    transmitter=_transmitter(file, transmitters),
                    watcher=watcher,
                )

            try:
                yield make
            finally:
                await asyncio.gather(*(each.close() for each in transmitters))
    finally:
        await asyncio.to_thread(flash.close)


def _transmitter(file: DeviceFile, all_of_them: list[Transmitter]) -> Transmitter | None:
    if file.transmitter is None:
        return None
    made = Transmitter(driver_of(file.transmitter, file.device))
    all_of_them.append(made)
    return made


def _own_clock(part: ClockPart, shared: Mapping[bool, SystemClock]) -> SystemClock:
    """The machine's clock as all know it, or as this board's time keeper vouches for it."""
    if part.bound_file is None:
        return shared[part.trust_system]
    return SystemClock(trust=part.trust_system, bound_ms=stated_in(part.bound_file))


def allow_files(wanted: int) -> None:
    """Raise the limit of open files, one connection each, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _simulated(file: DeviceFile) -> Sensors:
    return SimulatedSensors(file.device, power=file.site.power, link=file.site.link)
