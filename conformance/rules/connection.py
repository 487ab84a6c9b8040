"""Rules of the connection and of the hello (protocol, sections 2, 3 and 11)."""

import time

from conformance import names
from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.reports import ClockState

AGAIN_S = 60.0
CLOCK_TOLERANCE_MS = 3_000


@rule("connection.every_carrier", "Orders reach it on the topic of each authority it follows, and in frames.")
async def every_carrier(world: World) -> str:
    for log in names.FOLLOWS:
        await world.fence(log)
        await world.fence(log, carrier="down")
    await world.fence(names.OWN_LOG)
    return f"{len(names.FOLLOWS)} topics and frames"


@rule("connection.comes_back", "Cut off, it connects again by itself and says hello.")
async def comes_back(world: World) -> str:
    seen = len(world.ears.hellos)
    await world.gate.shut()
    await world.gate.open()
    await world.until(lambda: len(world.ears.hellos) > seen, "no hello after the link came back", AGAIN_S)
    await world.fence()
    return f"connection {world.gate.connections}"


@rule("hello.says", "Its hello tells its clusters, its codecs, its clock, and its haves of every log it follows.")
async def says(world: World) -> str:
    hello = world.ears.hellos[-1].hello
    if hello.clusters != (names.DEVICE,):
        raise Broken(f"clusters are {hello.clusters}")
    if not {"opus16", "opus8"} <= set(hello.codecs):
        raise Broken(f"codecs are {hello.codecs}: opus16 and opus8 are for everyone")
    if set(hello.haves) != set(names.LOGS):
        raise Broken(f"haves tell of {sorted(hello.haves)} instead of {sorted(names.LOGS)}")
    beat = world.ears.beats[-1]
    if Need.CLOCK not in world.options.without and beat.beat.clock.state is not ClockState.SYNCED:
        raise Broken(f"the clock is {beat.beat.clock.state}, though its error is stated to be 40 ms")
    heard_ms = now_ms() - (time.monotonic() - beat.at_s) * 1_000
    if abs(beat.beat.clock.now_ms - heard_ms) > CLOCK_TOLERANCE_MS:
        raise Broken("its clock shows another time than the kit's")
    return f"boot {hello.boot}, firmware {hello.firmware}"


@rule("hello.boot_grows", "The boot number grows by one at each start, and is the same in between.", Need.POWER)
async def boot_grows(world: World) -> str:
    before = world.ears.hellos[-1].hello.boot
    byes = len(world.ears.byes)
    await world.power_cycle()
    after = world.ears.hellos[-1].hello.boot
    if after != before + 1:
        raise Broken(f"boot {before}, then {after}")
    await world.until(lambda: len(world.ears.byes) > byes, "the broker had no last will to tell", 60.0)
    return f"{before}, then {after}"
