"""What the first seconds of a station's stream are: codec, rate, loudness; found in a limited process."""

from dataclasses import dataclass
from pathlib import Path

from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import Refused

MEMORY_MB = 768
"""As for any sound: Python, NumPy and FFmpeg's libraries take about 250 MB of address space."""
CPU_S, TIMEOUT_S = 10, 30


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a stream. level_dbfs: root mean square; -120 for digital silence."""

    codec: str
    rate_hz: int
    channels: int
    duration_ms: int
    level_dbfs: float


async def listen(path: Path, *, name: str) -> Excerpt:
    """Decode some bytes of a stream called `name`.

    Raises Refused: audio.not_audio, audio.decode_timeout, audio.decode_failed.
    """
    request = {"path": path, "memory_mb": MEMORY_MB, "cpu_s": CPU_S}
    try:
        answer = await run_worker("audio.stream_worker", request, timeout_s=TIMEOUT_S)
    except WorkerTimeout as error:
        raise Refused("audio.decode_timeout", name=name, limit_s=CPU_S) from error
    except WorkerFailed as error:
        raise Refused("audio.decode_failed", name=name) from error
    if not answer.pop("ok"):
        raise Refused("audio.not_audio", name=name)
    return Excerpt(**answer)
