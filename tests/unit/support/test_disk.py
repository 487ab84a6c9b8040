"""The losing disk keeps what was synced, may lose what was not, and never shows what was never written."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.support.disk import SECTOR_BYTES, Disk
from tests.support.disk_records import Op, Record

A, B = 1, 2
SEEDS = range(60)


def record(op: Op, file: int = 0, offset: int = 0, name: str = "", data: bytes = b"") -> Record:
    names = "\0".join(f"/disk/{part}" for part in name.split("\0")) if name else ""
    return Record(op, 0, file, offset, names, data)


def left(folder: Path, records: Sequence[Record], random: Random | None) -> dict[str, bytes]:
    """Name → content after the power cut."""
    disk = Disk(Path("/disk"))
    for each in records:
        disk.apply(each)
    disk.after_power_cut(folder / "image", random)
    return {path.name: path.read_bytes() for path in (folder / "image").rglob("*") if path.is_file()}


def all_left(folder: Path, records: Sequence[Record]) -> list[dict[str, bytes]]:
    return [left(folder, records, None), *(left(folder, records, Random(seed)) for seed in SEEDS)]


def created(file: int, name: str, data: bytes) -> list[Record]:
    return [record(Op.OPEN, file, -1, name), record(Op.WRITE, file, 0, data=data)]


def test_what_was_synced_is_always_there(tmp_path: Path) -> None:
    records = [*created(A, "a", b"safe"), record(Op.SYNC, A)]
    assert all(found == {"a": b"safe"} for found in all_left(tmp_path, records))


def test_what_was_not_synced_is_lost_at_worst_and_may_be_there(tmp_path: Path) -> None:
    records = [*created(A, "a", b"old"), record(Op.SYNC, A), record(Op.WRITE, A, 0, data=b"new")]
    found = all_left(tmp_path, records)
    assert found[0] == {"a": b"old"}
    assert {each["a"] for each in found} == {b"old", b"new"}


def test_a_write_may_be_torn_at_its_sectors(tmp_path: Path) -> None:
    old, new = b"o" * 2 * SECTOR_BYTES, b"n" * 2 * SECTOR_BYTES
    records = [*created(A, "a", old), record(Op.SYNC, A), record(Op.WRITE, A, 0, data=new)]
    torn = {old[:SECTOR_BYTES] + new[SECTOR_BYTES:], new[:SECTOR_BYTES] + old[SECTOR_BYTES:]}
    found = {each["a"] for each in all_left(tmp_path, records)}
    assert found & torn
    assert found <= torn | {old, new}


def test_a_new_file_that_nobody_synced_may_be_missing_or_empty(tmp_path: Path) -> None:
    found = [each.get("a") for each in all_left(tmp_path, created(A, "a", b"x"))]
    assert {None, b"", b"x"} == set(found)


def test_a_rename_is_safe_once_its_folder_was_synced(tmp_path: Path) -> None:
    records = [*created(A, "a", b"1"), record(Op.SYNC, A), *created(B, "b", b"2"), record(Op.SYNC, B)]
    records.append(record(Op.RENAME, name="b\0a"))
    both = [{"a": b"1", "b": b"2"}, {"a": b"2"}]
    found = all_left(tmp_path, records)
    assert found[0] == both[0]
    assert all(each in found for each in both)
    assert all(each in both for each in found)
    synced = all_left(tmp_path, [*records, record(Op.SYNC_FOLDER, name="")])
    assert all(each in both for each in synced), "a folder elsewhere settles nothing here"
    root = Record(Op.SYNC_FOLDER, 0, 0, 0, "/disk", b"")
    assert all(each == both[1] for each in all_left(tmp_path, [*records, root]))


def test_a_name_made_anew_is_not_taken_away_by_its_earlier_removal(tmp_path: Path) -> None:
    records = [*created(A, "a", b"1"), record(Op.SYNC, A), record(Op.UNLINK, name="a")]
    records += [*created(B, "a", b"2"), record(Op.SYNC, B), Record(Op.SYNC_FOLDER, 0, 0, 0, "/disk", b"")]
    assert all(each == {"a": b"2"} for each in all_left(tmp_path, records))


def test_what_cannot_be_followed_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mmap"):
        left(tmp_path, [Record(Op.UNSUPPORTED, 0, 0, 0, "mmap", b"")], None)
