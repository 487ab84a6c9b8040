"""Speaking in a worker process: how its end becomes an error that names the engine."""

from typing import Any

from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import Unavailable


async def run_speaker(engine: str, module: str, request: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """The worker's answer, whether good or bad. Raises Unavailable when there is none."""
    try:
        return await run_worker(module, request, timeout_s=timeout_s)
    except WorkerTimeout as error:
        raise Unavailable("audio.speech_timeout", engine=engine, limit_s=timeout_s) from error
    except WorkerFailed as error:
        raise Unavailable("audio.speech_failed", engine=engine, answer="–") from error
