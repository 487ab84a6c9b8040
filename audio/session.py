"""Joining chime, announcements and gaps into one sound, as it will be heard; the only door to pydub."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.tones import EDGE_MS, TONES, synthesize

with warnings.catch_warnings():
    # pydub looks for an ffmpeg program and imports audioop, deprecated in Python 3.11; we need neither its decoder
    # nor a warning at every start.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

GAP_MS = 700
"""Between parts: long enough to hear that a new one begins."""


def join(parts: Sequence[NDArray[np.int16]], *, gap_ms: int = GAP_MS) -> NDArray[np.int16]:
    """The 16 kHz mono parts one after another, with silence between and edges softened; empty parts are left out."""
    joined = AudioSegment.silent(0, frame_rate=codec.RATE_HZ)
    for number, part in enumerate(part for part in parts if len(part)):
        if number and gap_ms:
            joined += AudioSegment.silent(gap_ms, frame_rate=codec.RATE_HZ)
        joined += _segment(part)
    return np.frombuffer(joined.raw_data, np.int16).copy()


def write_session(renditions: Sequence[Path], out: Path, *, opening: str | None, gap_ms: int = GAP_MS) -> None:
    """Write a WAV file of an opening tone and these trusted files. Raises KeyError for a tone we do not have."""
    parts = [np.concatenate(list(codec.decode_file(path))) for path in renditions]
    if opening is not None:
        tone = TONES[opening]
        parts.insert(0, synthesize(tone.segments, repeat=tone.repeat, gap_ms=tone.gap_ms))
    with out.open("wb") as file:
        codec.write_wav([join(parts, gap_ms=gap_ms)], out=file)


def _segment(part: NDArray[np.int16]) -> AudioSegment:
    segment = AudioSegment(part.tobytes(), sample_width=2, frame_rate=codec.RATE_HZ, channels=1)
    return segment.fade_in(EDGE_MS).fade_out(EDGE_MS)
