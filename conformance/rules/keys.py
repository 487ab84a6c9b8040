"""Rules of key rotation (protocol, section 8, keys)."""

import os

from conformance import names
from conformance.authorities import Authority, Key
from conformance.hostile import Forger, sign1
from conformance.logs import now_ms
from conformance.options import Need
from conformance.refusing import refuses
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.envelope import encode_map
from devices.wire.keys import KeyEntry, Keys
from devices.wire.trust import kid

YEAR_MS = 365 * 86_400_000


def _entry(authority: Authority, epoch: int, life_ms: int = YEAR_MS) -> KeyEntry:
    return KeyEntry(epoch, authority.keys[epoch].public, now_ms() + life_ms)


def _keys(authority: Authority, trusted: list[int], old: list[int], life_ms: int = YEAR_MS) -> dict[str, object]:
    current = tuple(_entry(authority, epoch, life_ms) for epoch in trusted)
    return Keys(current, tuple(_entry(authority, epoch) for epoch in old)).to_map()


@rule("keys.overlap", "A new key counts once the present one has announced it; both count until one is retired.")
async def overlap(world: World) -> str:
    authority = world.logs.authorities[names.COMMUNE]
    first = authority.epoch
    second = authority.next_key()
    early = Forger(world, names.COMMUNE)
    said, occurrence = early.payload()
    early.add("an order of a key not announced yet", sign1(encode_map(said), second), occurrence)
    await refuses(world, early.made)
    epochs = sorted(authority.keys)[-2:]
    await world.holds(world.order("keys", _keys(authority, epochs, [])))
    by_first = world.play()
    authority.epoch = epochs[-1]
    by_second = world.play()
    world.beacon()
    for airing in (by_first, by_second):
        await airing.reaches("played")
    return f"epochs {first} and {epochs[-1]} side by side"


@rule("keys.together", "An order of a new key is taken when it comes before its announcement, and when it comes again.")
async def together(world: World) -> str:
    authority = world.logs.authorities[names.COMMUNE]
    old = authority.epoch
    authority.next_key()
    epochs = [old, max(authority.keys)]
    with world.without("catching_up"):
        announcing = world.order("keys", _keys(authority, epochs, []), carrier="")
        authority.epoch = epochs[1]
        early = world.play(carrier="")
        world.send(early.order)
        world.down(orders=[early.order.envelope, announcing.envelope])
        await early.reaches("played")
    return f"in one frame, the wrong way round: {early.told}"


@rule("keys.retired", "A retired key has no say any more: what is numbered below its end is counted, the rest refused.")
async def retired(world: World) -> str:
    authority = world.logs.authorities[names.COMMUNE]
    old = authority.epoch
    authority.next_key()
    new = max(authority.keys)
    await world.holds(world.order("keys", _keys(authority, [old, new], [])))
    with world.without("catching_up"):
        below = world.play(carrier="")
        authority.epoch = new
        await world.holds(world.order("keys", _keys(authority, [new], [old])))
        world.send(below.order)
        await world.holds(below.order)
        forger = Forger(world, names.COMMUNE)
        said, occurrence = forger.payload()
        forger.add("an order of a retired key", sign1(encode_map(said), authority.keys[old]), occurrence)
        await refuses(world, forger.made)
    if below.receipts:
        raise Broken(f"an order of a retired key was answered: {below.told}")
    below.stays_silent("its key was retired")
    world.airings.remove(below)
    taken = world.play()
    await taken.reaches("played")
    return f"number {below.order.seq} counted only; then {taken.told}"


@rule("keys.durable", "What it was told of keys outlasts a power cut.", Need.POWER)
async def durable(world: World) -> str:
    authority = world.logs.authorities[names.PROVINCE]
    authority.next_key()
    first, second = authority.epoch, max(authority.keys)
    await world.holds(world.order("keys", _keys(authority, [first, second], []), log=names.PROVINCE))
    authority.epoch = second
    await world.holds(world.order("keys", _keys(authority, [second], [first]), log=names.PROVINCE))
    await world.power_cycle()
    airing = world.play(log=names.PROVINCE)
    await airing.reaches("played")
    forger = Forger(world, names.PROVINCE)
    said, occurrence = forger.payload()
    forger.add("an order of a key retired before the cut", sign1(encode_map(said), authority.keys[first]), occurrence)
    return await refuses(world, forger.made)


@rule("keys.own_log", "A keys order counts for the authority in whose log it stands, and must name its signer.")
async def own_log(world: World) -> str:
    commune = world.logs.authorities[names.COMMUNE]
    intruder = Key(kid(names.COMMUNE, 77), os.urandom(32))
    entry = KeyEntry(77, intruder.public, now_ms() + YEAR_MS)
    own = _entry(commune, commune.epoch)
    without_signer = world.order("keys", Keys((entry,)).to_map())
    in_own_log = world.order("keys", Keys((own, entry)).to_map(), log=names.OWN_LOG)
    above = world.logs.authorities[names.PROVINCE]
    foreign = world.order("keys", Keys((_entry(above, above.epoch), entry)).to_map(), log=names.PROVINCE)
    for order in (without_signer, in_own_log, foreign):
        await world.holds(order)
    forger = Forger(world, names.COMMUNE)
    said, occurrence = forger.payload()
    forger.add("an order of a key nobody announced in its log", sign1(encode_map(said), intruder), occurrence)
    await refuses(world, forger.made)
    taken = world.play()
    await taken.reaches("played")
    return "three keys orders had no effect"


@rule("keys.past", "A key past its time is still obeyed, and the device says so: fault key_old.")
async def past(world: World) -> str:
    authority = world.logs.authorities[names.COUNTRY]
    await world.holds(world.order("keys", _keys(authority, [authority.epoch], [], life_ms=-1_000), log=names.COUNTRY))
    airing = world.play(log=names.COUNTRY)
    await airing.reaches("played")
    await world.until(lambda: "key_old" in world.ears.beats[-1].beat.faults, "no heartbeat has the fault key_old", 15.0)
    await world.holds(world.order("keys", _keys(authority, [authority.epoch], []), log=names.COUNTRY))
    await world.until(lambda: "key_old" not in world.ears.beats[-1].beat.faults, "the fault key_old stays", 15.0)
    return airing.told
