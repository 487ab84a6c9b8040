"""What is made once for many tests leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

from tests.support.commands import LIMIT_S, ROOT, environment
from tests.support.made_once import MadeOnce

FILE = """
from tests.support.made_once import THIS_SESSION

def test_it():
    folder = THIS_SESSION.folder("tried")
    (folder / "file").touch()
"""


def test_folders_are_new_each_time_and_removed_with_all_in_them():
    made = MadeOnce()
    first, second = made.folder("some"), made.folder("some")
    assert first != second
    (first / "data").mkdir()
    (first / "data" / "loa.db").touch()
    made.remove()
    assert not first.exists()
    assert not second.exists()


def test_a_session_and_its_workers_leave_none(tmp_path: Path):
    (tmp_path / "test_it.py").write_text(FILE)
    (tmp_path / "left").mkdir()
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    for how in (["-n", "1"], ["-p", "no:xdist"]):
        ended = subprocess.run(
            [*command, *how, "--rootdir", str(tmp_path), str(tmp_path / "test_it.py")],
            cwd=ROOT,
            env=environment(tmp_path, {"TMPDIR": str(tmp_path / "left")}),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        assert [path.name for path in (tmp_path / "left").glob("loa-*")] == [], how
