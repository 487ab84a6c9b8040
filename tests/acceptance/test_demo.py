"""The demo, as a script and as a person at a pipe would run it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from server.broker import free_port

LIMIT_S = 300


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "demo", "--data", str(folder), "--port", str(free_port()), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_broadcasts_to_57_clusters_and_goes_on_the_second_time(tmp_path: Path) -> None:
    for _start in ("first", "second"):
        done = demo(tmp_path / "demo", "--json", "--until-reported", "--duration", "240")
        found = summary(done)
        assert found["errors"] == []
        assert found["clusters"] == {
            "smart": {"total": 38, "online": 38},
            "wireless": {"total": 19, "reachable": 19},
        }
        assert found["receipts"]["played"] == 38
        assert found["receipts"]["transmitted"] == 19
        assert found["receipts"]["missed"] == found["receipts"]["rejected"] == 0
        assert found["first_sound_s"] > 0
        assert found["start_skew_ms"]["p99"] is not None
        assert done.returncode == 0


def test_ctrl_c_ends_it_cleanly_and_nothing_stays_behind(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "server", "demo", "--data", str(folder), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        shown = ""
        while "waiting for the clusters" not in shown:
            line = process.stderr.readline()
            assert line, shown
            shown += line
        process.send_signal(signal.SIGINT)
        _out, rest = process.communicate(timeout=LIMIT_S)
    assert "Console" in shown
    assert "Password" in shown
    assert "Traceback" not in shown + rest
    assert process.returncode == 1, "it ended before every cluster had played, so not everything happened"
    assert not still_running(folder)


def still_running(folder: Path) -> list[str]:
    """Processes whose command line names the demo's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
