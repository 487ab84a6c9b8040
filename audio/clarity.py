"""How clearly speech will be heard, estimated from the sound alone (pure).

Two figures. Speech-to-noise: the level of what speaks over that of the quietest tenth of the time, which holds the
recording's own noise and the tail of its echo. Clarity, 0 to 1: how much of the speech's octaves stands above that own
noise, times how much stands above outdoor noise shaped like speech, 14 dB under the amplifier's peak (as the Speech
Intelligibility Index of ANSI S3.5 counts it). It ranks versions of one recording; it is no measured intelligibility.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.frames import Frames

OUTDOOR_NOISE_DB = -14.0
"""Under the peak the amplifier gives: the middle one of the three noises the mastering chain was judged in."""
_IMPORTANCE = np.array([0.0617, 0.1671, 0.2373, 0.2648, 0.2142]) / 0.9451
"""ANSI S3.5-1997, octave method, for 250 to 4,000 Hz; the octave of 8 kHz, which we do not carry, is left out."""
_SPEECH_SHAPE_DB = np.array([-5.4, -2.8, -9.1, -13.7, -18.7])
"""ANSI S3.5-1997, normal voice: octave levels under the whole."""
_SMOOTHED_FRAMES = 5
_NEAR_FRAMES = 25
_QUIETEST = 0.1
_SOUNDLESS = 1e-10
_OUTSIDE_RANGE_DB = (-15.0, 15.0)
"""ANSI S3.5."""
_OWN_RANGE_DB = (-10.0, 20.0)
"""A good recording has 20 dB or more by this estimate; echo of 0.8 s leaves 14, of 3 s 7 (measured on our speech)."""
_LEAST_DB = -15.0
_MOST_DB = 60.0


class Clarity(NamedTuple):
    """The estimate."""

    speech_to_noise_db: float
    clarity: float


def estimate(frames: Frames, peak: float) -> Clarity:
    """The clarity of a sound whose highest magnitude is `peak` (full scale 1), played with that peak at full power."""
    smoothed = _smoothed(frames.bands)
    if not len(smoothed) or peak <= 0 or smoothed.sum() <= _SOUNDLESS:
        return Clarity(_LEAST_DB, 0.0)
    floor = _floor(smoothed)
    speech = np.maximum(smoothed.mean(axis=0) - floor, _SOUNDLESS)
    outdoors = peak**2 * 10 ** ((OUTDOOR_NOISE_DB + _SPEECH_SHAPE_DB) / 10)
    own = _share(speech / np.maximum(floor, _SOUNDLESS), _OWN_RANGE_DB)
    outside = _share(speech / (floor + outdoors), _OUTSIDE_RANGE_DB)
    return Clarity(_ratio_db(speech.sum(), floor.sum()), float((_IMPORTANCE * own * outside).sum()))


def speech_to_noise_db(bands: NDArray[np.float32]) -> float:
    """The first figure alone, of frames' octave bands (frames, 5)."""
    smoothed = _smoothed(bands)
    if not len(smoothed):
        return _LEAST_DB
    floor = _floor(smoothed)
    return _ratio_db(float(np.maximum(smoothed.mean(axis=0) - floor, _SOUNDLESS).sum()), float(floor.sum()))


def _share(ratios: NDArray[np.float64], range_db: tuple[float, float]) -> NDArray[np.float64]:
    """How far each ratio has come from useless (0) to as good as can be (1)."""
    lowest, highest = range_db
    shares: NDArray[np.float64] = np.clip((10 * np.log10(ratios) - lowest) / (highest - lowest), 0, 1)
    return shares


def _ratio_db(speech: float, floor: float) -> float:
    return float(np.clip(10 * np.log10(speech / max(floor, _SOUNDLESS)), _LEAST_DB, _MOST_DB))


def _smoothed(bands: NDArray[np.float32]) -> NDArray[np.float64]:
    """Means over 100 ms: what single frames of noise vary by must not look like pauses."""
    size = min(_SMOOTHED_FRAMES, len(bands))
    if not size:
        return bands.astype(np.float64)
    sums = np.cumsum(np.vstack((np.zeros((1, bands.shape[1])), bands)), axis=0)
    smoothed: NDArray[np.float64] = (sums[size:] - sums[:-size]) / size
    return smoothed


def _floor(smoothed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the quietest tenth of each band, near what sounds: a long pause may have been cut in from elsewhere."""
    levels = smoothed.sum(axis=1)
    loud = levels > np.percentile(levels, 95) / 100
    near = np.convolve(loud, np.ones(2 * _NEAR_FRAMES + 1))[_NEAR_FRAMES:-_NEAR_FRAMES] > 0
    sounding = smoothed[near] if near.any() else smoothed
    count = max(1, int(len(sounding) * _QUIETEST))
    floor: NDArray[np.float64] = np.partition(sounding, count - 1, axis=0)[:count].mean(axis=0)
    return floor
