"""The faults, each by name: how it begins, and how it ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from simulation.broker import Weather
from simulation.device import Device

if TYPE_CHECKING:
    from simulation.world import World

End = Callable[[], None]
Fault = Callable[["World", float], End]
"""Begins now, for so many seconds; gives back what puts it right."""

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault. weight: how often it is chosen. long: whether it may last for hours."""

    name: str
    begin: Fault
    weight: int = 2
    long: bool = False
    silences: bool = False
    """Whether devices fall silent and the server could see it."""


def _some(world: World, most: int = 6) -> Sequence[Device]:
    """A few devices, or, now and then, all."""
    devices = list(world.devices.values())
    if world.source.random() < 0.25:
        return devices
    return world.source.sample(devices, world.source.randint(1, most))


def _nothing() -> None:
    """It ended by itself."""


# --- the server


def server_killed(world: World, lasts_s: float) -> End:
    """Killed as by kill -9, between two statements of what it does next, and a new start some seconds later."""
    world.diary.fault("server killed", "server")
    if world.source.random() < 0.5:
        world.process.gate.die_in = world.source.randint(1, 80)
    else:
        world.process.gate.die_after_commits = world.source.randint(1, 4)
    return _after_death(world, lasts_s)


def _after_death(world: World, lasts_s: float) -> End:
    process = world.process

    def start_again() -> None:
        if not world.over:
            process.start()

    def died() -> None:
        world.loop.call_later(min(lasts_s, 2 + 20 * world.source.random()), start_again)

    process.on_death = died

    def end() -> None:
        process.gate.die_in = process.gate.die_after_commits = None
        process.on_death = _nothing
        process.start()

    return end


def server_away(world: World, lasts_s: float) -> End:
    """Gone, and not started again before the end."""
    del lasts_s
    world.diary.fault("server away", "server")
    world.process.kill()
    return world.process.start


def disk_fails(world: World, lasts_s: float) -> End:
    """The server's disk takes one commit and refuses the next."""
    del lasts_s
    world.diary.fault("server disk fails", "server")
    gate = world.process.gate
    gate.chance, gate.disk_fails = world.source.random, world.source.choice((0.3, 0.6, 1.0))

    def end() -> None:
        gate.disk_fails = 0.0

    return end


def server_clock_steps(world: World, lasts_s: float) -> End:
    """Somebody sets the server's clock an hour wrong."""
    del lasts_s
    step = timedelta(hours=world.source.choice((-1, 1)))
    world.diary.fault("server clock steps", "server", str(step))
    world.server_clock.wrong_by = step

    def end() -> None:
        world.server_clock.wrong_by = timedelta()

    return end


# --- the broker and the network


def broker_restarts(world: World, lasts_s: float) -> End:
    """Away for a while; what it retained is lost."""
    del lasts_s
    world.diary.fault("broker restarts", "broker")
    world.broker.go_down()
    return world.broker.come_up


def blackout(world: World, lasts_s: float) -> End:
    """Server and broker are gone: the devices are alone with their programme."""
    ends = server_away(world, lasts_s), broker_restarts(world, lasts_s)
    world.diary.fault("blackout", "town")

    def end() -> None:
        for each in ends:
            each()

    return end


def partition(world: World, lasts_s: float) -> End:
    """Some devices have no network."""
    del lasts_s
    chosen = _some(world, 12)
    for device in chosen:
        world.diary.fault("partition", device.name)
        world.broker.paths[device.name].open = False
        world.broker.consider(device.name)

    def end() -> None:
        for device in chosen:
            world.broker.paths[device.name].open = True
            world.broker.consider(device.name)

    return end


def half_open(world: World, lasts_s: float) -> End:
    """Connections that are dead without a word."""
    del lasts_s
    for device in _some(world):
        world.diary.fault("half-open connection", device.name)
        world.broker.deafen(device.name)
    return _nothing


def _weather(world: World, name: str, weather: Callable[[random.Random], Weather]) -> End:
    chosen = _some(world, 12)
    world.diary.fault(name, "town", ", ".join(device.name for device in chosen))
    for device in chosen:
        world.broker.paths[device.name].weather = weather(world.source)

    def end() -> None:
        for device in chosen:
            world.broker.paths[device.name].weather = Weather()

    return end


def bad_network(world: World, lasts_s: float) -> End:
    """A fifth is lost, some comes twice, some damaged, and nothing in its order."""
    del lasts_s
    return _weather(world, "bad network", lambda source: Weather(0.2, 0.2, 0.05 * source.random(), 4.0))


def slow_network(world: World, lasts_s: float) -> End:
    """Everything arrives, some of it a minute and a half late."""
    del lasts_s
    return _weather(world, "slow network", lambda source: Weather(repeats=0.3, delay_s=90 * source.random()))


def enemy(world: World, lasts_s: float) -> End:
    """The broker is replaced by one that forges, replays and withholds."""
    del lasts_s
    world.enemy.begin()
    return world.enemy.end


# --- devices


def _come_back(world: World, after_s: float, device: Device) -> None:
    world.later(after_s, device.switch_on)


def power_cut(world: World, lasts_s: float) -> End:
    """Power goes at some boundary between two effects of what the device does next, and comes back later."""
    chosen = _some(world)
    alone = world.source.random() < 0.5  # the mast of the mobile network is without power as well
    for device in chosen:
        world.diary.fault("power cut", device.name, "and no network" if alone else "")
        world.broker.paths[device.name].open = not alone
        world.broker.consider(device.name)
        device.cut_in = world.source.randint(1, 25)
        device.flash_ms = world.source.choice((0, 0, 40, 300))
        again_s = lasts_s * world.source.random()
        device.on_cut = partial(_come_back, world, again_s)

    def end() -> None:
        for device in chosen:
            device.cut_in, device.flash_ms, device.on_cut = None, 0, lambda _: None
            device.settle_flash()
            world.broker.paths[device.name].open = True
            device.switch_on()
            world.broker.consider(device.name)

    return end


