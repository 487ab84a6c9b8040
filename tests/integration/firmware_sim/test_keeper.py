"""What flash refuses is kept all the same, later, in its order and without a hole."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices.wire.haves import Haves
from firmware_sim.effects import DropReceipts, Keep, KeepHaves, KeepMark, KeepReceipt
from firmware_sim.flash import Flash
from firmware_sim.keeper import Keeper
from firmware_sim.memory import MemoryFlash
from firmware_sim.saved import Mark
from tests.integration.firmware_sim.breaking import break_writes, mend_writes
from tests.support.until import until
from tests.unit.firmware_sim.rig import Rig, play


@dataclass
class Bench:
    flash: Flash
    changes: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slot = self.flash.slot("bn-s01")
        self.keeper = Keeper(self.slot, lambda: self.changes.append(self.keeper.failing))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    flash = Flash(tmp_path / "flash.db")
    yield Bench(flash)
    flash.close()


async def test_writes_refused_in_a_row_are_made_up_for_as_if_nothing_had_happened(bench: Bench):
    rig, memory = Rig(), MemoryFlash()
    rig.link()
    rig.order(play(None))
    rig.run(20_000)
    kept = [effect for effect in rig.effects if isinstance(effect, Keep)]
    assert sum(isinstance(effect, KeepReceipt) for effect in kept) == 3
    memory.keep(kept)
    bench.keeper.keep(kept[:1])
    await break_writes(bench.flash)
    for effect in kept[1:]:
        bench.keeper.keep([effect])
        await asyncio.sleep(0)
    await until(lambda: bench.changes == [True])
    await mend_writes(bench.flash)
    await until(lambda: bench.changes == [True, False])
    assert await bench.slot.boot() == memory.boot()


async def test_what_comes_next_takes_along_what_was_refused(bench: Bench):
    await break_writes(bench.flash)
    old = Mark("01" * 13, "speaker", 1, ahead_ms=5_000)
    bench.keeper.keep([KeepMark(old), KeepHaves("vn", Haves(1)), DropReceipts(Haves(1))])
    await until(lambda: bench.changes == [True])
    await mend_writes(bench.flash)
    new = Mark("01" * 13, "speaker", 1, ahead_ms=9_000)
    bench.keeper.keep([KeepMark(new)])
    assert bench.keeper.last is not None
    await asyncio.wrap_future(bench.keeper.last)
    saved = await bench.slot.boot()
    assert saved.haves == {"vn": Haves(1)}
    assert list(saved.marks.values()) == [new], "and the older does not undo the newer"


async def test_an_orderly_end_tries_once_more(bench: Bench):
    await break_writes(bench.flash)
    bench.keeper.keep([KeepHaves("vn", Haves(1))])
    await until(lambda: bench.keeper.failing)
    await mend_writes(bench.flash)
    await bench.keeper.finish()
    assert (await bench.slot.boot()).haves == {"vn": Haves(1)}
