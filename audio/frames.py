"""A sound as frames of 20 ms: level, octave bands and tonality, gathered piece by piece (pure)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.loudness import Samples, to_float

RATE_HZ = 16_000
FRAME_MS = 20
BANDS_HZ = (250, 500, 1000, 2000, 4000)
"""Centres of the octaves that carry speech."""
TONALITY_FRAMES = 10
_HOP = RATE_HZ * FRAME_MS // 1000
_WINDOW = 512
_BATCH = 50
"""Frames worked on at once: a second."""
_NEIGHBOURS = 13
"""Bins (31 Hz each) over which a spectrum is smoothed before peaks are held against it."""

Floats = NDArray[np.float32]


class Frames(NamedTuple):
    """What is known of each 20 ms; powers are mean squares with full scale at 1."""

    levels: Floats
    """Of the whole band: shape (frames,)."""
    bands: Floats
    """Of each octave of `BANDS_HZ`: shape (frames, 5)."""
    tonality: Floats
    """How far spectra stand out from their smoothed selves, in dB, each averaged over `TONALITY_FRAMES`."""

    @property
    def duration_ms(self) -> int:
        """Of all frames."""
        return len(self.levels) * FRAME_MS


class FrameMeter:
    """Takes mono sound at 16 kHz of any length; keeps about 1.3 KB a second."""

    def __init__(self) -> None:
        self._pending = np.zeros(0, np.float32)
        self._levels: list[Floats] = []
        self._bands: list[Floats] = []
        self._tonality: list[Floats] = []

    def add(self, chunk: Samples) -> None:
        """Take in the next samples."""
        self._pending = np.concatenate((self._pending, to_float(chunk)))
        size = _BATCH * _HOP
        at = 0
        while len(self._pending) - at >= size + _WINDOW - _HOP:
            self._measure(self._pending[at : at + size + _WINDOW - _HOP])
            at += size
        self._pending = self._pending[at:]

    def finished(self) -> Frames:
        """All frames; the last one is filled up with silence. Nothing may be added afterwards."""
        rest = -(-len(self._pending) // _HOP)
        if rest:
            self._measure(np.pad(self._pending, (0, rest * _HOP + _WINDOW - _HOP - len(self._pending))))
        self._pending = np.zeros(0, np.float32)
        return Frames(_joined(self._levels, ()), _joined(self._bands, (len(BANDS_HZ),)), _joined(self._tonality, ()))

    def _measure(self, samples: Floats) -> None:
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
        self._levels.append(np.square(windows[:, :_HOP]).mean(axis=1))
        spectra = np.square(np.abs(np.fft.rfft(windows * _HANN))).astype(np.float32)
        self._bands.append(spectra @ _BAND_WEIGHTS)
        self._tonality.append(_tonality(spectra))


def frames_of(pcm: Samples) -> Frames:
    """The frames of a whole mono sound at 16 kHz."""
    meter = FrameMeter()
    meter.add(pcm)
    return meter.finished()


def _joined(parts: list[Floats], shape: tuple[int, ...]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros((0, *shape), np.float32)


def _tonality(spectra: Floats) -> Floats:
    whole = len(spectra) // TONALITY_FRAMES * TONALITY_FRAMES
    means = spectra[:whole].reshape(-1, TONALITY_FRAMES, spectra.shape[1]).mean(axis=1)
    decibels = 10 * np.log10(means[:, _SPEECH_BINS] + np.float32(1e-12))
    kernel = np.ones(_NEIGHBOURS) / _NEIGHBOURS
    smooth = np.array([np.convolve(row, kernel, "same") for row in decibels]).reshape(decibels.shape)
    edge = _NEIGHBOURS // 2
    peaks: Floats = (decibels - smooth)[:, edge:-edge].std(axis=1).astype(np.float32)
    return peaks


def _band_weights() -> Floats:
    """Shape (bins, bands): sums a power spectrum into mean squares of octaves."""
    hz = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    inside = [(hz >= centre / 2**0.5) & (hz < centre * 2**0.5) for centre in BANDS_HZ]
    scale = 2 / (_WINDOW * float(np.square(_HANN).sum()))
    weights: Floats = (np.array(inside).T * scale).astype(np.float32)
    return weights


_HANN: Floats = np.hanning(_WINDOW).astype(np.float32)
_BAND_WEIGHTS = _band_weights()
_SPEECH_BINS = slice(6, 130)
"""200 to 4,000 Hz."""
