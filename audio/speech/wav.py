"""Putting the parts of a spoken text together into one WAV file."""

import shutil
import wave
from collections.abc import Sequence
from pathlib import Path

_PAUSE_MS = 400
"""Between two parts, which mostly end with a sentence."""


def write_wav(raws: Sequence[Path], out: Path, rate_hz: int) -> None:
    """Join files of raw samples (s16le, mono) into one 16-bit WAV file, with a pause between each two."""
    with wave.open(str(out), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        for number, raw in enumerate(raws):
            if number:
                writer.writeframesraw(bytes(rate_hz * _PAUSE_MS // 1000 * 2))
            with raw.open("rb") as samples:
                shutil.copyfileobj(samples, _Frames(writer))


class _Frames:
    """A WAV file as something raw samples can be copied into."""

    def __init__(self, writer: wave.Wave_write) -> None:
        self._writer = writer

    def write(self, samples: bytes) -> int:
        self._writer.writeframesraw(samples)
        return len(samples)
