"""All tests of a file run on one worker, in their order: what they share is set up once."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import CHAINS, ByFile
from tests.support.commands import LIMIT_S, ROOT, environment

FILE = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range(20))
def test_it(number, worker_id):
    with (Path(__file__).parent / "run").open("a") as run:
        run.write(f"{Path(__file__).name} {worker_id}\\n")
"""


def test_the_tests_of_a_file_stay_together(tmp_path: Path):
    files = [f"test_{letter}.py" for letter in "abcdef"]
    for file in files:
        (tmp_path / file).write_text(FILE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-n", "2", "--dist", "load"]
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT,
        env=environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    pairs = [line.split() for line in (tmp_path / "run").read_text().splitlines()]
    assert len(pairs) == 120
    workers = {file: {worker for of, worker in pairs if of == file} for file in files}
    assert all(len(each) == 1 for each in workers.values()), workers
    assert len(set.union(*workers.values())) == 2, "one worker did it all"


def test_the_files_of_a_chain_exist_and_are_one_piece_of_work():
    share = ByFile.__new__(ByFile)
    for chain, files in CHAINS.items():
        for file in files:
            path = f"tests/acceptance/{file}"
            assert (ROOT / path).is_file()
            assert share._split_scope(f"{path}::test_it[x]") == chain
