"""Rules of a device that does not know the time (protocol, section 15)."""

import asyncio

from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.setup import SURE_BOUND_MS
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.orders import PlayClass, Status


@rule(
    "clock.unset",
    "Without a sure clock nothing timed begins and nothing is too late; an actual emergency with now sounds.",
    Need.POWER,
    Need.CLOCK,
)
async def unset(world: World) -> str:
    replayed = world.play(play_class=PlayClass.EMERGENCY)
    await replayed.reaches("played")
    world.clock_off_by(None)
    try:
        await world.power_cycle()
        state = world.ears.hellos[-1].hello.clock.state.value
        if state != "unset":
            raise Broken(f"nothing vouches for its clock, and it says {state}")
        timed = world.play(start_ms=now_ms() + 700)
        past = world.play(start_ms=now_ms() - 60_000, late_ms=1_000)
        plain = world.play()
        drill = world.play(play_class=PlayClass.EMERGENCY, status=Status.DRILL)
        alarm = world.play(play_class=PlayClass.EMERGENCY)
        await alarm.reaches("played")
        world.send(replayed.order)
        world.send(replayed.order, carrier="down")
        await asyncio.sleep(0.8)
        await world.fence()
        for airing in (timed, past, plain, drill):
            if airing.final is not None or airing.sounded:
                raise Broken(f"it did not know the time, and told: {airing.told}")
        replayed.started_once()
    finally:
        world.clock_off_by(SURE_BOUND_MS)
    await past.reaches("missed", "late", within_s=15.0)
    past.stays_silent("it was late when the time became known")
    for airing in (timed, plain, drill):
        await airing.reaches("played", within_s=15.0)
    return "the alarm sounded; all else was judged when the time was known"


@rule(
    "clock.drifting",
    "A clock known to within 2 s is good enough; one that is not holds timed items back.",
    Need.POWER,
    Need.CLOCK,
)
async def drifting(world: World) -> str:
    world.clock_off_by(1_500)
    try:
        await world.power_cycle()
        clock = world.ears.hellos[-1].hello.clock
        if clock.state.value != "drifting" or not 1_500 <= clock.bound_ms < 2_000:
            raise Broken(f"1,500 ms off, it says {clock.state.value}, bound {clock.bound_ms}")
        good = world.play()
        await good.reaches("played")
        world.clock_off_by(9_000)
        beats = len(world.ears.beats)
        unsure = lambda: any(b.beat.clock.bound_ms > 2_000 for b in world.ears.beats[beats:])  # noqa: E731 - one condition
        await world.until(unsure, "9,000 ms off, and its heartbeats do not say so", 20.0)
        timed = world.play(start_ms=now_ms() + 300)
        await asyncio.sleep(0.6)
        await world.fence()
        if timed.final is not None or timed.sounded:
            raise Broken(f"its clock may be 9 s off, and it told: {timed.told}")
    finally:
        world.clock_off_by(SURE_BOUND_MS)
    await timed.reaches("played", within_s=15.0)
    return f"{good.told}; held back until the clock was sure"
