import asyncio
import os
from pathlib import Path

import pytest

from audio import workers
from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from tests.support.until import until

MODULE = """
import json, os, pathlib, sys, time
request = json.load(sys.stdin)
if request.get("spin"):
    from audio.limits import limit_this_process
    limit_this_process(memory_mb=4096, cpu_s=1, file_mb=1)
    while True:
        pass
if "pid" in request:
    pathlib.Path(request["pid"]).write_text(str(os.getpid()))
    time.sleep(600)
for share in request.get("progress", []):
    print(json.dumps({"progress": share}), flush=True)
if request.get("die"):
    os.abort()
if request.get("gibberish"):
    print("no JSON")
    sys.exit(0)
print(json.dumps({"environment": dict(os.environ), "path": sys.path, "file": request.get("file")}))
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a worker module that does what its request says."""
    (tmp_path / "odd_worker.py").write_text(MODULE)
    kept = workers._environment
    monkeypatch.setattr(
        workers, "_environment", lambda: kept() | {"PYTHONPATH": os.pathsep.join([kept()["PYTHONPATH"], str(tmp_path)])}
    )
    return "odd_worker"


async def test_a_worker_sees_none_of_our_secrets_nor_the_current_folder(
    worker: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("LOA_SECRET", "x")
    answer = await run_worker(worker, {}, timeout_s=60)
    assert "LOA_SECRET" not in answer["environment"]
    assert not {"", str(tmp_path / "elsewhere")} & set(answer["path"])


async def test_paths_in_a_request_become_absolute(worker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    answer = await run_worker(worker, {"file": Path("a.wav")}, timeout_s=60)
    assert answer["file"] == str(tmp_path / "a.wav")


@pytest.mark.parametrize("request_", [{"die": True}, {"gibberish": True}])
async def test_a_worker_that_dies_or_answers_nonsense_has_failed(worker: str, request_: dict[str, bool]):
    with pytest.raises(WorkerFailed):
        await run_worker(worker, request_, timeout_s=60)


async def test_a_module_that_is_not_there_has_failed():
    with pytest.raises(WorkerFailed):
        await run_worker("audio.no_such_worker", {}, timeout_s=60)


async def test_processor_time_is_limited(worker: str):
    with pytest.raises(WorkerTimeout):
        await run_worker(worker, {"spin": True}, timeout_s=60)


async def test_a_cancelled_call_leaves_no_process(worker: str, tmp_path: Path):
    pid_file = tmp_path / "pid"
    task = asyncio.create_task(run_worker(worker, {"pid": pid_file}, timeout_s=600))
    await until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def test_progress_is_handed_on_and_is_no_answer(worker: str):
    told: list[float] = []
    answer = await run_worker(worker, {"progress": [0.25, 0.5]}, timeout_s=60, progress=told.append)
    assert told == [0.25, 0.5]
    assert "environment" in answer
    with pytest.raises(WorkerFailed):
        await run_worker(worker, {"progress": [0.25], "die": True}, timeout_s=60, progress=told.append)


async def test_an_answer_longer_than_a_pipe_holds_arrives(worker: str):
    answer = await run_worker(worker, {"file": "x" * 300_000}, timeout_s=60)
    assert len(answer["file"]) == 300_000
