"""A full disk costs content first, in the right order; orders, marks and receipts always fit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.wire.haves import Haves
from firmware_sim import flash_open
from firmware_sim.contents import ContentFolder, Contents
from firmware_sim.device import Device
from firmware_sim.effects import KeepHaves, KeepMark
from firmware_sim.flash import Flash
from firmware_sim.reserve import Reserve
from firmware_sim.saved import Mark
from firmware_sim.swarm import open_parts
from tests.integration.firmware_sim.world import device_file
from tests.support.until import until


class Disk(Reserve):
    """A disk as full as SQLite is told: its own limit of pages gives its own error; the reserve is some pages."""

    connection: sqlite3.Connection
    pages = 0

    def fill(self) -> None:
        found = self.connection.execute("PRAGMA page_count").fetchone()[0]
        self.connection.execute(f"PRAGMA max_page_count={found}")

    def release(self) -> bool:
        had = super().release()
        if had:
            found = self.connection.execute("PRAGMA page_count").fetchone()[0]
            self.connection.execute(f"PRAGMA max_page_count={found + 200}")
        return had


@pytest.fixture
async def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Flash]:
    monkeypatch.setattr(flash_open, "Reserve", Disk)
    found = Flash(tmp_path / "flash.db")
    assert isinstance(found.reserve, Disk)
    found.reserve.connection = found._connection
    yield found
    found.close()


async def _fill(flash: Flash) -> None:
    disk = flash.reserve
    assert isinstance(disk, Disk)
    await asyncio.wrap_future(flash.submit(None, lambda _connection, _counts: disk.fill()))


def _many(count: int, start: int = 0) -> list[KeepMark]:
    return [KeepMark(Mark(f"{n:026}", "speaker", 10**15)) for n in range(start, start + count)]


async def test_what_must_be_kept_is_kept_in_the_room_of_the_reserve(flash: Flash):
    slot = flash.slot("bn-s01")
    await slot.boot()
    assert flash.reserve.held
    await _fill(flash)
    await asyncio.wrap_future(slot.keep([*_many(300), KeepHaves("vn", Haves(1))]))
    assert not flash.reserve.held
    saved = await slot.boot()
    assert (len(saved.marks), saved.haves) == (300, {"vn": Haves(1)})


async def test_when_the_reserve_is_used_up_it_is_told_and_nothing_is_half_written(flash: Flash):
    slot = flash.slot("bn-s01")
    await slot.boot()
    flash.reserve.release()
    await _fill(flash)
    with pytest.raises(Exception, match="full"):
        await asyncio.wrap_future(slot.keep(_many(2_000)))
    assert (await slot.boot()).marks == {}


def test_room_is_set_aside_again_when_there_is_plenty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reserve = Reserve(tmp_path / "reserve", 1 << 20)
    assert reserve.hold()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 20, "the room is really taken"
    assert reserve.release()
    assert not reserve.release()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=99))
    assert not reserve.restore()
    monkeypatch.undo()
    assert reserve.restore()
    assert reserve.held


async def _contents(tmp_path: Path, capacity: int) -> tuple[Contents, Flash]:
    flash = Flash(tmp_path / "flash.db")
    contents = Contents("bn-s01", ContentFolder(tmp_path / "content"), flash.slot("bn-s01"), capacity)
    await contents.load()
    for name in range(1, 6):
        sha = bytes([name]) * 32
        contents.folder.path(sha).write_bytes(bytes(1_000))
        await contents.add(sha, 1_000)
    return contents, flash


IDLE, SOON, LATER, BANK, OLD = (bytes([name]) * 32 for name in range(1, 6))


def _plan(contents: Contents) -> None:
    contents.need(SOON, urgency_ms=100, bank=False)
    contents.need(LATER, urgency_ms=900, bank=False)
    contents.need(BANK, urgency_ms=0, bank=True)


async def test_what_is_not_needed_goes_first_then_the_latest_then_for_an_alarm_the_bank(tmp_path: Path):
    contents, flash = await _contents(tmp_path, 5_000)
    _plan(contents)
    assert contents.make_room(2_000, urgency_ms=500) == []
    assert contents.held == (SOON, LATER, BANK)
    assert contents.make_room(3_000, urgency_ms=500) == [LATER]
    assert contents.make_room(4_000, urgency_ms=500) is None, "what is sooner stays"
    assert contents.make_room(5_000, urgency_ms=50) is None, "and the bank, whatever is wanted"
    assert contents.held == (SOON, BANK)
    assert contents.make_room(5_000, urgency_ms=0, emergency=True) == [SOON, BANK]
    assert contents.held == ()
    flash.close()


async def test_a_disk_that_is_full_counts_as_well_as_the_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    contents, flash = await _contents(tmp_path, 1 << 30)
    _plan(contents)
    monkeypatch.setattr(ContentFolder, "disk_free_bytes", 500)
    assert contents.free_bytes == 500
    assert contents.make_room(1_500, urgency_ms=500, gathered=1_000) == []
    assert len(contents.held) == 5, "what is gathered of it already needs no more room"
    assert contents.make_room(2_500, urgency_ms=500) == []
    assert contents.held == (SOON, LATER, BANK)
    flash.close()


async def test_relief_costs_everything_but_the_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    contents, flash = await _contents(tmp_path, 1 << 30)
    _plan(contents)
    contents.folder.part("bn-s01", bytes([77]) * 32).write_bytes(bytes(10))
    contents.folder.part("bn-s01", SOON).write_bytes(bytes(10))
    monkeypatch.setattr(ContentFolder, "disk_free_bytes", 0)
    assert contents.relieve(10_000) == [LATER, SOON]
    assert contents.held == (BANK,)
    assert contents.folder.parts("bn-s01") == {SOON}, "and what was gathered of what nobody wants"
    flash.close()


async def test_a_device_on_its_reserve_says_so_drops_content_and_sets_room_aside_again(tmp_path: Path):
    file = device_file("bn-s01", 9, tmp_path)
    async with open_parts(tmp_path / "state") as make:
        parts = make(file, None)
        device = Device(file, parts)
        await device.start()
        sha = bytes([1]) * 32
        device._contents.folder.path(sha).write_bytes(bytes(1_000))
        await device._contents.add(sha, 1_000)
        relieved: list[int] = []
        relieve = device._contents.relieve
        device._contents.relieve = lambda wanted: relieved.append(wanted) or relieve(1 << 50)  # type: ignore[method-assign]
        parts.flash.reserve.release()
        device._feel(device.now)
        assert "storage_full" in device.health.faults
        await until(lambda: parts.flash.reserve.held)
        device._feel(device.now)
        assert "storage_full" not in device.health.faults
        assert relieved == [parts.flash.reserve.wanted_bytes]
        assert device._contents.held == ()
        await device.stop()
