"""What an operator should be warned about in a sound that can be used: the kind, and where (pure)."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.clarity import speech_to_noise_db
from audio.frames import FRAME_MS, TONALITY_FRAMES, Frames
from audio.spans import Span, merged, runs

LONG_SILENCE_MS = 5000
VERY_QUIET_LUFS = -40.0
"""Raising it to the target raises the recorder's own noise by more than 26 dB as well."""
MAX_SPANS = 50
_WINDOW_MS = 10_000
_MAJORITY = 0.5
_NOISE_UNDER_DB = 3.0
_TONAL_DB = 3.8
_PAUSES = 0.15
"""Share of a second's frames at least 6 dB under its mean. Clean speech has 0.3 to 0.5, with 3 s of echo 0 to 0.1."""
_SILENT_DBFS, _SILENT_UNDER_DB, _LEAST_UNDER_DB = -60.0, 35.0, 20.0


class WarningKind(StrEnum):
    """What may be wrong with a sound that was accepted."""

    CLIPPING = "clipping"
    LONG_SILENCE = "long_silence"
    VERY_QUIET = "very_quiet"
    MOSTLY_NOISE = "mostly_noise"
    OUT_OF_PHASE = "out_of_phase"
    MUSIC_LIKE = "music_like"


class SoundWarning(NamedTuple):
    """A warning and the places it is about, at most `MAX_SPANS`."""

    kind: WarningKind
    spans: tuple[Span, ...]


def warnings_of(
    frames: Frames, lufs: float, *, clipped: tuple[Span, ...] = (), out_of_phase: tuple[Span, ...] = ()
) -> tuple[SoundWarning, ...]:
    """Every warning a sound deserves; `lufs` is its integrated loudness."""
    noise, music = _kinds(frames)
    whole = ((0, frames.duration_ms),)
    found = {
        WarningKind.CLIPPING: clipped,
        WarningKind.LONG_SILENCE: long_silences(frames),
        WarningKind.VERY_QUIET: whole if lufs < VERY_QUIET_LUFS else (),
        WarningKind.MOSTLY_NOISE: noise,
        WarningKind.OUT_OF_PHASE: out_of_phase,
        WarningKind.MUSIC_LIKE: music,
    }
    return tuple(SoundWarning(kind, spans[:MAX_SPANS]) for kind, spans in found.items() if spans)


def long_silences(frames: Frames) -> tuple[Span, ...]:
    """Where nothing is heard for more than 5 s: under -60 dBFS or 35 dB under the loudest parts."""
    if not len(frames.levels):
        return ()
    loud_db = 10 * float(np.log10(np.percentile(frames.levels, 95) + 1e-12))
    limit_db = min(max(_SILENT_DBFS, loud_db - _SILENT_UNDER_DB), loud_db - _LEAST_UNDER_DB)
    quiet = runs(frames.levels < 10 ** (limit_db / 10)) * FRAME_MS
    return tuple((int(start), int(end)) for start, end in quiet if end - start > LONG_SILENCE_MS)


def _kinds(frames: Frames) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Where it is noise and where it is like music, each if it makes up most of what sounds."""
    size = _WINDOW_MS // FRAME_MS
    noise, music, sounding = [], [], 0
    for start in range(0, max(1, len(frames.levels) - size // 2), size):
        stop = start + size if len(frames.levels) - start >= 1.5 * size else len(frames.levels)
        part = _cut(frames, start, stop)
        if not len(part.tonality) or part.levels.mean() < 10 ** (_SILENT_DBFS / 10):
            continue
        sounding += stop - start
        span = (start * FRAME_MS, stop * FRAME_MS)
        if _is_noise(part):
            noise.append(span)
        elif _is_music(part):
            music.append(span)
    needed_ms = _MAJORITY * sounding * FRAME_MS
    return _if_most(noise, needed_ms), _if_most(music, needed_ms)


def _cut(frames: Frames, start: int, stop: int) -> Frames:
    tonality = frames.tonality[start // TONALITY_FRAMES : stop // TONALITY_FRAMES]
    return Frames(frames.levels[start:stop], frames.bands[start:stop], tonality)


def _is_noise(part: Frames) -> bool:
    return bool(np.median(part.tonality) < _TONAL_DB) and speech_to_noise_db(part.bands) < _NOISE_UNDER_DB


def _is_music(part: Frames) -> bool:
    return bool(np.median(part.tonality) > _TONAL_DB) and _pauses(part.levels) < _PAUSES


def _pauses(levels: NDArray[np.float32]) -> float:
    seconds = levels[: len(levels) // 50 * 50].reshape(-1, 50)
    if not len(seconds):
        return 1.0
    return float(np.median((seconds < seconds.mean(axis=1, keepdims=True) / 4).mean(axis=1)))


def _if_most(spans: list[Span], needed_ms: float) -> tuple[Span, ...]:
    whole = sum(end - start for start, end in spans)
    return merged(spans, gap_ms=0) if spans and whole >= needed_ms else ()
