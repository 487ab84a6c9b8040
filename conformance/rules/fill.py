"""Rules of fills: what sounds until a fixed time of a play (protocol, section 9)."""

from conformance.registry import rule
from conformance.rules.playing import lasted, rendition, speech
from conformance.rules.relay import knows
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.content import FILL, Fill, Speech, Version
from devices.wire.orders import Repeat


@rule("fill.time", "What follows a fill begins at its time, however long what went before took in its languages.")
async def time(world: World) -> str:
    knows(world, FILL)
    airing = world.play(parts=(speech(world, vi=900, tay=600), Fill(2_500), tone(300)))
    lasted(await airing.reaches("played"), 2_800, "1.5 s, then silence to 2.5 s, then 300 ms")
    twice = world.play(parts=(tone(300), Fill(1_000, speech(world, vi=400)), tone(200)), repeat=Repeat(2, 300))
    lasted(await twice.reaches("played"), 2 * 1_200 + 300, "twice 1.2 s, 0.3 s apart")
    return f"{airing.told}; {twice.told}"


@rule("fill.past", "A fill whose time is past is nothing.")
async def past(world: World) -> str:
    knows(world, FILL)
    airing = world.play(parts=(tone(2_000), Fill(1_500, speech(world, vi=400)), tone(300)))
    lasted(await airing.reaches("played"), 2_300, "2 s, a fill to 1.5 s, then 300 ms")
    return airing.told


@rule("fill.content", "What fills is fetched, and waited for, like speech.")
async def content(world: World) -> str:
    knows(world, FILL)
    here, gone = rendition(world, 400), rendition(world, 400)
    world.contents.held.pop(gone.sha256.hex())
    good = world.play(parts=(Fill(1_000, Speech((Version("vi", (here,)),))),))
    bad = world.play(parts=(Fill(1_000, Speech((Version("vi", (gone,)),))),), late_ms=2_000)
    await good.reaches("played")
    if not world.contents.asked(here.sha256):
        raise Broken("it never fetched what it was to fill with")
    await bad.reaches("missed", "not_stored")
    return f"{good.told}; {bad.told}"
