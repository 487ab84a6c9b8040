"""Rules of signatures and of who may sign what (protocol, sections 5 and 6)."""

import os

from conformance import names
from conformance.authorities import Key
from conformance.hostile import Forger, sign1
from conformance.refusing import refuses
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.envelope import CheckingKey, Kind, encode_map, seal
from devices.wire.haves import Haves


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@rule("signatures.forged", "An order whose signature does not fit its bytes is refused.")
async def forged(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    for at, what in ((-1, "the last bit of the signature turned"), (-64, "the first"), (-66, "a bit of the payload")):
        said, occurrence = forger.payload()
        forger.add(what, _flipped(sign1(encode_map(said), key), at), occurrence)
    said, occurrence = forger.payload()
    forger.add("a signature of zeros", sign1(encode_map(said), key)[:-64] + bytes(64), occurrence)
    said, occurrence = forger.payload()
    forger.add("signed by another key", sign1(encode_map(said), Key(key.kid, os.urandom(32))), occurrence)
    evidence = await refuses(world, forger.made)
    await refuses(world, forger.made, carrier="down")
    return evidence


@rule("signatures.kind", "Bytes signed as one kind of message do not pass for another.")
async def kind(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    for other in ("beacon", "ack", "hello", "receipt", "heartbeat", ""):
        said, occurrence = forger.payload()
        forger.add(f"an order signed as {other or 'nothing'}", sign1(encode_map(said), key, kind=other), occurrence)
    said, occurrence = forger.payload()
    secret = CheckingKey.from_secret(names.DEVICE, world.mac)
    forger.add("an order sealed with the device's secret", seal(Kind.ORDER, said, secret), occurrence)
    return await refuses(world, forger.made)


@rule("signatures.unknown_key", "A message signed by a key that is not trusted is refused.")
async def unknown_key(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    for kid in (f"{names.COMMUNE}#{world.logs.authorities[names.COMMUNE].epoch + 7}", "kit-nobody#1", names.COMMUNE):
        said, occurrence = forger.payload()
        forger.add(f"signed as {kid}", sign1(encode_map(said), Key(kid, key.seed)), occurrence)
    said, occurrence = forger.payload()
    forger.add("signed by the device itself", sign1(encode_map(said), world.key), occurrence)
    return await refuses(world, forger.made)


@rule("signatures.wrong_authority", "An authority speaks in its own log alone, and a commune in those of its devices.")
async def wrong_authority(world: World) -> str:
    authorities = world.logs.authorities
    cases = (
        (names.COMMUNE, names.PROVINCE),
        (names.COMMUNE, names.STRANGER),
        (names.PROVINCE, names.COMMUNE),
        (names.COUNTRY, names.PROVINCE),
        (names.OWN_LOG, names.PROVINCE),
        (names.OWN_LOG, names.STRANGER),
    )
    made = []
    for log, signer in cases:
        forger = Forger(world, log)
        said, occurrence = forger.payload()
        forger.add(f"{signer} in the log {log}", sign1(encode_map(said), authorities[signer].key), occurrence)
        made += forger.made
    return await refuses(world, made, carrier="down")


@rule("signatures.foreign_log", "Orders of a log it does not follow are refused, though their signer is known.")
async def foreign_log(world: World) -> str:
    made = []
    for log, signer in ((names.STRANGER, names.STRANGER), (f"d/{names.OTHER_DEVICE}", names.COMMUNE)):
        forger = Forger(world, names.COMMUNE)
        said, occurrence = forger.payload(log=log, seq=1)
        forger.add(f"the log {log}", sign1(encode_map(said), world.logs.authorities[signer].key), occurrence)
        made += forger.made
    evidence = await refuses(world, made, carrier="down")
    if set(world.ears.haves) != set(names.LOGS):
        raise Broken(f"it tells haves of {sorted(world.ears.haves)}")
    return evidence


@rule("signatures.beacons", "A beacon that its authority did not sign changes nothing.")
async def beacons(world: World) -> str:
    authorities, log = world.logs.authorities, world.logs[names.COMMUNE]
    far = {"v": 1, "log": log.name, "head": log.head + 900, "floor": log.head + 900, "tip": bytes(32), "at": 2**41}
    signers = {
        "another authority's": sign1(encode_map(far), authorities[names.PROVINCE].key, kind="beacon"),
        "a stranger's": sign1(encode_map(far), Key(log.authority.key.kid, os.urandom(32)), kind="beacon"),
        "one signed as an order": sign1(encode_map(far), log.authority.key, kind="order"),
    }
    world.down(beacons=list(signers.values()))
    await world.holds(await world.fence())
    if log.head + 800 in world.ears.haves.get(log.name, Haves()):
        raise Broken("a forged beacon raised its haves")
    return f"{len(signers)} refused"
