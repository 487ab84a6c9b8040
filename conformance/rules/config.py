"""Rules of the config (protocol, section 8)."""

from dataclasses import replace

from conformance import names
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World


@rule("config.replaces", "A config replaces what was in force at once; of two, the one issued later holds.")
async def replaces(world: World) -> str:
    shut = replace(world.config, hours=world.hours_shut())
    world.configure(shut)
    refused = world.play()
    await refused.reaches("rejected", "outside_hours")
    world.configure(world.config)
    taken = world.play()
    await taken.reaches("played")
    world.configure(shut, log=names.OWN_LOG, iat=now_ms() - 3_600_000)
    world.configure(shut, log=names.PROVINCE, iat=now_ms() - 3_600_000)
    await world.fence(names.OWN_LOG)
    await world.fence(names.PROVINCE)
    again = world.play()
    await again.reaches("played")
    return f"{refused.told}; {taken.told}; one issued earlier changed nothing"


@rule("config.volume", "The volume it tells is never above `volmax`.")
async def volume(world: World) -> str:
    world.configure(replace(world.config, volume_max=35))
    await world.holds(await world.fence())
    said = world.ears.beats[-1].beat.volume
    if said > 35:
        raise Broken(f"volmax is 35, a heartbeat says {said}")
    return f"{said} of 35"
