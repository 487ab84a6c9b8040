"""Content in blocks: what is sent for a want, in which pieces, and what is passed over."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.blocks import FRAME_BLOCKS, MAX_BLOCKS, Blocks
from devices.models import PublishedContent
from devices.repository import log as rows
from devices.wire.blocks import BLOCK_BYTES, Block, Want
from devices.wire.down import Frame
from tests.support.database import TemporaryDatabase
from tests.support.speakers import TestClock
from tests.support.until import until

BYTES = b"".join(number.to_bytes(4, "big") for number in range(BLOCK_BYTES * 20 // 4)) + b"the end"
SHA = hashlib.sha256(BYTES).digest()
HIDDEN = hashlib.sha256(b"hidden").digest()


class Store:
    reads: list[tuple[int, int]]

    def __init__(self) -> None:
        self.reads = []

    async def read(self, sha256: str, offset: int, length: int) -> bytes | None:
        self.reads.append((offset, length))
        return BYTES[offset : offset + length] if sha256 == SHA.hex() else None


class Bench:
    def __init__(self, database: TemporaryDatabase) -> None:
        self.clock, self.store = TestClock(), Store()
        self.seconds = 0.0
        self.sent: list[tuple[str, Frame]] = []
        self.blocks = Blocks(database, self.clock, self.store, self._send, lambda: self.seconds)

    def _send(self, device_id: str, frame: bytes) -> bool:
        self.sent.append((device_id, Frame.from_bytes(frame)))
        return True

    def got(self, device_id: str = "s1") -> list[Block]:
        return [block for name, frame in self.sent if name == device_id for block in frame.blocks]


@pytest.fixture
async def bench(tmp_path: Path) -> Any:
    database = TemporaryDatabase(tmp_path / "loa.db")
    await database.create_tables()
    made = Bench(database)
    content = PublishedContent(
        sha256=SHA.hex(), size=len(BYTES), codec="opus16", until=made.clock() + timedelta(hours=1)
    )
    async with database.writing() as session:
        await rows.publish_contents(session, [content])
    task = asyncio.create_task(made.blocks.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()


def want(*numbers: int, device: str = "s1", n: int = 1, sha: bytes = SHA) -> Want:
    return Want.of(device, 1, n, sha, numbers)


async def test_the_blocks_asked_for_come_in_small_frames_and_are_the_content(bench: Bench) -> None:
    bench.blocks.add(want(*range(10)))
    await until(lambda: len(bench.got()) == 10)
    assert all(len(frame.blocks) <= FRAME_BLOCKS for _, frame in bench.sent)
    assert b"".join(block.data for block in bench.got()) == BYTES[: 10 * BLOCK_BYTES]
    assert bench.store.reads == [(0, 10 * BLOCK_BYTES)]


async def test_scattered_blocks_and_the_short_last_one(bench: Bench) -> None:
    bench.blocks.add(want(3, 4, 7, 20, 21, 90))
    await until(lambda: len(bench.got()) == 4)
    assert [block.index for block in bench.got()] == [3, 4, 7, 20]
    assert bench.got()[-1].data == b"the end"


async def test_never_more_than_a_window_for_one_want(bench: Bench) -> None:
    assert len(await bench.blocks.answer([want(*range(21))], 99)) == MAX_BLOCKS
    assert len(await bench.blocks.answer([want(*range(21), n=2)], 5)) == 5


async def test_only_what_an_order_in_force_names_is_given_out(bench: Bench) -> None:
    assert await bench.blocks.answer([want(0, sha=HIDDEN)], 16) == []
    bench.clock.forward(hours=2)
    assert await bench.blocks.answer([want(0, n=2)], 16) == []
    assert bench.store.reads == []


async def test_a_want_played_again_is_passed_over_until_the_device_may_have_begun_anew(bench: Bench) -> None:
    assert await bench.blocks.answer([want(0, n=5)], 16)
    assert await bench.blocks.answer([want(0, n=5)], 16) == []
    assert await bench.blocks.answer([want(0, n=4)], 16) == []
    bench.seconds += 61
    assert await bench.blocks.answer([want(0, n=1)], 16)


async def test_of_many_wants_of_one_device_the_newest_are_served_and_others_get_their_turn(bench: Bench) -> None:
    for n in range(1, 6):
        bench.blocks.add(want(n, n=n))
    bench.blocks.add(want(9, device="s2"))
    await until(lambda: len(bench.got("s1")) == 2 and bench.got("s2"))
    assert [block.index for block in bench.got("s1")] == [4, 5]
    assert [name for name, _ in bench.sent] == ["s1", "s2", "s1"]
