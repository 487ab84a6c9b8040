"""What counts as an error in the logs of the demo's processes."""

from pathlib import Path

import pytest

from server.demo.errors_in_logs import MAX_ERRORS, errors_in


def log(folder: Path, *lines: str) -> Path:
    path = folder / "server.log"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_there_is_nothing_in_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert errors_in(tmp_path / "nothing.log") == []


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "1767225600: Error: Address already in use",
        "[71] 2026/11/21 07:00:00.000000 [ERR] Address already in use",
        "[71] 2026/11/21 07:00:00.000000 [FTL] Cannot start",
        "nats-server: error: no such file",
        '{"event": "task.failed", "level": "error"}',
        '{"event": "disk.full", "level": "critical"}',
    ],
)
def test_an_error_is_found_and_named_by_its_log(tmp_path: Path, line: str) -> None:
    (found,) = errors_in(log(tmp_path, "all is well", line))
    assert found.startswith("server: ")


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "error: in the text only", "level": "info"}',
        '{"event": "broker.lost", "level": "warning"}',
        "[71] 2026/11/21 07:00:00.000000 [INF] Server is ready",
        "1767225600: mosquitto version 2.0.18 running",
        "",
    ],
)
def test_what_is_no_error_is_left_out(tmp_path: Path, line: str) -> None:
    assert errors_in(log(tmp_path, line)) == []


def test_a_structured_error_shows_what_happened_and_why(tmp_path: Path) -> None:
    found = errors_in(log(tmp_path, '{"event": "database.failed", "error": "disk full", "level": "error"}'))
    assert found == ["server: database.failed disk full"]


def test_what_was_there_before_this_run_does_not_count(tmp_path: Path) -> None:
    path = log(tmp_path, "Traceback (most recent call last): họp")
    offset = path.stat().st_size
    with path.open("a", encoding="utf-8") as file:
        file.write("1: Error: new\n")
    assert errors_in(path, offset) == ["server: 1: Error: new"]


def test_a_flood_is_cut_and_garbage_is_survived(tmp_path: Path) -> None:
    path = log(tmp_path, '{"level": broken', "[1, 2]", *["x Error: y"] * (MAX_ERRORS + 5))
    with path.open("ab") as file:
        file.write(b"\xff\xfe Error: bytes\n")
    assert len(errors_in(path)) == MAX_ERRORS
