"""A TCP proxy that does what networks do: cut, delay, repeat, reorder, lose, spoil, throttle, go dead."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from tests.support.chaos_packets import Packets, is_publish, payload_at

HELD_BACK_S = 0.3
"""A PUBLISH that is to be overtaken waits this long for one to overtake it."""
CHUNK_BYTES = 16_384


@dataclass(slots=True)
class Faults:
    """What is done to one direction; may be changed while it runs. Chances are those of one packet (or chunk)."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt_payload: float = 0.0
    corrupt_raw: float = 0.0
    bytes_per_s: float = 0.0

    def stop(self) -> None:
        """From now on everything passes as it comes."""
        for name in self.__dataclass_fields__:
            setattr(self, name, 0.0)


@dataclass(eq=False)
class _Lane:
    """One direction of one connection."""

    faults: Faults
    dead: Callable[[], bool]
    writer: asyncio.StreamWriter
    queue: asyncio.Queue[tuple[float, bytes] | None] = field(default_factory=asyncio.Queue)
    held: bytes | None = None
    last_s: float = 0.0


class Chaos:
    """Listens on `port` and passes on to `target_port`. mqtt: faults respect the boundaries of packets."""

    def __init__(self, target_port: int, *, seed: int, mqtt: bool = True, host: str = "127.0.0.1") -> None:
        self._target_port, self._host, self._mqtt = target_port, host, mqtt
        self._random = Random(seed)
        self.up, self.down = Faults(), Faults()
        self.refusing = False
        self.done: Counter[str] = Counter()
        self.port = 0
        self._generation, self._alive_from = 0, 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Chaos"]:
        """Listen until the block ends."""
        server = await asyncio.start_server(self._accept, self._host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def cut(self) -> None:
        """Break every connection there is, in the middle of whatever it carries."""
        for writer in self._writers:
            writer.transport.abort()
        self.done["cut"] += bool(self._writers)

    def go_dead(self) -> None:
        """Every connection there is stays open and carries nothing more, either way; new ones work."""
        self._alive_from = self._generation
        self.done["half_open"] += bool(self._writers)

    def stop_faults(self) -> None:
        """From now on the network is good; what is dead stays dead until its ends notice."""
        self.up.stop()
        self.down.stop()
        self.refusing = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self.refusing:
            self.done["refuse"] += 1
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(self._host, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        mine, self._generation = self._generation, self._generation + 1

        def dead() -> bool:
            return mine < self._alive_from

        pair = {writer, there_writer}
        self._writers |= pair
        try:
            await self._both_ways(
                (reader, _Lane(self.up, dead, there_writer)), (there_reader, _Lane(self.down, dead, writer))
            )
        finally:
            self._writers -= pair
            for each in pair:
                each.close()

    async def _both_ways(self, *lanes: tuple[asyncio.StreamReader, _Lane]) -> None:
        """Until either end has closed."""
        tasks = [
            asyncio.create_task(work)
            for reader, lane in lanes
            for work in (self._take_in(reader, lane), self._hand_on(lane))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_in(self, reader: asyncio.StreamReader, lane: _Lane) -> None:
        packets = Packets()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                if lane.dead():
                    continue
                for piece in packets.feed(data) if self._mqtt else [data]:
                    for late in self._spoilt(lane, piece):
                        self._queue(lane, late)
        lane.queue.put_nowait(None)
        await asyncio.Event().wait()  # what is on its way is still handed on; that ends the connection

    def _spoilt(self, lane: _Lane, piece: bytes) -> Iterable[bytes]:
        """What becomes of a piece: nothing, itself, itself twice, or something else, before or after its neighbour."""
        faults = lane.faults
        if self._happens(faults.corrupt_raw, "corrupt_raw"):
            piece = self._flipped(piece, 0)
        elif self._mqtt and is_publish(piece):
            if self._happens(faults.lose, "lose"):
                return []
            if payload_at(piece) < len(piece) and self._happens(faults.corrupt_payload, "corrupt_payload"):
                piece = self._flipped(piece, payload_at(piece))
            if lane.held is None and self._happens(faults.reorder, "reorder"):
                lane.held = piece
                asyncio.get_running_loop().call_later(HELD_BACK_S, self._let_go, lane)
                return []
            if self._happens(faults.duplicate, "duplicate"):
                return [piece, piece]
        return [piece]

    def _let_go(self, lane: _Lane) -> None:
        if lane.held is not None:
            held, lane.held = lane.held, None
            self._queue(lane, held)

    def _queue(self, lane: _Lane, piece: bytes) -> None:
        """TCP keeps the order: whoever is late makes all behind it late."""
        faults, now_s = lane.faults, asyncio.get_running_loop().time()
        late_s = faults.delay_s + faults.jitter_s * self._random.random()
        self.done["delay"] += late_s > 0
        lane.last_s = max(lane.last_s, now_s + late_s)
        lane.queue.put_nowait((lane.last_s, piece))
        if lane.held is not None and lane.held is not piece:
            self._let_go(lane)

    async def _hand_on(self, lane: _Lane) -> None:
        with contextlib.suppress(ConnectionError):
            while (item := await lane.queue.get()) is not None:
                at_s, piece = item
                await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))
                if lane.faults.bytes_per_s:
                    self.done["throttle"] += 1
                    await asyncio.sleep(len(piece) / lane.faults.bytes_per_s)
                if lane.dead():
                    continue
                lane.writer.write(piece)
                await lane.writer.drain()

    def _flipped(self, piece: bytes, first: int) -> bytes:
        at = self._random.randrange(first, len(piece))
        return piece[:at] + bytes([piece[at] ^ 1 << self._random.randrange(8)]) + piece[at + 1 :]

    def _happens(self, chance: float, kind: str) -> bool:
        happens = self._random.random() < chance
        self.done[kind] += happens
        return happens
