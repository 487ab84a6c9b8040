"""Rules of fetching content (protocol, section 13)."""

from dataclasses import replace

from conformance.airing import Airing
from conformance.content import Got
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.content import Rendition, Speech, Version

SIZE = 120_000
MOST = 1.10
LONG_S = 40.0


def _play(world: World, part: Rendition) -> Airing:
    return world.play(parts=(Speech((Version("vi", (part,)),)),))


async def _fetched(world: World, *faults: str, size: int = SIZE) -> tuple[Rendition, list[Got]]:
    """Play a content that is served with these faults first; gives its requests."""
    part = rendition(world, 500, size=size, faults=faults)
    await _play(world, part).reaches("played", within_s=LONG_S)
    return part, world.contents.asked(part.sha256)


@rule("content.resume", "A cut download goes on where it was: hardly a byte is fetched twice.")
async def resume(world: World) -> str:
    part, got = await _fetched(world, "cut", "cut")
    offsets = [each.offset for each in got[1:]]
    if None in offsets or 0 in offsets:
        raise Broken(f"after a cut it asked from {offsets}")
    sent = sum(each.sent for each in got)
    if sent > MOST * part.size:
        raise Broken(f"{sent} bytes were sent for {part.size}")
    coded = [each.headers.get("accept-encoding", "identity") for each in got]
    if set(coded) != {"identity"}:
        raise Broken(f"it asked for the content coding {coded[0]}")
    return f"{sent} bytes for {part.size}, in {len(got)} requests"


@rule("content.hash", "Nothing is used before its SHA-256 is right: altered content is fetched again.")
async def sha(world: World) -> str:
    _, got = await _fetched(world, "corrupt")
    if len(got) < 2:
        raise Broken("it played content whose first byte was altered")
    return f"{len(got)} requests"


@rule("content.ranges", "It takes a part only from where it asked; a whole answer it takes from the beginning.")
async def ranges(world: World) -> str:
    await _fetched(world, "cut", "shifted")
    await _fetched(world, "cut", "whole")
    await _fetched(world, "long")
    return "a shifted, a whole and a longer answer"


@rule("content.tries_again", "Refused by the server for a while, or cut off from it, it tries again by itself.")
async def tries_again(world: World) -> str:
    _, got = await _fetched(world, "503", "429")
    part = rendition(world, 500)
    await world.http.close()
    airing = _play(world, part)
    await world.fence()
    await world.http.open()
    await airing.reaches("played", within_s=LONG_S)
    return f"{len(got)} requests; then after the server came back"


@rule("content.next_base", "The base addresses of its config are tried in turn.")
async def next_base(world: World) -> str:
    good = world.config.content[0]
    world.configure(replace(world.config, content=(good.replace("/content", "/nothing-here"), good)))
    part = rendition(world, 500, faults=("404",))
    await _play(world, part).reaches("played", within_s=LONG_S)
    if len(world.contents.asked(part.sha256)) < 2:
        raise Broken("the second address was not asked")
    return "404 at the first address, found at the second"
