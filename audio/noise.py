"""Reducing the steady noise of a recording by a spectral gate (pure).

Measured on Vietnamese speech in pink noise 15, 5 and 0 dB under it: ESTOI .876/.573/.388 untouched, .915/.666/.475 by
this gate, .899/.604/.426 at best by FFmpeg's afftdn. In white noise 5 dB under it: .624, .694 and .629.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_WINDOW, _HOP = 512, 128
_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_BLOCK = 128 * 1250
"""Samples worked on at once: 10 s."""
_CONTEXT = _WINDOW * 4
_LEARNT_FROM = 6
"""Blocks, evenly spread, from which the noise is learnt."""
_QUIETEST = 0.1
_BIAS = 4.0
"""The quietest tenth of noise has about a third of its mean power. Of 2 to 5, 4 gave the best ESTOI, falling slowly."""
_OVER = 1.5
_LEAST_GAIN = 10 ** (-12 / 20)
"""12 dB are taken away, not more: noise that comes and goes with the speech disturbs more than noise that stays."""

Pcm = NDArray[np.int16]
Spectra = NDArray[np.complex64]
Powers = NDArray[np.float32]


def reduce_noise(pcm: Pcm) -> Pcm:
    """The same sound at 16 kHz mono with up to 12 dB less of what sounds all the time."""
    noise = _noise_of(pcm)
    reduced = np.empty(len(pcm), np.int16)
    for start in range(0, len(pcm), _BLOCK):
        stop = min(start + _BLOCK, len(pcm))
        gated = _gated(_block(pcm, start, stop), noise)[_CONTEXT : _CONTEXT + stop - start]
        reduced[start:stop] = np.clip(np.rint(gated), -32768, 32767)
    return reduced


def _noise_of(pcm: Pcm) -> Powers:
    """Power of the noise in each bin."""
    last = max(0, len(pcm) - _BLOCK)
    starts = sorted({int(start) // _HOP * _HOP for start in np.linspace(0, last, _LEARNT_FROM)})
    parts = [_smoothed(_power(_spectra(pcm[start : start + _BLOCK].astype(np.float32))), 5) for start in starts]
    powers = np.concatenate(parts)
    count = max(1, int(len(powers) * _QUIETEST))
    quietest: Powers = np.partition(powers, count - 1, axis=0)[:count].mean(axis=0) * np.float32(_BIAS)
    return quietest


def _block(pcm: Pcm, start: int, stop: int) -> NDArray[np.float32]:
    """The samples with `_CONTEXT` before and at least as much after them, silence where there is nothing."""
    before, after = min(start, _CONTEXT), min(len(pcm) - stop, _CONTEXT)
    samples = pcm[start - before : stop + after].astype(np.float32)
    length = -(-(stop - start) // _HOP) * _HOP + 2 * _CONTEXT
    return np.pad(samples, (_CONTEXT - before, length - len(samples) - (_CONTEXT - before)))


def _gated(samples: NDArray[np.float32], noise: Powers) -> NDArray[np.float32]:
    spectra = _spectra(samples)
    powers = _smoothed(_power(spectra), 5)
    least = np.float32(_LEAST_GAIN**2)
    gains = np.sqrt(np.clip(1 - np.float32(_OVER) * noise / np.maximum(powers, np.float32(1e-6)), least, 1))
    windows = np.fft.irfft(spectra * _smoothed(gains.astype(np.float32), 3), _WINDOW).astype(np.float32) * _HANN
    return _overlapped(windows, len(samples))


def _spectra(samples: NDArray[np.float32]) -> Spectra:
    if len(samples) < _WINDOW:
        samples = np.pad(samples, (0, _WINDOW - len(samples)))
    spectra: Spectra = np.fft.rfft(sliding_window_view(samples, _WINDOW)[::_HOP] * _HANN).astype(np.complex64)
    return spectra


def _power(spectra: Spectra) -> Powers:
    powers: Powers = np.square(np.abs(spectra)).astype(np.float32)
    return powers


def _smoothed(rows: Powers, size: int) -> Powers:
    """Means over `size` windows of time, repeating the first and the last."""
    half = size // 2
    padded = np.pad(rows, ((half, half), (0, 0)), mode="edge")
    summed = sum((padded[shift : shift + len(rows)] for shift in range(1, size)), start=padded[: len(rows)])
    smoothed: Powers = summed / np.float32(size)
    return smoothed


def _overlapped(windows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Windows added where they belong. The squares of four overlapping Hann windows add up to 1.5 everywhere."""
    joined = np.zeros((len(windows) + 3) * _HOP, np.float32)
    for place in range(_WINDOW // _HOP):
        part = windows[:, place * _HOP : (place + 1) * _HOP].reshape(-1)
        joined[place * _HOP : place * _HOP + len(part)] += part
    padded: NDArray[np.float32] = np.pad(joined / np.float32(1.5), (0, max(0, length - len(joined))))[:length]
    return padded
