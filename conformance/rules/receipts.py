"""Rules of receipts and their acknowledgement (protocol, section 12)."""

import os
import time
from collections.abc import Callable

from conformance import names
from conformance.authorities import Key, Signed
from conformance.ears import Told
from conformance.hostile import sign1
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.envelope import Kind, encode_map, sign
from devices.wire.reports import Ack, Receipt

REPEAT_S = 5.0
AGAIN_S = 2 * REPEAT_S + 2
"""A receipt that just missed a round waits for the next one."""
AT_ONCE_S = 1.0
ROUND = 20


async def _one(world: World) -> Told:
    """A receipt that waits for its acknowledgement."""
    order = await world.fence()
    await world.until(lambda: world.ears.about(order.id), "no receipt")
    return _told(world, order)


def _answered(world: World, order: Signed) -> Callable[[], list[Receipt]]:
    return lambda: world.ears.about(order.id)


def _told(world: World, order: Signed) -> Told:
    return next(told for told in world.ears.told.values() if told.receipt.order == order.id)


async def _again(world: World, told: Told, why: str) -> float:
    """Wait until it is told once more; gives after how many seconds."""
    times = len(told.at_s)
    await world.until(lambda: len(told.at_s) > times, why, AGAIN_S)
    return told.at_s[times] - told.at_s[times - 1]


@rule("receipts.at_once", "A receipt is told at once when there is a link.")
async def at_once(world: World) -> str:
    waits = []
    for _ in range(3):
        began_s = time.monotonic()
        order = await world.fence()
        await world.until(_answered(world, order), "no receipt")
        waits.append(_told(world, order).at_s[0] - began_s)
    if min(waits) > AT_ONCE_S:
        raise Broken(f"{min(waits):.1f} s at best of three")
    return f"{min(waits) * 1_000:.0f} ms"


@rule("receipts.repeated", "A receipt is told again every 5 s until it is acknowledged, and then no more.")
async def repeated(world: World) -> str:
    with world.without("acking"):
        told = await _one(world)
        gap_s = await _again(world, told, f"not told again within {AGAIN_S:g} s")
        if gap_s < REPEAT_S - 0.5:
            raise Broken(f"told again after {gap_s:.1f} s")
        world.acknowledge(told)
        await world.fence()
        other = _told(world, await world.fence())
        times = len(told.at_s)
        await _again(world, other, "another one was not told again")
        if len(told.at_s) > times:
            raise Broken("it was told again after its acknowledgement")
    return f"again after {gap_s:.1f} s"


@rule("receipts.foreign_ack", "Only its commune's acknowledgement of the very receipt, for it, lets it forget one.")
async def foreign_ack(world: World) -> str:
    authorities = world.logs.authorities
    with world.without("acking"):
        told = await _one(world)
        commune, name = authorities[names.COMMUNE].key, told.digest
        body = encode_map(Ack(names.DEVICE, (name,)).to_map())
        forged = {
            "the province's": world.ack(name, key=authorities[names.PROVINCE].key),
            "a stranger's": world.ack(name, key=authorities[names.STRANGER].key),
            "one for another device": world.ack(name, device=names.OTHER_DEVICE),
            "one of another receipt": world.ack(os.urandom(32)),
            "one with a false signature": world.ack(name, key=Key(commune.kid, os.urandom(32))),
            "one signed by the device itself": sign(Kind.ACK, Ack(names.DEVICE, (name,)).to_map(), world.key.signing),
            "one signed as an order": sign1(body, commune, kind="order"),
        }
        world.down(acks=list(forged.values()))
        await _again(world, told, f"it took one of these for an acknowledgement: {', '.join(forged)}")
    return f"{len(forged)} ignored"


@rule("receipts.rounds", "Unacknowledged receipts are told again at most 20 in a round, each in its turn.")
async def rounds(world: World) -> str:
    count = ROUND + 5
    with world.without("acking"):
        orders = [world.order("kit-fence", {}) for _ in range(count)]
        await world.until(lambda: all(world.ears.about(order.id) for order in orders), "not all were answered")
        await world.gate.shut()
        await world.gate.open()
        began_s = len(world.ears.hellos)
        await world.until(lambda: len(world.ears.hellos) > began_s, "no hello after the link came back", 60.0)
        back_s = world.ears.hellos[-1].at_s
        waiting = [_told(world, order) for order in orders]

        def again() -> int:
            return sum(told.at_s[-1] >= back_s for told in waiting)

        await world.until(lambda: again() == count, lambda: f"{again()} of {count} told after the link was back", 20.0)
        first_s = min(told.at_s[-1] for told in waiting)
        early = sum(first_s <= at_s < first_s + REPEAT_S - 1 for told in waiting for at_s in told.at_s)
        if early > ROUND:
            raise Broken(f"{early} within {REPEAT_S - 1:g} s")
    return f"{early} of {count} in the first round"
