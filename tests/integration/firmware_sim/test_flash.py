"""What flash said is kept is kept, whatever kills the process; one transaction is whole or not there."""

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from base.errors import Unavailable
from base.ids import new_id
from devices.wire.config import Config, Hours
from devices.wire.haves import Haves
from devices.wire.reports import Receipt, ReceiptState
from devices.wire.trust import open_order
from firmware_sim.counts import Counts
from firmware_sim.effects import (
    DropReceipts,
    Keep,
    KeepConfig,
    KeepHaves,
    KeepMark,
    KeepOrder,
    KeepReceipt,
    Prune,
)
from firmware_sim.flash import Flash
from firmware_sim.flash_rows import Kind, Row
from firmware_sim.memory import MemoryFlash
from firmware_sim.saved import Mark, SavedConfig
from tests.unit.firmware_sim.rig import SMART, T0, TRUSTED, Server, play

VICTIM = Path(__file__).with_name("flash_victim.py")


def _receipt(n: int) -> KeepReceipt:
    receipt = Receipt("bn-s01", n, bytes(32), 1, new_id(), None, (), ReceiptState.STORED, T0, 0)
    return KeepReceipt(receipt, bytes([n]) * 50, bytes([n]) * 32)


def _everything() -> list[Keep]:
    signed = open_order(Server().order(play()), TRUSTED.get, SMART.commune_of)
    old = replace(signed, order=replace(signed.order, id=new_id()))
    return [
        KeepOrder(signed, T0 + 10),
        KeepOrder(old, T0 - 10),
        KeepHaves("bao-nhai", Haves(4, ((7, 9), (12, 12)))),
        KeepHaves("d/bn-s01", Haves(1)),
        KeepMark(Mark("A", "speaker", T0 + 10, 5_000, 1, T0, stored=True)),
        KeepMark(Mark("A", "radio", T0 + 10, final=True)),
        KeepMark(Mark("B", "speaker", T0 - 10)),
        *(_receipt(n) for n in range(1, 9)),
        DropReceipts(Haves(3, ((5, 6),))),
        KeepConfig(SavedConfig(Config(Hours(((300, 1_290),), 420), 70, 30, ("http://a/content",)), T0)),
        Prune(T0),
    ]


async def test_what_is_read_back_is_what_was_kept(tmp_path: Path):
    memory, flash = MemoryFlash(), Flash(tmp_path / "flash.db")
    slot, other = flash.slot("bn-s01"), flash.slot("bn-s02")
    await other.boot()
    for effect in _everything():
        memory.keep([effect])
        slot.keep([effect])
    assert await slot.boot() == memory.boot()
    assert await slot.boot() == memory.boot(), "the second boot finds the same, and counts"
    assert (await other.boot()).receipts == {}
    flash.close()
    again = Flash(tmp_path / "flash.db")
    assert await again.slot("bn-s01").boot() == memory.boot()
    again.close()


async def test_a_device_that_lost_power_loses_what_was_not_durable_and_nothing_else(tmp_path: Path):
    flash = Flash(tmp_path / "flash.db")
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold_up(_connection: sqlite3.Connection, _counts: Counts) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

    cut, other = flash.slot("bn-s01"), flash.slot("bn-s02")
    await asyncio.wrap_future(cut.keep([KeepHaves("vn", Haves(1))]))
    flash.submit(None, hold_up)
    late, fine = cut.keep([KeepHaves("vn", Haves(2))]), other.keep([KeepHaves("vn", Haves(2))])
    cut.cut()
    gate.set()
    await asyncio.wrap_future(fine)
    assert late.cancelled()
    assert (await flash.slot("bn-s01").boot()).haves == {"vn": Haves(1)}
    flash.close()


async def test_a_failed_write_is_told_and_the_writer_lives_on(tmp_path: Path):
    flash = Flash(tmp_path / "flash.db")
    slot = flash.slot("bn-s01")
    bad = slot.execute([("INSERT INTO nowhere VALUES (1)", ())])
    with pytest.raises(Unavailable, match="nowhere"):
        await asyncio.wrap_future(bad)
    await asyncio.wrap_future(slot.keep([KeepHaves("vn", Haves(3))]))
    assert (await slot.boot()).haves == {"vn": Haves(3)}
    flash.close()


async def test_what_is_to_follow_a_write_that_failed_fails_with_it(tmp_path: Path):
    flash = Flash(tmp_path / "flash.db")
    slot = flash.slot("bn-s01")
    bad = slot.execute([("INSERT INTO nowhere VALUES (1)", ())])
    with pytest.raises(Unavailable):
        await asyncio.wrap_future(bad)
    behind = slot.keep([KeepHaves("vn", Haves(4))], after=bad)
    last = slot.keep([KeepHaves("vn", Haves(5))], after=behind)
    with pytest.raises(Unavailable):
        await asyncio.wrap_future(last)
    good = slot.keep([KeepHaves("vn", Haves(6))])
    await asyncio.wrap_future(slot.keep([KeepHaves("lao-cai", Haves(7))], after=good))
    assert (await slot.boot()).haves == {"vn": Haves(6), "lao-cai": Haves(7)}
    flash.close()


async def test_a_row_of_another_firmware_is_passed_over_and_stops_nothing(tmp_path: Path):
    flash = Flash(tmp_path / "flash.db")
    slot = flash.slot("bn-s01")
    await asyncio.wrap_future(slot.keep([KeepHaves("vn", Haves(1))]))
    strange = [Row("bn-s01", kind, b"x", 0, b"\xff").put() for kind in (Kind.CONFIG, Kind.MARK, Kind.KEYS, 77)]
    await asyncio.wrap_future(slot.execute(strange))
    saved = await slot.boot()
    assert (saved.haves, saved.config, saved.marks, saved.loss) == ({"vn": Haves(1)}, None, {}, None)
    flash.close()
    again = Flash(tmp_path / "flash.db")
    assert (await again.slot("bn-s01").boot()).loss is None
    again.close()


async def test_kill_9_loses_nothing_that_was_said_to_be_kept(tmp_path: Path):
    path, kept = tmp_path / "flash.db", 0
    for boot in range(1, 6):
        kept = max(kept, await asyncio.to_thread(_run_and_kill, path, 20 * boot))
        flash = Flash(path)
        saved = await flash.slot("bn-s01").boot()
        flash.close()
        assert saved.boot == 2 * boot
        assert saved.last_receipt >= kept
        whole = saved.last_receipt
        assert list(saved.receipts) == list(range(1, whole + 1))
        assert saved.haves == {"bao-nhai": Haves(whole)}, "all of a transaction, or nothing"
        assert len(saved.marks) == whole


def _run_and_kill(path: Path, after: int) -> int:
    """Let the victim keep so many, kill it in the middle of the next; the last number it said was kept."""
    with subprocess.Popen([sys.executable, str(VICTIM), str(path)], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        for _ in range(after):
            said = int(victim.stdout.readline())
        victim.kill()
        rest = victim.stdout.read().split("\n")[:-1]
    return int(rest[-1]) if rest else said


async def test_a_device_cut_off_before_its_first_receipt_begins_with_number_one(tmp_path: Path):
    path = tmp_path / "flash.db"
    flash = Flash(path)
    assert (await flash.slot("bn-s01").boot()).last_receipt == 0
    flash.close()
    counts = Counts.open(tmp_path / "flash.counts")
    counts.stage("bn-s01", receipt=1)
    counts.settle()
    counts.close()
    again = Flash(path)
    assert (await again.slot("bn-s01").boot()).last_receipt == 0, "numbers set aside are not numbers used"
    again.close()
