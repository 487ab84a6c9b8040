"""The Makefile and the scripts it calls say plainly what is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT

PACKAGES = ROOT / "tools" / "system_packages.sh"


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with a shell and nothing to install anything with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "sh", "id", "env"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def run(*command: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    given = dict(os.environ) | ({} if path is None else {"PATH": path})
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_programs_that_are_here_need_nothing() -> None:
    ended = run(str(PACKAGES), "mosquitto", "postgresql")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_mosquitto_is_found_where_only_roots_path_looks(bare_path: str) -> None:
    if not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("this machine keeps Mosquitto elsewhere")
    assert run(str(PACKAGES), "mosquitto", path=bare_path).returncode == 0


def test_without_apt_every_missing_package_is_named(bare_path: str) -> None:
    ended = run(str(PACKAGES), "chromium", "iproute2", path=bare_path)
    assert ended.returncode == 1
    assert "chromium iproute2" in ended.stderr


def test_a_package_nobody_can_check_is_refused_by_name() -> None:
    ended = run(str(PACKAGES), "mosquitto", "sendmail")
    assert ended.returncode == 2
    assert "sendmail" in ended.stderr


@pytest.fixture
def make() -> str:
    found = shutil.which("make")
    if found is None:
        pytest.skip("make is not installed")
    return found


def test_make_alone_says_what_there_is(make: str) -> None:
    ended = run(make)
    listed = {line.split()[0] for line in ended.stdout.splitlines()}
    assert {"demo", "setup", "test", "check", "bench"} <= listed
    assert ended.returncode == 0


@pytest.mark.parametrize("python", ["false", "no-such-python"])
def test_without_a_python_it_says_which_is_needed(make: str, python: str, tmp_path: Path) -> None:
    ended = run(make, "setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}")
    assert ended.returncode != 0
    assert "Loa needs Python 3.11 or newer" in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_the_set_up_uses_hashes_and_no_address_of_a_registry(make: str, tmp_path: Path) -> None:
    ended = run(make, "--dry-run", "test", f"VENV={tmp_path / 'venv'}", f"PYTHON={sys.executable}")
    installs = [line for line in ended.stdout.splitlines() if "pip" in line and " install " in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert "://" not in ended.stdout
