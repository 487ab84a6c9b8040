"""Rules of the heartbeat (protocol, section 11)."""

import asyncio
import time
from collections.abc import Callable

from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import BEAT_S, World, tone

SLACK_S = 1.0
SOON_S = 1.5
"""100 to 300 ms, and what a machine under load needs."""


def _more(world: World, seen: int) -> Callable[[], bool]:
    return lambda: len(world.ears.beats) > seen


@rule("heartbeat.period", "A heartbeat comes every `beat` seconds, at most 5 % later.")
async def period(world: World) -> str:
    beats = world.ears.beats
    start = len(beats)
    longest = BEAT_S * 1.05 + SLACK_S
    await world.until(lambda: len(beats) > start, "no heartbeat", longest + 2)
    await world.until(lambda: len(beats) > start + 1, "no second heartbeat", longest)
    gap_s = beats[start + 1].at_s - beats[start].at_s
    if gap_s > longest:
        raise Broken(f"{gap_s:.1f} s between two, beat is {BEAT_S} s")
    return f"{gap_s:.1f} s apart"


@rule("heartbeat.soon", "100 to 300 ms after an order came, a heartbeat tells that it is held.")
async def soon(world: World) -> str:
    waits = []
    for _ in range(3):
        began_s = time.monotonic()
        order = await world.fence()
        await world.holds(order)
        waits.append(time.monotonic() - began_s)
    if min(waits) > SOON_S:
        raise Broken(f"{min(waits):.1f} s at best of three")
    return f"{min(waits) * 1_000:.0f} ms"


@rule("heartbeat.playing", "A heartbeat names what sounds.")
async def playing(world: World) -> str:
    airing = world.play(parts=(tone(9_000),))
    await airing.reaches("started")
    sounding = lambda: airing.occurrence in world.ears.beats[-1].beat.playing  # noqa: E731 - one condition
    await world.until(sounding, "no heartbeat names what sounds", BEAT_S * 1.05 + SLACK_S)
    world.cancel(airing)
    await airing.reaches("cancelled")
    return "named while it sounded"


@rule("heartbeat.gap_soon", "After a beacon that shows a gap, a heartbeat comes soon.")
async def gap_soon(world: World) -> str:
    waits = []
    with world.without("catching_up"):
        for _ in range(3):
            await asyncio.sleep(0.5)
            order = world.order("kit-fence", {}, carrier="")
            seen = len(world.ears.beats)
            began_s = time.monotonic()
            world.beacon()
            await world.until(_more(world, seen), "no heartbeat after the beacon")
            waits.append(time.monotonic() - began_s)
            world.send(order, carrier="down")
            await world.holds(order)
    if min(waits) > SOON_S:
        raise Broken(f"{min(waits):.1f} s at best of three")
    return f"{min(waits) * 1_000:.0f} ms"
