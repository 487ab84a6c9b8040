"""One pass over a sound that finds all there is to say of it: figures, warnings, outline (pure)."""

import numpy as np
from numpy.typing import NDArray

from audio.channels import Phase, PhaseMeter, mono
from audio.checks import warnings_of
from audio.clarity import estimate
from audio.clipping import ClippingMeter
from audio.frames import RATE_HZ, FrameMeter, Frames
from audio.loudness import LoudnessMeter
from audio.report import SILENT_LUFS, Figures, Inspection
from audio.waveform import Outliner

Pcm = NDArray[np.int16]


class FigureMeter:
    """Measures mono sound at 16 kHz, piece by piece."""

    def __init__(self) -> None:
        self._loudness = LoudnessMeter(RATE_HZ)
        self._frames = FrameMeter()
        self._samples = 0
        self._highest = 0

    def add(self, pcm: Pcm) -> None:
        """Take in the next samples."""
        self._loudness.add(pcm)
        self._frames.add(pcm)
        self._samples += len(pcm)
        if len(pcm):
            self._highest = max(self._highest, int(pcm.max()), -int(pcm.min()))

    @property
    def highest(self) -> int:
        """Highest magnitude so far, at most 32,768."""
        return self._highest

    def finished(self) -> tuple[Figures, Frames]:
        """The figures, and the frames they rest on. Nothing may be added afterwards."""
        frames = self._frames.finished()
        clear = estimate(frames, self._highest / 32768)
        figures = Figures(
            lufs=_finite(self._loudness.integrated_lufs()),
            true_peak_dbtp=_finite(self._loudness.true_peak_dbtp()),
            duration_ms=self._samples * 1000 // RATE_HZ,
            clarity=round(clear.clarity, 3),
            speech_to_noise_db=round(clear.speech_to_noise_db, 1),
        )
        return figures, frames


class Inspector:
    """Takes decoded chunks of (channels, samples) at 16 kHz, best of a second, and gives back what is heard of them."""

    def __init__(self, side: int | None = None) -> None:
        """`side`: the channel that is heard instead of the sum."""
        self._side = side
        self._figures = FigureMeter()
        self._outline = Outliner()
        self._phases = PhaseMeter(RATE_HZ)
        self._clipping = ClippingMeter()
        self.tap = self._clipping.add
        """Wants the frames as the file holds them, before they are resampled."""

    def add(self, channels: Pcm) -> Pcm:
        """Take in the next chunk; returns it as mono."""
        heard = mono(channels, self._side)
        self._phases.add(channels)
        self._figures.add(heard)
        self._outline.add(heard)
        return heard

    @property
    def highest(self) -> int:
        """Highest magnitude of what was heard so far."""
        return self._figures.highest

    def phase(self) -> Phase:
        """Whether the channels cancel each other, and which one to hear instead."""
        return self._phases.finished()

    def finished(self) -> Inspection:
        """All that was found. Nothing may be added afterwards."""
        figures, frames = self._figures.finished()
        found = warnings_of(frames, figures.lufs, clipped=self._clipping.finished(), out_of_phase=self.phase().spans)
        return Inspection(figures, found, self._outline.finished())


def figures_of(pcm: Pcm) -> Figures:
    """The figures of a whole mono sound at 16 kHz, read in pieces."""
    meter = FigureMeter()
    for start in range(0, len(pcm), RATE_HZ):
        meter.add(pcm[start : start + RATE_HZ])
    return meter.finished()[0]


def _finite(decibels: float) -> float:
    return round(max(decibels, SILENT_LUFS), 2)
