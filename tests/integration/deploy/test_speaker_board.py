"""deploy/speaker on a board: the unit is sound, its very command runs under a watchdog, install.sh fills an image."""

import configparser
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_sim.enrol import BOARD_TABLES
from firmware_sim.fittings import CourierPart, LocalPart
from tests.integration.firmware_sim.world import device_text
from tests.support.commands import LIMIT_S, ROOT

SPEAKER = ROOT / "deploy" / "speaker"
UNIT = SPEAKER / "loa-speaker.service"
LOA = Path(sys.prefix) / "bin" / "loa"


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the usual way to keep capitals
    parser.read_string(UNIT.read_text("utf-8"))
    return parser["Service"]


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path):
    service = unit()
    assert (service["Type"], service["Restart"], service["User"]) == ("notify", "always", "loa")
    assert int(service["WatchdogSec"]) > 0
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text("utf-8").replace("/opt/loa/bin/loa", sys.executable))
    ended = subprocess.run(
        [analyze, "verify", "--man=no", here], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert "loa-speaker" not in ended.stderr, ended.stderr


def test_what_the_unit_lets_it_write_is_all_it_writes():
    service = unit()
    assert service["ProtectSystem"] == "strict"
    command = shlex.split(service["ExecStart"])
    assert command[command.index("--state") + 1] == f"/var/lib/{service['StateDirectory']}"
    assert not command[command.index("--config") + 1].startswith("/var")


def test_the_unit_lets_it_ask_how_sure_the_clock_is_and_its_sound_thread_go_first():
    text = UNIT.read_text("utf-8")
    assert "\nProtectClock=" not in text, "it forbids adjtimex, and no timed item would ever sound"
    filters = [line.partition("=")[2] for line in text.splitlines() if line.startswith("SystemCallFilter=")]
    assert filters[-1].split() == ["adjtimex", "clock_adjtime"]
    assert not any("@resources" in each for each in filters), "the sound thread sets its own priority"


class Manager:
    """The service manager's side."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(LIMIT_S)

    def wait_for(self, wanted: str) -> None:
        while wanted not in self._socket.recv(4_096).decode().splitlines():
            pass

    def close(self) -> None:
        self._socket.close()


@contextmanager
def started(folder: Path, manager: Manager) -> Iterator[subprocess.Popen[bytes]]:
    """The unit's command, with the paths of the board below `folder`."""
    (folder / "etc").mkdir()
    config = folder / "etc" / "device.json"
    config.write_text(device_text("bn-s01", 1, folder / "not-this-one"))
    moved = {"/opt/loa/bin/loa": str(LOA), "/etc/loa/device.json": str(config), "/var/lib/loa": str(folder / "state")}
    command = [moved.get(word, word) for word in shlex.split(unit()["ExecStart"])]
    assert set(moved.values()) < set(command)
    own = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000", "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOA_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=kept | own, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(LIMIT_S)


def test_the_units_command_tells_that_it_is_ready_and_lives_and_ends_when_told(tmp_path: Path):
    manager = Manager(tmp_path)
    try:
        with started(tmp_path, manager) as process:
            manager.wait_for("READY=1")
            for _ in range(2):
                manager.wait_for("WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            manager.wait_for("STOPPING=1")
            assert process.wait(LIMIT_S) == 0
    finally:
        manager.close()
    assert (tmp_path / "state" / "flash.db").is_file()
    assert not (tmp_path / "not-this-one").exists()


def test_the_boards_file_is_one_that_enrolment_takes():
    board = tomllib.loads((SPEAKER / "board.toml").read_text("utf-8"))
    assert set(board) <= set(BOARD_TABLES)
    assert LocalPart.model_validate(board["local"]).port == 80
    assert CourierPart.model_validate(board["courier"]).usb


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a program called `loa`; that ours can be built is shown where the image is."""
    folder = tmp_path_factory.mktemp("wheel")
    files = {
        "loa_stub.py": "def main():\n    print('spoken')\n",
        "loa-0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: loa\nVersion: 0.0\n",
        "loa-0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "loa-0.0.dist-info/entry_points.txt": "[console_scripts]\nloa = loa_stub:main\n",
        "loa-0.0.dist-info/RECORD": "",
    }
    for name, text in files.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_text(text)
    made = shutil.make_archive(str(folder / "loa"), "zip", folder / "in")
    return Path(made).rename(folder / "loa-0.0-py3-none-any.whl")


def install(root: Path, wheel: Path) -> subprocess.CompletedProcess[str]:
    own = {"ROOT": str(root), "PYTHON": sys.executable, "PIP_NO_INDEX": "1"}
    return subprocess.run(
        ["sh", SPEAKER / "install.sh", wheel],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_install_fills_an_image_and_spares_what_is_the_boards_own_when_run_again(wheel: Path, tmp_path: Path):
    first = install(tmp_path, wheel)
    assert first.returncode == 0, first.stderr
    assert "loa speaker enrol" in first.stderr
    script = tmp_path / "opt" / "loa" / "bin" / "loa"
    assert script.read_text().splitlines()[0] == "#!/opt/loa/bin/python"
    python = tmp_path / "opt" / "loa" / "bin" / "python"
    said = subprocess.run([python, script], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert said.stdout == "spoken\n"
    wanted = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants" / UNIT.name
    assert (wanted.parent / wanted.readlink()).read_text() == UNIT.read_text()
    (tmp_path / "etc" / "loa" / "board.toml").write_text("[local]\nport = 8080\n")
    again = install(tmp_path, wheel)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "etc" / "loa" / "board.toml").read_text() == "[local]\nport = 8080\n"
    assert sorted(path.name for path in (tmp_path / "opt").iterdir()) == ["loa"]


def test_install_says_what_is_missing(tmp_path: Path):
    ended = install(tmp_path, tmp_path / "no.whl")
    assert ended.returncode == 1
    assert "no.whl" in ended.stderr
    assert not list(tmp_path.iterdir())
