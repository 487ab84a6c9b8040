"""Rules of haves, gaps, beacons and catching up (protocol, section 10)."""

from conformance import names
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.haves import Haves


@rule("catching_up.gaps", "It tells every gap in a log, and closes it when what was missing comes.")
async def gaps(world: World) -> str:
    with world.without("catching_up"):
        first, second = (world.order("kit-fence", {}, carrier="") for _ in range(2))
        between = world.order("kit-fence", {})
        third = world.order("kit-fence", {}, carrier="")
        last = world.order("kit-fence", {})
        for order in (between, last):
            await world.holds(order)
        haves = world.ears.haves[names.COMMUNE]
        wrong = [order.seq for order in (first, second, third) if order.seq in haves]
        if wrong:
            raise Broken(f"it says that it holds {wrong}, which nobody sent")
        for order in (third, second, first):
            world.send(order, carrier="down")
        for order in (first, second, third):
            await world.holds(order)
    return f"{haves.to_wire()} became {world.ears.haves[names.COMMUNE].to_wire()}"


@rule("catching_up.by_beacon", "What it missed on the topic it gets in a frame, after a beacon has shown the gap.")
async def by_beacon(world: World) -> str:
    missed = world.play(carrier="")
    world.beacon()
    await missed.reaches("played")
    return f"told: {missed.told}"


@rule("catching_up.after_absence", "After an absence its hello tells what it holds, and it takes all that it missed.")
async def after_absence(world: World) -> str:
    await world.gate.shut()
    missed = [world.order("kit-fence", {}, log=log, carrier="") for log in names.LOGS for _ in range(3)]
    airing = world.play(carrier="")
    await world.gate.open()
    for order in missed:
        await world.holds(order, 60.0)
    await airing.reaches("played")
    return f"{len(missed) + 1} orders of {len(names.LOGS)} logs"


@rule("catching_up.floor", "Everything below the floor of a beacon counts as held.")
async def floor(world: World) -> str:
    log = world.logs[names.PROVINCE]
    with world.without("catching_up"):
        gone = world.order("kit-fence", {}, log=log.name, carrier="", exp=now_ms() + 1)
        await world.fence(log.name)
        log.floor = gone.seq + 1
        world.beacon(log.name)
        await world.holds(gone)
    return f"number {gone.seq} was passed"


@rule("catching_up.old_beacon", "A beacon older or lower than the last one taken changes nothing.")
async def old_beacon(world: World) -> str:
    log = world.logs[names.COUNTRY]
    await world.fence(log.name)
    world.beacon(log.name)
    with world.without("catching_up"):
        gap = world.order("kit-fence", {}, log=log.name, carrier="")
        after = await world.fence(log.name)
        await world.holds(after)
        world.beacon(log.name, at=now_ms() - 600_000, floor=after.seq + 1)
        await world.holds(await world.fence())
        if gap.seq in world.ears.haves.get(log.name, Haves()):
            raise Broken("a beacon ten minutes older than the last one raised its haves")
        world.beacon(log.name, at=now_ms(), head=1, floor=2, tip=bytes(32))
        await world.holds(await world.fence())
        world.send(gap, carrier="down")
        await world.holds(gap)
    return "an older and a lower one ignored"


@rule("catching_up.ends_first", "Of orders that come together, what ends a sound goes before what makes one.")
async def ends_first(world: World) -> str:
    with world.without("catching_up"):
        play = world.play(carrier="")
        cancel = world.cancel(play, carrier="")
        world.down(orders=[play.order.envelope, cancel.envelope])
        await play.reaches("cancelled", "cancelled")
    play.stays_silent("its cancel came in the same frame")
    return f"told: {play.told}"
