"""The HTTP carrier's other end: checks what comes, sends what is missing, acknowledges, hands out blocks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from devices.wire.blocks import BLOCK_BYTES, Block, Want
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, sign, unseal, verify
from devices.wire.reports import Ack, Heartbeat, Hello, Receipt
from devices.wire.trust import digest
from devices.wire.up import UpFrame
from tests.unit.firmware_sim.rig import COMMUNE, SEEDS, Server, public_of


@dataclass
class ExchangeServer:
    """`faults` are taken one a request: a status, or `close`. `lose`: numbers of blocks lost once on their way. `may`:
    while it is not set, requests are taken and not answered.
    """

    server: Server = field(default_factory=Server)
    orders: dict[int, bytes] = field(default_factory=dict)
    contents: dict[bytes, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lose: set[int] = field(default_factory=set)
    kinds: list[list[str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    hellos: list[Hello] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)
    blocks_sent: int = 0
    may: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/exchange"

    def states(self, occurrence: str) -> list[str]:
        return [receipt.state.value for receipt in self.receipts if receipt.occurrence == occurrence]

    def order(self, body: object, **changes: object) -> None:
        """To be sent with the next answer that finds it missing."""
        data = self.server.order(body, **changes)  # type: ignore[arg-type]  # whatever body a test wants
        self.orders[self.server.seqs["bao-nhai"]] = data

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._once(reader, writer):
                pass
        writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(fields["content-length"]))
        assert fields["content-type"] == "application/cbor"
        self.paths.append(head[0])
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "close":
            return False
        if fault:
            writer.write(f"HTTP/1.1 {fault} No\r\nContent-Length: 0\r\n\r\n".encode())
            return True
        answer = self._take(UpFrame.from_bytes(body)).to_bytes()
        await self.may.wait()
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
        await writer.drain()
        return True

    def _take(self, frame: UpFrame) -> Frame:
        self.kinds.append([kind.value for kind, _ in frame.messages])
        public = CheckingKey.from_public("bn-s01", public_of(SEEDS["device"]))
        secret = CheckingKey.from_secret("bn-s01", SEEDS["mac"])
        acks: list[bytes] = []
        blocks: list[Block] = []
        for kind, data in frame.messages:
            match kind:
                case Kind.HELLO:
                    self.hellos.append(Hello.from_map(verify(kind, data, lambda _: public).payload))
                case Kind.HEARTBEAT:
                    self.heartbeats.append(Heartbeat.from_map(unseal(kind, data, lambda _: secret).payload))
                case Kind.RECEIPT:
                    self.receipts.append(Receipt.from_map(verify(kind, data, lambda _: public).payload))
                    acks.append(digest(data))
                case Kind.WANT:
                    self.wants.append(Want.from_map(unseal(kind, data, lambda _: secret).payload))
                    blocks += self._blocks(self.wants[-1])
        held = self.heartbeats[-1].haves.get("bao-nhai")
        missing = tuple(data for seq, data in self.orders.items() if held is None or seq not in held)
        stored = (sign(Kind.ACK, Ack("bn-s01", tuple(acks)).to_map(), COMMUNE),) if acks else ()
        return Frame(orders=missing, acks=stored, blocks=tuple(blocks))

    def _blocks(self, want: Want) -> list[Block]:
        data = self.contents[want.sha256]
        found = []
        for index in want.blocks():
            if index in self.lose:
                self.lose.discard(index)
                continue
            self.blocks_sent += 1
            found.append(Block(want.sha256, index, data[index * BLOCK_BYTES : (index + 1) * BLOCK_BYTES]))
        return found


@asynccontextmanager
async def exchanging() -> AsyncIterator[ExchangeServer]:
    exchange = ExchangeServer()
    exchange.may.set()
    server = await asyncio.start_server(exchange.answer, "127.0.0.1", 0)
    exchange.port = server.sockets[0].getsockname()[1]
    try:
        yield exchange
    finally:
        server.close()
