"""Sticks as folders that come and go: what is on them is taken once, answered on them, and never followed anywhere."""

import os
import shutil
from pathlib import Path

import pytest

from firmware_sim import words
from firmware_sim.hand_over import HandOver
from firmware_sim.usb import UsbFolders
from tests.support.village import Box, bundle, read_back
from tests.unit.firmware_sim.rig import T0


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def usb(box: Box, tmp_path: Path) -> UsbFolders:
    return UsbFolders([f"{tmp_path}/media/*", f"{tmp_path}/mnt"], "bn-s01", HandOver(box), tmp_path / "incoming")


def stick(tmp_path: Path, *bundles: bytes, name: str = "KINGSTON") -> Path:
    folder = tmp_path / "media" / name / "loa"
    folder.mkdir(parents=True)
    for number, data in enumerate(bundles):
        (folder / f"{number}.loa").write_bytes(data)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def returned(folder: Path) -> list[str]:
    return names(folder / "returns")


async def test_a_stick_is_taken_and_answered(usb: UsbFolders, box: Box, tmp_path: Path):
    folder = stick(tmp_path, bundle(), bundle(expires_ms=T0 - 1), bundle(devices=("bn-s09",)), b"rubbish" * 200)
    await usb.look()
    assert len(box.taken) == 1
    assert returned(folder) == ["bn-s01-return-3-7.loa"]
    assert read_back((folder / "returns" / "bn-s01-return-3-7.loa").read_bytes()) == tuple(box.taken)
    report = (folder / "KETQUA-bn-s01.txt").read_text("utf-8").splitlines()
    for number, outcome in enumerate(("taken", "expired", "wrong_village", "not_a_bundle")):
        for language in (0, 1):
            assert f"{number}.loa: {words.OUTCOMES[outcome][language]}" in report
    assert not [name for name in names(folder) + names(folder / "returns") if name.endswith(".part")]


async def test_it_is_answered_once_until_something_new_is_on_it_or_it_comes_again(
    usb: UsbFolders, box: Box, tmp_path: Path
):
    folder = stick(tmp_path, bundle())
    for _ in range(3):
        await usb.look()
    assert box.tries == 1
    (folder / "late.loa").write_bytes(bundle())
    await usb.look()
    assert box.tries == 3
    away = tmp_path / "pulled"
    shutil.move(folder.parent, away)
    await usb.look()
    shutil.move(away, folder.parent)
    await usb.look()
    assert box.tries == 5
    assert len(box.taken) == 2


async def test_an_empty_stick_still_takes_the_receipts_home(usb: UsbFolders, box: Box, tmp_path: Path):
    folder = stick(tmp_path)
    await usb.look()
    assert returned(folder) == ["bn-s01-return-3-7.loa"]
    assert box.tries == 0


async def test_a_disk_without_our_folder_is_left_alone(usb: UsbFolders, tmp_path: Path):
    photos = tmp_path / "media" / "PHOTOS"
    photos.mkdir(parents=True)
    (photos / "x.loa").write_bytes(bundle())
    await usb.look()
    assert names(photos) == ["x.loa"]


async def test_links_pipes_and_folders_are_not_followed(usb: UsbFolders, box: Box, tmp_path: Path):
    secret = tmp_path / "secret.loa"
    secret.write_bytes(bundle())
    folder = stick(tmp_path)
    (folder / "a.loa").symlink_to(secret)
    os.mkfifo(folder / "b.loa")
    (folder / "c.loa").mkdir()
    (folder / ".d.loa").write_bytes(bundle())
    await usb.look()
    assert box.tries == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "media" / "EVIL").mkdir()
    (tmp_path / "media" / "EVIL" / "loa").symlink_to(elsewhere)
    await usb.look()
    assert names(elsewhere) == []


async def test_returns_are_not_written_through_a_link(usb: UsbFolders, box: Box, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = stick(tmp_path, bundle())
    (folder / "returns").symlink_to(elsewhere)
    (folder / "KETQUA-bn-s01.txt").symlink_to(elsewhere / "taken.txt")
    await usb.look()
    assert len(box.taken) == 1
    assert names(elsewhere) == []


async def test_a_report_replaces_a_link_instead_of_writing_where_it_leads(usb: UsbFolders, tmp_path: Path):
    target = tmp_path / "target.txt"
    target.write_text("untouched")
    folder = stick(tmp_path, bundle())
    (folder / "KETQUA-bn-s01.txt").symlink_to(target)
    await usb.look()
    assert target.read_text() == "untouched"
    assert not (folder / "KETQUA-bn-s01.txt").is_symlink()


async def test_a_stick_that_cannot_be_written_is_read_all_the_same(
    usb: UsbFolders, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = stick(tmp_path, bundle())
    real = os.mkdir

    def read_only(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            raise OSError(30, "Read-only file system")
        real(path, mode)

    monkeypatch.setattr(os, "mkdir", read_only)
    await usb.look()
    await usb.look()
    assert (len(box.taken), box.tries) == (1, 1)
    assert names(folder) == ["0.loa"]


async def test_a_stick_pulled_out_while_it_is_read_ends_nothing(usb: UsbFolders, box: Box, tmp_path: Path):
    box.fails = True
    folder = stick(tmp_path, bundle())
    await usb.look()
    assert words.OUTCOMES["failed"][0] in (folder / "KETQUA-bn-s01.txt").read_text("utf-8")


async def test_a_folder_may_be_named_outright(usb: UsbFolders, box: Box, tmp_path: Path):
    (tmp_path / "mnt" / "loa").mkdir(parents=True)
    (tmp_path / "mnt" / "loa" / "x.loa").write_bytes(bundle())
    await usb.look()
    assert len(box.taken) == 1


async def test_of_a_stick_full_of_names_only_so_many_are_looked_at(
    usb: UsbFolders, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("firmware_sim.usb.MAX_LOOKED_AT", 5)
    folder = stick(tmp_path, *[b"rubbish"] * 9)
    await usb.look()
    assert box.tries == 5
    assert returned(folder)
