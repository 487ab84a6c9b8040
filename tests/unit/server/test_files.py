"""Files that hold secrets: whole, closed to strangers, and left alone when they say the same."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.files import OWNER_AND_GROUP, write_files, write_private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_readable_by_us_alone_whatever_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("old")
    (tmp_path / "a.toml").chmod(0o644)
    assert write_files(tmp_path, {"a.toml": "new"})
    assert (tmp_path / "a.toml").read_text() == "new"
    assert mode(tmp_path / "a.toml") == 0o600
    (tmp_path / "a.toml").chmod(0o644)
    assert not write_files(tmp_path, {"a.toml": "new"})
    assert mode(tmp_path / "a.toml") == 0o600


def test_what_says_the_same_is_not_written_again(tmp_path: Path) -> None:
    assert write_files(tmp_path, {"passwd": "x", "acl": "y"}, OWNER_AND_GROUP)
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    assert not write_files(tmp_path, {"passwd": "x", "acl": "y"}, OWNER_AND_GROUP)
    assert write_files(tmp_path, {"passwd": "x", "acl": "z"}, OWNER_AND_GROUP)
    after = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    assert before["passwd"] == after["passwd"]
    assert before["acl"] != after["acl"]
    assert {mode(path) for path in tmp_path.iterdir()} == {OWNER_AND_GROUP}


def test_many_writers_at_once_leave_one_whole_file_and_nothing_else(tmp_path: Path) -> None:
    texts = [str(number) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_files(tmp_path, {"passwd": text}), texts * 5))
    assert (tmp_path / "passwd").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["passwd"]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    write_private(tmp_path / "kept", "old")
    with pytest.raises(OSError, match="taken"):
        write_files(tmp_path, {"taken": "x"})
    with pytest.raises(UnicodeEncodeError):
        write_private(tmp_path / "kept", "\ud800")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "taken"]
    assert (tmp_path / "kept").read_text() == "old"


def test_a_missing_folder_is_made_for_those_who_may_read_the_files(tmp_path: Path) -> None:
    write_private(tmp_path / "ours" / "device.toml", "seed")
    write_files(tmp_path / "the-groups", {"passwd": "x"}, OWNER_AND_GROUP)
    assert mode(tmp_path / "ours") == 0o700
    assert mode(tmp_path / "the-groups") == 0o750
