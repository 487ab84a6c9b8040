"""The kit's side of HTTP: content and live streams for everyone, and the HTTP carrier as a server keeps it."""

import asyncio
from typing import TYPE_CHECKING

from conformance import names
from conformance.content import Contents
from conformance.httpd import Request, head
from conformance.logs import now_ms
from conformance.stations import Stations
from devices.wire.blocks import BLOCK_BYTES, Block
from devices.wire.down import MAX_FRAME_BYTES, Frame
from devices.wire.errors import BadMessage
from devices.wire.up import UpFrame

if TYPE_CHECKING:
    from conformance.world import World

MAX_BLOCKS_A_FRAME = 4


class Exchange:
    """Answers `/content/…`, `/live/…` and `/exchange/…`; `world` is set when there is one."""

    def __init__(self, contents: Contents, stations: Stations) -> None:
        self._contents, self._stations = contents, stations
        self.world: World | None = None

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """One request."""
        if request.path.startswith("/live/"):
            await self._stations.answer(request, writer)
            return
        if not request.path.startswith("/exchange/"):
            await self._contents.answer(request, writer)
            return
        frame = self._exchange(request)
        status = "400 Bad Request" if frame is None else "200 OK"
        body = b"" if frame is None else frame.to_bytes()
        writer.write(head(status, Content_Type="application/cbor", Content_Length=len(body)) + body)
        await writer.drain()

    def _exchange(self, request: Request) -> Frame | None:
        """Take what the device says, and answer with all it lacks; None for what is no exchange."""
        world = self.world
        if world is None or request.method != "POST" or request.path != f"/exchange/{names.DEVICE}":
            return None
        try:
            up = UpFrame.from_bytes(request.body)
        except BadMessage as bad:
            world.standing.judge("exchange.form", kept=False, why=f"a request that is {bad.reason}")
            return None
        typed = request.headers.get("content-type") == "application/cbor"
        world.standing.judge("exchange.form", typed, "the Content-Type is not application/cbor")
        return self._answer(world, up)

    def _answer(self, world: "World", up: UpFrame) -> Frame:
        wants_before = len(world.ears.wants)
        world.exchanges += 1
        with world.without_carrier():
            for kind, data in up.messages:
                world.ears.take(kind, data)
        told = world.unacknowledged[:100]
        world.stored(*told)
        signed = [world.ack(*(each.digest for each in told))] if told else []
        orders: list[bytes] = []
        room = MAX_FRAME_BYTES // 2
        for envelope in world.logs.lacking(world.ears.haves, anew=True):
            if sum(map(len, orders)) + len(envelope) < room:
                orders.append(envelope)
        beacons = [world.logs[log].beacon(now_ms()) for log in names.LOGS]
        wanted = world.ears.wants[wants_before:]
        blocks = [block for want in wanted for block in self.blocks(want.sha256, want.blocks())]
        return Frame(tuple(orders), tuple(signed), tuple(beacons), tuple(blocks[:MAX_BLOCKS_A_FRAME]))

    def blocks(self, sha256: bytes, numbers: tuple[int, ...]) -> list[Block]:
        """These blocks of a content that is served."""
        data = self._contents.held.get(sha256.hex(), b"")
        pieces = ((number, data[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES]) for number in numbers)
        return [Block(sha256, number, piece) for number, piece in pieces if piece]
