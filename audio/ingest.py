"""Accepting or refusing a sound: foreign file in, raw samples out, or the reason why not."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.limits import AudioLimits
from audio.progress import Progress, unheard
from audio.report import Inspection
from audio.trim import Trim
from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import Refused

RATE_HZ = 16_000
_AUDIBLE_PEAK = 33
"""-60 dBFS: 16-bit noise of a recorder with no microphone stays under it."""
_DAMAGED_SHARE = 0.1
_PATIENCE = 5
"""The worker's own limit counts processor time; a busy machine may give it a fifth of a core."""
_WHOLE = Trim()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the decode worker saw: of the whole file, and in `peak` and `inspection` of the part that is wanted."""

    samples: int
    peak: int
    over_limit: bool
    header_ms: int | None
    header_exact: bool
    packets: int
    damaged: int
    inspection: Inspection

    @property
    def decoded_ms(self) -> int:
        """Duration of what was decoded."""
        return self.samples * 1000 // RATE_HZ


async def decode_upload(
    path: Path, raw: Path, *, name: str, limits: AudioLimits, trim: Trim = _WHOLE, progress: Progress = unheard
) -> Verdict:
    """Write the file's sound, or the part of it, to `raw` (s16le, 16 kHz, mono). Raises Refused with the reason."""
    trim.check(name)
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    if size == 0:
        raise Refused("audio.empty", name=name)
    if size > limits.max_bytes:
        raise Refused("audio.too_large", name=name, limit_mb=limits.max_bytes // 1_000_000)
    answer = await _run(path, raw, name, limits, trim=trim, progress=progress)
    if not answer.pop("ok"):
        raise Refused(answer["code"], name=name)
    verdict = Verdict(**answer | {"inspection": Inspection.from_map(answer["inspection"])})
    judge(verdict, name=name, limits=limits, trim=trim)
    return verdict


async def _run(
    path: Path, raw: Path, name: str, limits: AudioLimits, *, trim: Trim, progress: Progress
) -> dict[str, Any]:
    request = {
        "path": path,
        "out": raw,
        "max_duration_s": limits.max_duration_s,
        "trim": trim,
        "memory_mb": limits.decode_memory_mb,
        "cpu_s": limits.decode_timeout_s,
    }
    patience_s = limits.decode_timeout_s * _PATIENCE
    try:
        return await run_worker("audio.decode_worker", request, timeout_s=patience_s, progress=progress)
    except WorkerTimeout as error:
        raise Refused("audio.decode_timeout", name=name, limit_s=limits.decode_timeout_s) from error
    except WorkerFailed as error:
        raise Refused("audio.decode_failed", name=name) from error


def judge(verdict: Verdict, *, name: str, limits: AudioLimits, trim: Trim = _WHOLE) -> None:
    """Raise Refused when what was decoded is not what a sound file should give."""
    decoded_s = round(verdict.decoded_ms / 1000, 1)
    if verdict.over_limit:
        raise Refused("audio.too_long", name=name, limit_s=limits.max_duration_s)
    if verdict.samples == 0 or _is_chance(verdict):
        raise Refused("audio.not_audio", name=name)
    _judge_duration(verdict, name, decoded_s)
    if verdict.damaged > max(1, verdict.packets * _DAMAGED_SHARE):
        percent = round(100 * verdict.damaged / max(1, verdict.packets))
        raise Refused("audio.damaged", name=name, damaged_percent=percent)
    trim.check_within(name, verdict.decoded_ms)
    wanted_ms = min(verdict.decoded_ms, verdict.inspection.figures.duration_ms)
    if wanted_ms < limits.min_duration_ms:
        wanted_s = round(wanted_ms / 1000, 1)
        raise Refused("audio.too_short", name=name, decoded_s=wanted_s, limit_s=limits.min_duration_ms / 1000)
    if verdict.peak < _AUDIBLE_PEAK:
        raise Refused("audio.silent", name=name)


def _is_chance(verdict: Verdict) -> bool:
    """Random bytes hold patterns that look like MP3 or AAC frames: little is decoded, much of it broken."""
    if verdict.header_exact:
        return False
    if verdict.damaged > verdict.packets / 2:
        return True
    estimated_ms = verdict.header_ms
    return estimated_ms is not None and verdict.decoded_ms < estimated_ms / 4


def _judge_duration(verdict: Verdict, name: str, decoded_s: float) -> None:
    if verdict.header_ms is None or not verdict.header_exact:
        return
    header_s = round(verdict.header_ms / 1000, 1)
    missing_ms = verdict.header_ms - verdict.decoded_ms
    if missing_ms > max(1000, verdict.header_ms // 20):
        raise Refused("audio.truncated", name=name, header_s=header_s, decoded_s=decoded_s)
    if -missing_ms > max(2000, verdict.header_ms // 2):
        raise Refused("audio.duration_mismatch", name=name, header_s=header_s, decoded_s=decoded_s)
