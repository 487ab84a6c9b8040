"""How a rule shows that forged messages have no effect: none is counted, none is answered, none sounds."""

from conformance.hostile import Forged
from conformance.verdict import Broken
from conformance.world import World
from devices.wire import topics
from devices.wire.haves import Haves


async def refuses(world: World, forged: list[Forged], *, carrier: str = "orders") -> str:
    """Send them all; gives how many. Raises Broken with the first that had an effect."""
    with world.without("catching_up"):
        for each in forged:
            if carrier == "down":
                world.down(orders=[each.envelope])
            else:
                world.publish(topics.orders(each.log), each.envelope)
        fence = await world.fence()
        await world.holds(fence)
    for each in forged:
        told = world.ears.of(each.occurrence)
        if told:
            raise Broken(f"{each.what}: it told “{told[0].state}” of it instead of refusing it")
        if each.seq in world.ears.haves.get(each.log, Haves()):
            raise Broken(f"{each.what}: it was counted as held instead of refused")
        world.forbid(each.occurrence, f"{each.what} was to be refused")
    return f"{len(forged)} refused"
