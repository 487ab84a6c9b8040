"""The shim journals what is done below its folder, and nothing else."""

import subprocess
import sys
from pathlib import Path

from tests.support.disk_records import Op, Record, prefix, read_journal

SHARED_MAP = """
import mmap, os, sys
def change(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.ftruncate(fd, 4096)
    mmap.mmap(fd, 4096)[0:1] = b"x"
    os.close(fd)
"""


def journalled(tmp_path: Path, script: str) -> list[Record]:
    """What the shim notes while a process runs that script in the folder it watches."""
    root, journal = tmp_path / "root", tmp_path / "journal"
    root.mkdir()
    journal.touch()
    command = [*prefix(tmp_path, root, journal), sys.executable, "-c", SHARED_MAP + script, str(root)]
    subprocess.run(command, check=True, cwd=root, timeout=60)
    return read_journal(journal)


def operations(records: list[Record]) -> set[Op]:
    return {record.op for record in records}


def test_a_file_changed_through_memory_cannot_be_followed(tmp_path: Path) -> None:
    assert Op.UNSUPPORTED in operations(journalled(tmp_path, "change(sys.argv[1] + '/a')"))


def test_shared_memory_of_a_database_is_not_followed_even_where_a_file_was(tmp_path: Path) -> None:
    """A number that a removed file had goes to the next file made: here the same file, under its new name."""
    script = """
a = sys.argv[1] + "/a"
os.close(os.open(a, os.O_RDWR | os.O_CREAT))
os.rename(a, a + "-shm")
change(a + "-shm")
"""
    assert Op.UNSUPPORTED not in operations(journalled(tmp_path, script))


def test_a_file_elsewhere_is_not_followed_even_where_one_of_the_folder_was(tmp_path: Path) -> None:
    script = """
import subprocess
a, elsewhere = sys.argv[1] + "/a", sys.argv[1] + "-elsewhere"
os.close(os.open(a, os.O_RDWR | os.O_CREAT))
# Moved by somebody who is not watched: leaving the folder is itself a thing that cannot be followed.
subprocess.run(["env", "-u", "LD_PRELOAD", "mv", a, elsewhere], check=True)
change(elsewhere)
"""
    assert Op.UNSUPPORTED not in operations(journalled(tmp_path, script))