def power_away(world: World, lasts_s: float) -> End:
    """No electricity until the end."""
    del lasts_s
    chosen = _some(world)
    for device in chosen:
        world.diary.fault("no electricity", device.name)
        device.cut()

    def end() -> None:
        for device in chosen:
            device.switch_on()

    return end


def flash_fails(world: World, lasts_s: float) -> End:
    """Flash refuses every write."""
    del lasts_s
    chosen = _some(world)
    for device in chosen:
        world.diary.fault("flash refuses writes", device.name)
        device.flash_fails = True
        device.feel()

    def end() -> None:
        for device in chosen:
            device.mend_flash()

    return end


def flash_full(world: World, lasts_s: float) -> End:
    """No room for content beyond what is there."""
    del lasts_s
    chosen = _some(world)
    for device in chosen:
        world.diary.fault("flash full", device.name)
        device.carrier.capacity = sum(device.carrier.here.values()) + world.source.choice((0, 50_000))

    def end() -> None:
        for device in chosen:
            device.carrier.capacity = 64 << 20

    return end


def content_closed(world: World, lasts_s: float) -> End:
    """The content server cannot be reached, or what it sends arrives spoilt."""
    del lasts_s
    chosen = _some(world, 12)
    spoilt = world.source.random() < 0.4
    for device in chosen:
        world.diary.fault("content spoilt" if spoilt else "content out of reach", device.name)
        device.content_open, device.carrier.spoils = spoilt, 0.5 if spoilt else 0.0

    def end() -> None:
        for device in chosen:
            device.content_open, device.carrier.spoils = True, 0.0

    return end


def content_corrupt(world: World, lasts_s: float) -> End:
    """Files on flash go bad; that is found out at the next start."""
    del lasts_s
    for device in _some(world):
        world.diary.fault("corrupt file", device.name)
        device.cut()
        for sha in list(device.carrier.here):
            if world.source.random() < 0.5:
                device.carrier.lose(sha)
        device.switch_on()
    return _nothing


def flash_lost(world: World, lasts_s: float) -> End:
    """The store on flash is corrupt at the next start."""
    del lasts_s
    for device in world.source.sample(list(world.devices.values()), 3):
        world.diary.fault("flash lost", device.name)
        device.cut()
        device.lose_flash()
        device.switch_on()
    return _nothing


def battery_low(world: World, lasts_s: float) -> End:
    """Days without sun: batteries run low, or nearly empty."""
    del lasts_s
    chosen = [device for device in world.devices.values() if device.battery_pct is not None]
    left_pct = world.source.choice((5, 12, 25))
    for device in chosen:
        world.diary.fault("battery low", device.name, f"{left_pct} %")
        device.battery_pct = left_pct
        device.feel()

    def end() -> None:
        for device in chosen:
            device.battery_pct = 90
            device.feel()

    return end


def clock_steps(world: World, lasts_s: float) -> End:
    """A source of time that the device trusts is an hour wrong."""
    del lasts_s
    chosen = _some(world)
    step_ms = world.source.choice((-HOUR_MS, HOUR_MS))
    for device in chosen:
        world.diary.fault("clock steps", device.name, str(step_ms))
        world.touch_clock(device, lambda each: each.clock.step(step_ms))

    def end() -> None:
        for device in chosen:
            world.touch_clock(device, lambda each: each.clock.step(0))

    return end


def clock_lost(world: World, lasts_s: float) -> End:
    """The time is gone and nobody tells it."""
    del lasts_s
    chosen = _some(world)
    for device in chosen:
        world.diary.fault("clock lost", device.name)
        device.ntp_open = False
        world.touch_clock(device, lambda each: each.clock.lose())

    def end() -> None:
        for device in chosen:
            device.ntp_open = True
            world.touch_clock(device, lambda each: each.get_time())

    return end


def player_fails(world: World, lasts_s: float) -> End:
    """The sound breaks off in the middle."""
    del lasts_s
    for device in _some(world):
        for output in device.identity.outputs:
            if device.loudspeakers.sounding(output) is not None:
                world.diary.fault("player fails", device.name)
                device.loudspeakers.fail(output)
    return _nothing


KINDS = (
    Kind("server killed", server_killed, weight=5),
    Kind("server away", server_away, long=True),
    Kind("server disk fails", disk_fails),
    Kind("server clock steps", server_clock_steps),
    Kind("broker restarts", broker_restarts, weight=3),
    Kind("blackout", blackout, long=True),
    Kind("partition", partition, weight=4, long=True, silences=True),
    Kind("half-open connection", half_open),
    Kind("bad network", bad_network, weight=4),
    Kind("slow network", slow_network, weight=2),
    Kind("enemy broker", enemy, weight=4),
    Kind("power cut", power_cut, weight=6),
    Kind("no electricity", power_away, weight=3, long=True, silences=True),
    Kind("flash refuses writes", flash_fails),
    Kind("flash full", flash_full),
    Kind("content out of reach", content_closed),
    Kind("corrupt file", content_corrupt),
    Kind("flash lost", flash_lost),
    Kind("battery low", battery_low),
    Kind("clock steps", clock_steps),
    Kind("clock lost", clock_lost),
    Kind("player fails", player_fails),
)
