"""Sound files: all that the decode worker does with bytes, in one process under a limit like its own."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from audio.decode_worker import decode_into
from audio.ingest import Verdict, judge
from audio.limits import AudioLimits
from audio.report import Inspection
from audio.trim import Trim
from base.errors import Refused
from tests.fuzz.target import Target
from tests.integration.audio.foreign_files import KINDS, foreign
from tests.unit.audio.signals import pcm, syllables

RATE_HZ = 16_000
LONGEST_S = 5
PYTHON_MB = 250
"""What of the worker's limit Python, NumPy and FFmpeg's libraries take; here they are counted with the fuzzer."""


def seeds() -> Iterator[bytes]:
    """Half a second in every container and codec we take."""
    spoken = pcm(syllables(0.5, 0.2))
    return (foreign(spoken, kind) for kind in KINDS)


def check(data: bytes) -> None:
    """A verdict that JSON can carry, no more samples than allowed, and for an operator a sound or a reason."""
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        path, raw = Path(folder, "upload"), Path(folder, "raw")
        path.write_bytes(data)
        try:
            answer = json.loads(json.dumps(decode_into(path, raw, LONGEST_S * RATE_HZ, Trim()), allow_nan=False))
        except MemoryError:  # the worker ends, and the operator is told `audio.decode_failed`
            return
        if not answer.pop("ok"):
            assert answer == {"code": "audio.not_audio"}
            return
        assert raw.stat().st_size == answer["samples"] * 2 <= (LONGEST_S + 2) * RATE_HZ * 2
    inspection = Inspection.from_map(answer.pop("inspection"))
    try:
        judge(Verdict(**answer, inspection=inspection), name="a", limits=AudioLimits(max_duration_s=LONGEST_S))
    except Refused:
        return


def _fast_folder() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


TARGETS = {"sound": Target(seeds, check, 40_000, AudioLimits().decode_memory_mb - PYTHON_MB)}
