"""Rules of giving way: who interrupts whom, and what becomes of the one that gave way (protocol, section 14)."""

import asyncio
from typing import Any

from conformance import names
from conformance.airing import Airing
from conformance.registry import rule
from conformance.rules.playing import lasted
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.orders import AfterPreemption, Level, PlayClass, Status

LONG = (tone(20_000),)
SHORT = (tone(500),)


async def _two(world: World, low: dict[str, Any], high: dict[str, Any]) -> tuple[Airing, Airing]:
    """The one begins; half a second later the other comes."""
    first = world.play(**low)
    await first.reaches("started")
    await asyncio.sleep(0.7)
    second = world.play(**high)
    return first, second


@rule("preemption.resume", "A higher class interrupts at once; what gave way goes on where it was.")
async def resume(world: World) -> str:
    low, high = await _two(world, {"parts": (tone(2_000),)}, {"parts": SHORT, "play_class": PlayClass.PRIORITY})
    await high.reaches("played")
    final = await low.reaches("played")
    states = [receipt.state.value for receipt in low.receipts if receipt.state != "stored"]
    if states != ["started", "paused", "resumed", "played"]:
        raise Broken(f"told: {low.told}")
    lasted(final, 2_000, "in all")
    began, resumed = (next(r.at_ms for r in low.receipts if r.state == state) for state in ("started", "resumed"))
    paused = next(r.at_ms for r in low.receipts if r.state == "paused")
    rest_ms = final.at_ms - resumed
    if abs(paused - began + rest_ms - 2_000) > 500:
        raise Broken(f"{paused - began} ms before and {rest_ms} ms after: not where it was")
    return f"{paused - began} ms before, {rest_ms} ms after"


@rule("preemption.restart", "With `restart` what gave way begins anew, and says how long it sounded in all.")
async def restart(world: World) -> str:
    low, high = await _two(
        world,
        {"parts": (tone(1_500),), "preempted": AfterPreemption.RESTART},
        {"parts": SHORT, "play_class": PlayClass.PRIORITY},
    )
    await high.reaches("played")
    final = await low.reaches("played")
    paused = next(r for r in low.receipts if r.state == "paused")
    resumed = next(r for r in low.receipts if r.state == "resumed")
    if final.at_ms - resumed.at_ms < 1_200:
        raise Broken(f"it sounded {final.at_ms - resumed.at_ms} ms after coming back: it did not begin anew")
    lasted(final, 1_500 + paused.sounded_ms, "in all")
    return f"{paused.sounded_ms} ms, then the whole"


@rule("preemption.drop", "With `drop`, or when it has become stale, what gave way does not come back.")
async def drop(world: World) -> str:
    dropped, high = await _two(
        world, {"parts": LONG, "preempted": AfterPreemption.DROP}, {"parts": SHORT, "play_class": PlayClass.PRIORITY}
    )
    await dropped.reaches("preempted", "dropped")
    await high.reaches("played")
    stale, long = await _two(
        world, {"parts": LONG, "stale_ms": 1_200}, {"parts": (tone(1_500),), "play_class": PlayClass.PRIORITY}
    )
    await stale.reaches("preempted", "stale")
    await long.reaches("played")
    return f"{dropped.told}; {stale.told}"


@rule("preemption.equals", "An equal class does not interrupt, nor does a higher level or an earlier turn.")
async def equals(world: World) -> str:
    first, second = await _two(
        world,
        {"parts": (tone(1_500),), "turn": 9},
        {"parts": SHORT, "level": Level.COUNTRY, "log": names.COUNTRY, "turn": 1},
    )
    await first.reaches("played")
    await second.reaches("played")
    if first.count("paused"):
        raise Broken(f"it gave way: {first.told}")
    return f"{first.told}; then {second.told}"


@rule("preemption.emergencies", "Of emergencies the actual goes before the drill, the higher level, then the newest.")
async def emergencies(world: World) -> str:
    alarm: dict[str, Any] = {"parts": LONG, "play_class": PlayClass.EMERGENCY}
    drill, real = await _two(world, {**alarm, "status": Status.DRILL}, alarm)
    await drill.reaches("paused")
    await real.reaches("started")
    newer = world.play(**alarm)
    await real.reaches("paused")
    await newer.reaches("started")
    above = world.play(**alarm, log=names.PROVINCE, level=Level.PROVINCE)
    await newer.reaches("paused")
    await above.reaches("started")
    newest = world.play(**alarm)
    priority = world.play(parts=LONG, play_class=PlayClass.PRIORITY)
    another = world.play(**{**alarm, "status": Status.DRILL}, log=names.COUNTRY, level=Level.COUNTRY)
    await world.fence()
    await world.fence(names.COUNTRY)
    if above.count("paused"):
        raise Broken(f"a province's alarm gave way to a commune's, a drill or a bulletin: {above.told}")
    for waiting in (newest, priority, another):
        if waiting.sounded:
            raise Broken(f"two sound at once: {waiting.told}")
    world.cancel(above, log=names.PROVINCE)
    await newest.reaches("started")
    return "drill, actual, newer, province's; then the newest of the commune's"
