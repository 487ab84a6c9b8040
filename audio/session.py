"""Joining, fading and spacing stretches of 16 kHz mono sound; the only door to pydub."""

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    # pydub looks for an ffmpeg program and imports audioop, deprecated in Python 3.11; we need neither its decoder
    # nor a warning at every start.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

RATE_HZ = 16_000

Pcm = NDArray[np.int16]


def silence(duration_ms: int) -> Pcm:
    """Nothing, to the sample as long as asked for."""
    return _samples(AudioSegment.silent(duration_ms, frame_rate=RATE_HZ))


def fade(sound: Pcm, *, in_ms: int = 0, out_ms: int = 0) -> Pcm:
    """The sound coming up and dying away over these times, at most its own length each."""
    segment = _segment(sound)
    # pydub takes no fade of 0 ms.
    if rise_ms := min(in_ms, len(segment)):
        segment = segment.fade_in(rise_ms)
    if fall_ms := min(out_ms, len(segment)):
        segment = segment.fade_out(fall_ms)
    return _samples(segment)


def join(sounds: Iterable[Pcm], *, gap_ms: int = 0) -> Pcm:
    """One after another with silence between; empty ones are left out. Not a sample of theirs is changed."""
    joined = AudioSegment.silent(0, frame_rate=RATE_HZ)
    for number, sound in enumerate(sound for sound in sounds if len(sound)):
        if number and gap_ms:
            joined += AudioSegment.silent(gap_ms, frame_rate=RATE_HZ)
        joined += _segment(sound)
    return _samples(joined)


def _segment(sound: Pcm) -> AudioSegment:
    return AudioSegment(sound.tobytes(), sample_width=2, frame_rate=RATE_HZ, channels=1)


def _samples(segment: AudioSegment) -> Pcm:
    return np.frombuffer(segment.raw_data, np.int16).copy()
