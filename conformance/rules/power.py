"""Rules of a power cut: nothing is repeated, nothing is lost, every airing still ends once (protocol, section 12)."""

import asyncio

from conformance import names
from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.standing import lost
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.haves import Haves
from devices.wire.orders import AfterPreemption, PlayClass
from devices.wire.reports import Receipt

SKIP_MS = 6_000
"""A mark may lie so far ahead of the sound."""


def _at(receipts: list[Receipt], state: str) -> Receipt | None:
    return next((receipt for receipt in receipts if receipt.state == state), None)


@rule("power.goes_on", "After a power cut a sound goes on further on, and never repeats any of it.", Need.POWER)
async def goes_on(world: World) -> str:
    total_ms = 11_000
    airing = world.play(parts=(tone(total_ms),))
    began = await airing.reaches("started")
    await asyncio.sleep(1.5)
    before_ms = now_ms() - began.at_ms
    await world.power_cycle()
    final = await airing.reaches("played", within_s=20.0)
    airing.started_once()
    resumed = _at(airing.receipts, "resumed")
    if resumed is None:
        raise Broken(f"it did not say that it went on: {airing.told}")
    rest_ms = final.at_ms - resumed.at_ms
    if before_ms + rest_ms > total_ms + 700:
        raise Broken(f"{before_ms} ms before the cut and {rest_ms} ms after it, of {total_ms}: it repeated some")
    if before_ms + rest_ms < total_ms - SKIP_MS - 700:
        raise Broken(f"{before_ms} ms before the cut and {rest_ms} ms after it, of {total_ms}: it skipped too much")
    return f"{before_ms} ms before, {rest_ms} ms after, of {total_ms}"


@rule(
    "power.drop", "What is not to come back ends as interrupted by power: cut as it began, it says so once.", Need.POWER
)
async def drop(world: World) -> str:
    airing = world.play(parts=(tone(9_000),), preempted=AfterPreemption.DROP)
    waiting = world.play(start_ms=now_ms() + 15_000)
    await airing.reaches("started")
    await world.power_cycle()
    await airing.reaches("interrupted", "power")
    airing.started_once()
    await world.fence()
    if waiting.final is not None:
        raise Broken(f"what waited for its time ended: {waiting.told}")
    return airing.told


@rule("power.not_again", "After a power cut it holds what it held, and old orders sent again do not sound.", Need.POWER)
async def not_again(world: World) -> str:
    played = [world.play(log=log) for log in (names.COMMUNE, names.PROVINCE, names.OWN_LOG)]
    for airing in played:
        await airing.reaches("played")
    cancelled = world.play(carrier="", play_class=PlayClass.EMERGENCY)
    with world.without("catching_up"):
        world.cancel(cancelled)
        await world.holds(await world.fence())
        held = dict(world.ears.haves)
        await world.power_cycle()
        hello = world.ears.hellos[-1].hello
        for log, haves in held.items():
            if lost(haves, hello.haves.get(log, Haves())):
                raise Broken(f"{log}: it held {haves.to_wire()} and now says otherwise")
        for carrier in ("orders", "down"):
            world.send(*(airing.order for airing in played), carrier=carrier)
        world.send(cancelled.order)
        await world.fence()
        await cancelled.reaches("cancelled", "cancelled")
    cancelled.stays_silent("its cancel came before the power cut")
    for airing in played:
        airing.started_once()
    return f"{len(played)} orders sent twice more, one cancelled"


@rule(
    "power.receipts",
    "A receipt is durable before it is told: cut at once, it is told again with the same bytes.",
    Need.POWER,
)
async def receipts(world: World) -> str:
    with world.without("acking"):
        order = world.order("kit-fence", {})
        await world.until(lambda: world.ears.about(order.id), "no receipt")
        await world.power.cut()
        told = next(told for told in world.ears.told.values() if told.receipt.order == order.id)
        times = len(told.at_s)
        await world.on()
        await world.until(lambda: len(told.at_s) > times, "its receipt was lost with the power", 15.0)
    after = _at(world.ears.about((await world.fence()).id), "rejected")
    if after is not None and after.boot != told.receipt.boot + 1:
        raise Broken("a receipt after the cut does not tell the new boot")
    return f"receipt {told.receipt.n} told again"


@rule("power.expired", "What expired while the power was gone does not go on.", Need.POWER)
async def expired(world: World) -> str:
    airing = world.play(parts=(tone(20_000),), order={"exp": now_ms() + 2_500})
    stale = world.play(start_ms=now_ms() + 1_500, late_ms=200)
    await airing.reaches("started")
    await world.power.cut()
    await asyncio.sleep(2.5)
    await world.on()
    final = await airing.reaches("interrupted", within_s=10.0)
    await stale.reaches("missed")
    stale.stays_silent("its time passed while the power was gone")
    return f"interrupted ({final.reason}); {stale.told}"
