"""Rules of content in blocks over MQTT (protocol, section 13)."""

from conformance.options import Need
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.blocks import BLOCK_BYTES, MAX_WINDOW, Block, Want, block_count
from devices.wire.content import Speech, Version

WINDOW = 16
GIVES_UP_S = 70.0
"""HTTP is tried for 30 s before blocks are asked for."""
BLOCKS = 20


class _Server:
    """Serves what is asked for, until the content is there: loses one block, alters one, sends one unasked."""

    def __init__(self, world: World, data: bytes, sha: bytes) -> None:
        self._world, self._data, self._sha = world, data, sha
        self._seen = 0
        self._lost = self._altered = False
        self.sent = 0

    def serve(self) -> None:
        wants = [want for want in self._world.ears.wants[self._seen :] if want.sha256 == self._sha]
        self._seen = len(self._world.ears.wants)
        for want in wants:
            self._answer(want)

    def _answer(self, want: Want) -> None:
        numbers = want.blocks()
        if len(numbers) > WINDOW:
            raise Broken(f"it asked for {len(numbers)} blocks at once")
        if numbers and numbers[-1] >= block_count(len(self._data)):
            raise Broken(f"it asked for block {numbers[-1]} of {block_count(len(self._data))}")
        for at in range(0, len(numbers), 4):
            self._world.down(blocks=[block for n in numbers[at : at + 4] for block in self._block(n)])

    def _block(self, number: int) -> list[Block]:
        if number == 3 and not self._lost:
            self._lost = True
            return []
        piece = self._data[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]
        self.sent += len(piece)
        return [Block(self._sha, number, piece)]


@rule(
    "blocks.fetch", "Where HTTP does not pass it asks for blocks by MQTT, and asks again for what is lost.", Need.BLOCKS
)
async def fetch(world: World) -> str:
    part = rendition(world, 500, size=BLOCKS * BLOCK_BYTES - 100)
    data = world.contents.held[part.sha256.hex()]
    server = _Server(world, data, part.sha256)
    await world.http.close()
    airing = world.play(parts=(Speech((Version("vi", (part,)),)),), late_ms=600_000)
    await world.until(lambda: world.ears.wants, "it asked for no blocks", GIVES_UP_S)

    def stored() -> int:
        server.serve()
        return airing.count("stored")

    await world.until(stored, lambda: f"not stored; {server.sent} of {len(data)} bytes were sent", 60.0)
    await airing.reaches("played")
    if server.sent > 1.1 * len(data) + BLOCK_BYTES:
        raise Broken(f"{server.sent} bytes were sent for {len(data)}")
    if any(len(want.blocks()) > MAX_WINDOW for want in world.ears.wants):
        raise Broken("a bitmap too long")
    return f"{server.sent} bytes for {len(data)}"
