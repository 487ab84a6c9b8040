"""Faults of devices: power, flash, battery, clocks, loudspeakers, and the contents that come to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulation.device import Device
from simulation.fault import End, nothing, some

if TYPE_CHECKING:
    from simulation.world import World

HOUR_MS = 3_600_000


def _come_back(world: World, after_s: float, device: Device) -> None:
    world.later(after_s, device.switch_on)


def power_cut(world: World, lasts_s: float) -> End:
    """Power goes at some boundary between two effects of what the device does next, and comes back later."""
    chosen = some(world)
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
    chosen = some(world)
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
    chosen = some(world)
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
    chosen = some(world)
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
    chosen = some(world, 12)
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
    for device in some(world):
        world.diary.fault("corrupt file", device.name)
        device.cut()
        for sha in list(device.carrier.here):
            if world.source.random() < 0.5:
                device.carrier.lose(sha)
        device.switch_on()
    return nothing


def flash_lost(world: World, lasts_s: float) -> End:
    """The store on flash is corrupt at the next start."""
    del lasts_s
    for device in world.source.sample(list(world.devices.values()), 3):
        world.diary.fault("flash lost", device.name)
        device.cut()
        device.lose_flash()
        device.switch_on()
    return nothing


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
    chosen = some(world)
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
    chosen = some(world)
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
    for device in some(world):
        for output in device.identity.outputs:
            if device.loudspeakers.sounding(output) is not None:
                world.diary.fault("player fails", device.name)
                device.loudspeakers.fail(output)
    return nothing
