"""Rules of the encoding: what is not the one deterministic form is refused (protocol, sections 4 and 5)."""

from collections.abc import Callable
from typing import Any

from base.ids import new_id
from conformance import names
from conformance.airing import Airing
from conformance.hostile import Forger, array, head, mapping, raw, sign1, text
from conformance.refusing import refuses
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire import topics
from devices.wire.envelope import encode_map
from devices.wire.orders import Play

Pairs = list[tuple[str, bytes]]
MAX_ORDER = 32_768


def _swapped(pairs: Pairs) -> bytes:
    return mapping([pairs[1], pairs[0], *pairs[2:]])


def _twice(pairs: Pairs) -> bytes:
    return mapping([pairs[0], pairs[0], *pairs[1:]])


def _extra(value: bytes) -> Callable[[Pairs], bytes]:
    """One more field, unknown, with a value in a form that is not allowed."""
    return lambda pairs: mapping([*pairs, ("zzzzzzzzz", value)])


def _indefinite_map(pairs: Pairs) -> bytes:
    return b"\xbf" + mapping(pairs)[1:] + b"\xff"


def _nested(depth: int) -> bytes:
    return b"\x81" * depth + b"\x00"


BAD_FORMS: dict[str, Callable[[Pairs], bytes]] = {
    "keys out of order": _swapped,
    "a key twice": _twice,
    "a map of indefinite length": _indefinite_map,
    "an array of indefinite length": _extra(b"\x9f\x01\xff"),
    "a text of indefinite length": _extra(b"\x7f\x61a\xff"),
    "an integer in a long form": _extra(b"\x18\x05"),
    "an integer in eight bytes for one": _extra(b"\x1b" + bytes(7) + b"\x20"),
    "a length in a long form": _extra(b"\x58\x01x"),
    "a floating-point number": _extra(b"\xfb" + bytes(8)),
    "a half-precision number": _extra(b"\xf9\x3c\x00"),
    "undefined": _extra(b"\xf7"),
    "a simple value": _extra(b"\xe0"),
    "a tag": _extra(b"\xc0" + text("2026-01-01T00:00:00Z")),
    "a big number": _extra(b"\xc2" + raw(b"\x01" * 9)),
    "a text that is not UTF-8": _extra(b"\x62\xff\xfe"),
    "a key that is no text": lambda pairs: head(5, len(pairs) + 1) + b"\x01\x01" + mapping(pairs)[1:],
    "17 containers in one another": _extra(_nested(16)),
    "bytes after the item": lambda pairs: mapping(pairs) + b"\x00",
    "an item cut short": lambda pairs: mapping(pairs)[:-1],
    "no map": lambda pairs: array([mapping(pairs)]),
}


@rule("encoding.payload", "A payload in any but the deterministic encoding is refused, however well it is signed.")
async def payload(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    for what, make in BAD_FORMS.items():
        forger.encoded(what, make, key)
    return await refuses(world, forger.made)


@rule("encoding.envelope", "An envelope in any but the one form is refused.")
async def envelope(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    kid = raw(key.kid.encode())
    forms: dict[str, Callable[[bytes], bytes]] = {
        "unprotected headers": lambda data: sign1(data, key, unprotected=b"\xa1\x04" + kid),
        "another order of headers": lambda data: sign1(data, key, protected=b"\xa2\x04" + kid + b"\x01\x27"),
        "another algorithm": lambda data: sign1(data, key, protected=b"\xa2\x01\x26\x04" + kid),
        "a third header": lambda data: sign1(data, key, protected=b"\xa3\x01\x27\x04" + kid + b"\x05\x40"),
        "a key id that is no name": lambda data: sign1(data, key, protected=b"\xa2\x01\x27\x04" + raw(b"Kit#1")),
        "an epoch with a leading zero": lambda data: sign1(
            data, key, protected=b"\xa2\x01\x27\x04" + raw(f"{names.COMMUNE}#01".encode())
        ),
        "no tag": lambda data: sign1(data, key)[1:],
        "another tag": lambda data: b"\xd1" + sign1(data, key)[1:],
        "bytes after it": lambda data: sign1(data, key) + b"\x00",
        "cut short": lambda data: sign1(data, key)[:-1],
    }
    for what, make in forms.items():
        said, occurrence = forger.payload()
        forger.add(what, make(encode_map(said)), occurrence)
    return await refuses(world, forger.made)


@rule("encoding.too_large", "An order of more than 32,768 bytes is refused; one that is nearly as large is taken.")
async def too_large(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    said, occurrence = forger.payload(pad="x" * 32_600)
    forger.add("an order that is too large", sign1(encode_map(said), key), occurrence)
    evidence = await refuses(world, forger.made, carrier="down")
    large = world.order("kit-fence", {}, pad="x" * 32_000)
    await world.until(lambda: world.ears.about(large.id), f"an order of {len(large.envelope)} bytes was not taken")
    return f"{evidence}, {len(large.envelope)} bytes taken"


@rule("encoding.version", "A message of another version is refused.")
async def version(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    for number in (0, 2):
        said, occurrence = forger.payload(v=number)
        forger.add(f"version {number}", sign1(encode_map(said), key), occurrence)
    return await refuses(world, forger.made)


@rule("encoding.unknown_fields", "Fields it does not know are passed over; null counts as absent.")
async def unknown_fields(world: World) -> str:
    play = Play(new_id(), None, (tone(),), volume=10)
    body = play.to_map() | {"start": None, "stale": None, "kit-new": 1}
    extra: dict[str, Any] = {"kit-new": {"a": [1, b"2", None, True]}}
    order = world.order("play", body, **extra)
    airing = Airing(world, play.occurrence, order)
    await airing.reaches("played")
    return f"told: {airing.told}"


@rule(
    "encoding.frame", "A bad envelope in a frame does not spoil the others; a frame that is not canonical is refused."
)
async def frame(world: World) -> str:
    forger, key = Forger(world, names.COMMUNE), world.logs.authorities[names.COMMUNE].key
    good = world.order("kit-fence", {}, carrier="")
    world.logs.sent(good)
    world.down(orders=[b"\xd2\x84", b"", good.envelope, b"\xa0"], acks=[b"\x00"], beacons=[b"\xd2"])
    await world.until(lambda: world.ears.about(good.id), "a good order among bad ones in a frame was not taken")
    for what, make in {"keys out of order": _swapped, "a key twice": _twice}.items():
        said, occurrence = forger.payload()
        signed = sign1(encode_map(said), key)
        pairs = [("v", b"\x01"), ("orders", array([raw(signed)]))]
        world.publish(topics.down(names.DEVICE), make(pairs))
        forger.add(f"a frame with {what}", b"", occurrence)
    await world.holds(await world.fence())
    for each in forger.made:
        if world.ears.of(each.occurrence):
            raise Broken(f"{each.what} was taken")
    return "good ones taken, bad frames refused"
