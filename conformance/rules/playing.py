"""Rules of what sounds: parts, languages, renditions, repetition (protocol, sections 8, 9 and 14)."""

from conformance.logs import now_ms
from conformance.opus import silence
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.content import Gap, Rendition, Speech, Version
from devices.wire.orders import Level, PlayClass, Repeat
from devices.wire.reports import Receipt

TOLERANCE_MS = 1_100
"""A sound may end up to 1 s, or 5 %, early; and a clock rounds."""


def speech(world: World, **languages: int) -> Speech:
    """Speech in languages, so many milliseconds each, the first named first; served by the kit."""
    return Speech(tuple(Version(language, (rendition(world, ms),)) for language, ms in languages.items()))


def rendition(
    world: World, duration_ms: int, *, size: int = 0, codec: str = "opus16", faults: tuple[str, ...] = ()
) -> Rendition:
    """Silence of this length, served by the kit."""
    data = silence(duration_ms, size)
    return Rendition(world.contents.put(data, *faults), len(data), codec, duration_ms)


def lasted(receipt: Receipt, wanted_ms: int, what: str) -> None:
    """Raises Broken when it sounded for another time."""
    if abs(receipt.sounded_ms - wanted_ms) > TOLERANCE_MS:
        raise Broken(f"{what}: sounded {receipt.sounded_ms} ms instead of {wanted_ms} ms")


@rule("playing.steps", "A play is told as stored, started and played, in this order.")
async def steps(world: World) -> str:
    airing = world.play(parts=(speech(world, vi=600),))
    await airing.reaches("played")
    states = [receipt.state.value for receipt in airing.receipts]
    if states != ["stored", "started", "played"]:
        raise Broken(f"told: {airing.told}")
    lasted(airing.receipts[-1], 600, "a speech")
    return airing.told


@rule("playing.languages", "It sounds the versions in its own languages, in its order; else the one named first.")
async def languages(world: World) -> str:
    own = world.play(parts=(speech(world, en=200, vi=1_500, tay=1_000),))
    lasted(await own.reaches("played"), 2_500, "vi and tay of en, vi, tay")
    other = world.play(parts=(speech(world, en=2_000, fr=200),))
    lasted(await other.reaches("played"), 2_000, "en of en, fr")
    return "two of three languages; the first of two foreign ones"


@rule("playing.parts", "Tones, silences and speech sound one after the other, as often and as far apart as ordered.")
async def parts(world: World) -> str:
    airing = world.play(parts=(tone(300), Gap(400), speech(world, vi=500)), repeat=Repeat(2, 600))
    final = await airing.reaches("played")
    lasted(final, 2 * 1_200 + 600, "two repetitions of 1.2 s, 0.6 s apart")
    began = next(receipt for receipt in airing.receipts if receipt.state == "started")
    if abs(final.at_ms - began.at_ms - 3_000) > TOLERANCE_MS:
        raise Broken(f"{final.at_ms - began.at_ms} ms from started to played instead of 3,000")
    return f"{final.sounded_ms} ms"


@rule("playing.codec", "A rendition it cannot play it passes over; with none it can play, the order is rejected.")
async def codec(world: World) -> str:
    strange, known = rendition(world, 500, codec="kit-codec"), rendition(world, 500)
    good = world.play(parts=(Speech((Version("vi", (strange, known)),)),))
    bad = world.play(parts=(Speech((Version("vi", (strange,)),)),))
    await good.reaches("played")
    await bad.reaches("rejected", "codec")
    if world.contents.asked(strange.sha256):
        raise Broken("it fetched a rendition it cannot play")
    return f"{good.told}; {bad.told}"


@rule("playing.turns", "Of what is due together, class goes first, then level, then the operator's order.")
async def turns(world: World) -> str:
    start_ms = now_ms() + 1_500
    wanted = [
        world.play(start_ms=start_ms, turn=9, play_class=PlayClass.PRIORITY),
        world.play(start_ms=start_ms, turn=9, level=Level.PROVINCE),
        world.play(start_ms=start_ms, turn=1),
        world.play(start_ms=start_ms, turn=2),
    ][::-1]
    for airing in wanted:
        await airing.reaches("played")
    began = [next(r.n for r in airing.receipts if r.state == "started") for airing in reversed(wanted)]
    if began != sorted(began):
        raise Broken(f"they began in the order of receipts {began}")
    return "four in the right order"
