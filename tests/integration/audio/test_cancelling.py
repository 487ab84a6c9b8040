"""Work on a sound that is cancelled or killed leaves no process and no half file, and says how far it has come."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from audio.limits import AudioLimits
from audio.service import AudioService
from audio.store import ContentStore
from base.errors import Unavailable
from base.times import utc_now
from tests.integration.audio.conftest import Pcm
from tests.integration.audio.foreign_files import foreign
from tests.support.until import until

ROOT = Path(__file__).resolve().parents[3]
SERVER = """
import asyncio, sys
from pathlib import Path
from audio.limits import AudioLimits
from audio.service import AudioService
from audio.store import ContentStore
from base.times import utc_now
service = AudioService(ContentStore(Path(sys.argv[1])), AudioLimits(), {}, utc_now)
tell = lambda share: print(share, flush=True)
asyncio.run(service.prepare_upload(Path(sys.argv[2]), "a.mp3", progress=tell))
"""
MASTERING_FROM = 0.31
"""Decoding is over by this share of the whole."""


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "content")


@pytest.fixture
def service(store: ContentStore) -> AudioService:
    return AudioService(store, AudioLimits(), {}, utc_now)


@pytest.fixture
def upload(tmp_path: Path, speech: Pcm) -> Path:
    """Half a minute of speech."""
    path = tmp_path / "a.mp3"
    path.write_bytes(foreign(np.tile(speech, 2), "mp3"))
    return path


def workers_of(pid: int) -> list[int]:
    """Processes of ours that this process has started."""
    tasks = Path(f"/proc/{pid}/task")
    children = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return [child for child in children if b"_worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def files(store: ContentStore):
    return [path for path in store.root.rglob("*") if path.is_file()]


async def test_progress_is_told_to_the_end(service: AudioService, upload: Path):
    told: list[float] = []
    await service.prepare_upload(upload, "a.mp3", progress=told.append)
    assert told == sorted(told)
    assert len(told) > 40
    assert told[-1] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("share", [0.05, MASTERING_FROM, 0.85])
async def test_work_cancelled_anywhere_leaves_no_process_and_no_file(
    share: float, service: AudioService, store: ContentStore, upload: Path
):
    reached = asyncio.Event()
    seen: list[int] = []

    def progress(done: float):
        if done >= share and not reached.is_set():
            seen.extend(workers_of(os.getpid()))
            reached.set()

    task = asyncio.create_task(service.prepare_upload(upload, "a.mp3", progress=progress))
    await asyncio.wait_for(reached.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen
    for pid in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert files(store) == []


async def test_a_worker_killed_in_the_middle_is_an_error_and_leaves_no_file(
    service: AudioService, store: ContentStore, upload: Path
):
    def progress(done: float):
        if done >= MASTERING_FROM:
            for pid in workers_of(os.getpid()):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(Unavailable) as failure:
        await service.prepare_upload(upload, "a.mp3", progress=progress)
    assert failure.value.code == "audio.mastering_failed"
    assert files(store) == []
    assert len((await service.prepare_upload(upload, "a.mp3")).renditions) == 3


async def test_a_server_killed_in_the_middle_leaves_no_content_and_no_worker(store: ContentStore, upload: Path):
    server = subprocess.Popen(  # noqa: ASYNC220 - it starts in a moment, and nothing else runs in this loop
        [sys.executable, "-c", SERVER, store.root, upload], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    guard = threading.Timer(60, server.kill)
    guard.start()
    for line in server.stdout:
        if float(line) > MASTERING_FROM:
            break
    workers = workers_of(server.pid)
    server.kill()
    server.wait()
    server.stdout.close()
    guard.cancel()
    assert workers
    await until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers))
    assert [path for path in files(store) if "incoming" not in path.parts] == []
    assert store.sweep_temporaries(older_than_s=0) == 1
    assert files(store) == []
