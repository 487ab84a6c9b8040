"""Running our worker processes: a JSON request in, progress and an answer out, a deadline, no survivor on cancel."""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from audio.progress import Progress, unheard

_ROOT = Path(__file__).resolve().parent.parent
_PIECE = 65_536
_PROGRESS = b'{"progress":'
_log = logging.getLogger(__name__)


class WorkerFailed(Exception):
    """The process died or answered nonsense."""


class WorkerTimeout(Exception):
    """The process was killed at its deadline, or by its own limit of processor time."""


async def run_worker(
    module: str, request: dict[str, Any], *, timeout_s: float, progress: Progress = unheard
) -> dict[str, Any]:
    """Run `python -m module` once. Raises WorkerFailed or WorkerTimeout; a cancelled call kills the process.

    Its answer is the last line it writes; lines {"progress": 0.4} before it are handed on as they come.

    The child gets no secrets from our environment, and does not look for modules in the current folder.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(timeout_s):
            answer, errors, _ = await asyncio.gather(
                _read_answer(process.stdout, progress),
                process.stderr.read(),
                _hand_in(process.stdin, _encoded(request)),
            )
            await process.wait()
    except TimeoutError:
        raise WorkerTimeout(module) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it may have ended this moment
                process.kill()
            await process.wait()
    return _answer(module, process.returncode, answer, errors)


async def _hand_in(pipe: asyncio.StreamWriter, request: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it died; its status will say so
        pipe.write(request)
        await pipe.drain()
    pipe.close()


async def _read_answer(pipe: asyncio.StreamReader, progress: Progress) -> bytes:
    """What is written besides progress, which is handed on."""
    answer, pending = b"", b""
    while piece := await pipe.read(_PIECE):
        *lines, pending = (pending + piece).split(b"\n")
        for line in lines:
            if line.startswith(_PROGRESS):
                progress(float(json.loads(line)["progress"]))
            else:
                answer += line + b"\n"
    return answer + pending


def _encoded(request: dict[str, Any]) -> bytes:
    """The request as JSON; paths become absolute, because a worker may change its folder."""
    return json.dumps(request, default=lambda path: str(Path(path).absolute())).encode()


def _answer(module: str, status: int | None, answer: bytes, errors: bytes) -> dict[str, Any]:
    if status == -signal.SIGXCPU:
        raise WorkerTimeout(module)
    try:
        parsed: Any = json.loads(answer)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        _log.warning("worker %s ended with %s: %s", module, status, errors.decode(errors="replace")[-2000:])
        raise WorkerFailed(module)
    return parsed


def _environment() -> dict[str, str]:
    names = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    # One thread: less address space under the limit, and sums in the same order every time.
    return kept | {"PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
