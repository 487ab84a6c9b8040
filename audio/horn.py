"""How a horn loudspeaker colours what is sent to it, so that a desk can hear what a village will (pure).

A re-entrant paging horn of 25–30 W on its axis: nothing below the cut-off of its exponential flare, bumps where the
short horn resonates above it, a wide peak where ears are keenest, and a fall above 5 kHz where the diaphragm's mass
and the folds of the horn take over. The points are our own, drawn after the published curves of such horns (Bogen's
BDT30A, TOA's Speaker Guide on paging horns; for the flare, Beranek, Acoustics, on exponential horns) and rather at the
narrow, cheap end of them. Neither distance, wind nor echo is simulated.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
RESPONSE: tuple[tuple[int, float], ...] = (
    (50, -60.0),
    (100, -46.0),
    (200, -26.0),
    (300, -12.0),
    (400, -4.0),
    (500, 1.5),
    (630, -1.5),
    (800, 2.0),
    (1_000, 0.0),
    (1_250, 2.5),
    (1_600, 2.0),
    (2_000, 5.0),
    (2_500, 4.5),
    (3_150, 2.5),
    (4_000, 1.0),
    (5_000, -2.0),
    (6_000, -6.0),
    (7_000, -14.0),
    (8_000, -24.0),
)
"""(frequency in Hz, decibels against 1 kHz); between the points along the logarithm of the frequency."""
_LEVEL_DB = -6.0
"""Leaves room for the peaks of the response."""
_BENDING = 0.12
"""How much of its cube a driver takes from the signal: a sine at full power gets 3 % of third harmonic."""
_TAPS = 512
"""32 ms: the longest resonance has died away."""
_FFT = 8_192
_BLOCK = _FFT - _TAPS

Pcm = NDArray[np.int16]
Floats = NDArray[np.float64]


def through_horn(chunks: Iterable[Pcm]) -> Iterator[Pcm]:
    """16 kHz mono as it leaves the horn: as many samples as went in, full scale being the driver's rated power."""
    spectrum = np.fft.rfft(_impulse(), _FFT)
    before = np.zeros(_TAPS)
    for block in _blocks(chunks):
        samples = block / 32768
        driven = np.concatenate((before, samples - _BENDING * samples**3))
        heard = np.fft.irfft(np.fft.rfft(driven, _FFT) * spectrum, _FFT)[_TAPS : len(driven)]
        before = driven[-_TAPS:]
        yield np.clip(np.round(heard * 32768), -32768, 32767).astype(np.int16)


@lru_cache(maxsize=1)
def _impulse() -> Floats:
    """The response as an impulse of minimum phase: like any resonance it rings after a sound, never before it."""
    hz = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)
    points, decibels = np.array(RESPONSE).T
    shape = np.interp(np.log(np.maximum(hz, points[0])), np.log(points), decibels)
    cepstrum = np.fft.irfft((shape + _LEVEL_DB) * np.log(10) / 20)
    cepstrum[1 : _FFT // 2] *= 2
    cepstrum[_FFT // 2 + 1 :] = 0
    whole: Floats = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))
    fade = np.clip(np.linspace(4, 0, _TAPS), 0, 1)
    return whole[:_TAPS] * fade


def _blocks(chunks: Iterable[Pcm]) -> Iterator[Pcm]:
    """The same samples in pieces as long as a transform takes: decoders give far shorter ones."""
    waiting: list[Pcm] = []
    count = 0
    for chunk in chunks:
        for start in range(0, len(chunk), _BLOCK):
            waiting.append(chunk[start : start + _BLOCK])
            count += len(waiting[-1])
            if count >= _BLOCK:
                whole = np.concatenate(waiting)
                yield whole[:_BLOCK]
                waiting, count = [whole[_BLOCK:]], count - _BLOCK
    if count:
        yield np.concatenate(waiting)
