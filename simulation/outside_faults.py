"""Faults of the server, the broker and the network between."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from simulation.broker import Weather
from simulation.fault import End, nothing, some

if TYPE_CHECKING:
    from simulation.world import World

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
        process.on_death = nothing
        process.start()

    return end


def server_away(world: World, lasts_s: float) -> End:
    """Gone, and not started again before the end."""
    del lasts_s
    world.diary.fault("server away", "server")
    world.process.kill()
    return world.process.start


def disk_fails(world: World, lasts_s: float) -> End:
    """From some moment on the server's disk takes one commit and refuses the next; what was begun goes on into it."""
    share = world.source.choice((0.3, 0.6, 1.0))

    def begin() -> None:
        world.diary.fault("server disk fails", "server")
        world.process.gate.chance, world.process.gate.disk_fails = world.source.random, share

    beginning = world.loop.call_later(min(lasts_s, 60) * world.source.random(), begin)

    def end() -> None:
        beginning.cancel()
        world.process.gate.disk_fails = 0.0

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
    chosen = some(world, 12)
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
    for device in some(world):
        world.diary.fault("half-open connection", device.name)
        world.broker.deafen(device.name)
    return nothing


def _weather(world: World, name: str, weather: Callable[[random.Random], Weather]) -> End:
    chosen = some(world, 12)
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
