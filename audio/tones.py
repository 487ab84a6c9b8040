"""Chimes and sirens from parameters, the same on server and speaker (pure).

Every tone is one voice at a time, so none can imitate the protected two-frequency attention signals (EAS, CMAS).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SINE, HORN, BELL = 0, 1, 2
EDGE_MS = 5
"""Rise and fall at every edge of sound: short enough not to be heard, long enough not to click."""
MAX_DURATION_MS = 15 * 60_000
"""A speaker makes a tone in memory; more than this is a mistake in the order."""
MAX_HZ = 5_000
"""A horn loudspeaker gives little above; harmonics fade out below it."""
_HORN_HARMONICS = (1, 3, 5, 7)
_BELL_PARTIALS = ((1.0, 1.0, 4.6), (2.0, 0.5, 7.0), (3.0, 0.25, 9.0))
"""(multiple of the pitch, strength, decay in nepers over the segment): 4.6 nepers are 40 dB."""


class Segment(NamedTuple):
    """A stretch of tone gliding from one pitch to another; `from_hz` 0 is silence."""

    from_hz: int
    to_hz: int
    duration_ms: int
    shape: int = SINE


class Tone(NamedTuple):
    """A named pattern: the segments sound `repeat` times with `gap_ms` of silence between."""

    segments: tuple[Segment, ...]
    repeat: int = 1
    gap_ms: int = 0


def _notes(*notes: tuple[int, int]) -> tuple[Segment, ...]:
    return tuple(Segment(hz, hz, ms, BELL) for hz, ms in notes)


TONES: dict[str, Tone] = {
    "chime": Tone(_notes((659, 500), (523, 1000))),
    "gong": Tone(_notes((784, 600), (659, 600), (523, 1400))),
    "closing": Tone(_notes((523, 500), (392, 1200))),
    "station": Tone(_notes((523, 450), (659, 450), (784, 450), (1047, 1350))),
    # Huế's rule: flood 2 × 10 s gap 10 s, storm 3 × 20 s gap 10 s, extreme 5 × 30 s gap 5 s.
    "siren-flood": Tone(
        (Segment(400, 800, 2000, HORN), Segment(800, 800, 6000, HORN), Segment(800, 400, 2000, HORN)), 2, 10_000
    ),
    "siren-storm": Tone((Segment(400, 800, 2500, HORN), Segment(800, 400, 2500, HORN)) * 4, 3, 10_000),
    "siren-extreme": Tone((Segment(500, 1000, 3000, HORN),) * 10, 5, 5000),
    # ISO 8201: three pulses of half a second half a second apart, then a second and a half of silence; 520 Hz wakes
    # sleepers best (NFPA 72).
    "evacuate": Tone(
        (
            *(Segment(520, 520, 500, HORN), Segment(0, 0, 500)) * 2,
            Segment(520, 520, 500, HORN),
        ),
        8,
        1_500,
    ),
    "sweep-up": Tone((Segment(400, 1_200, 1_500, HORN),), 6, 300),
    "sweep-down": Tone((Segment(1_200, 400, 1_500, HORN),), 6, 300),
    "warble": Tone((Segment(600, 600, 250, HORN), Segment(900, 900, 250, HORN)) * 12),
    "all-clear": Tone((Segment(440, 440, 6000, SINE),)),
    # Short even beeps: nobody takes them for a siren, and nothing real uses them.
    "drill": Tone((Segment(1000, 1000, 250, SINE), Segment(0, 0, 250, SINE)) * 6),
}


def duration_ms(segments: Sequence[tuple[int, int, int, int]], repeat: int = 1, gap_ms: int = 0) -> int:
    """How long the pattern sounds, gaps between repetitions included."""
    return repeat * sum(segment[2] for segment in segments) + max(0, repeat - 1) * gap_ms


def synthesize(
    segments: Sequence[tuple[int, int, int, int]],
    *,
    repeat: int = 1,
    gap_ms: int = 0,
    rate_hz: int = 16_000,
    level_dbfs: float = -6.0,
) -> NDArray[np.int16]:
    """Mono samples of the pattern: phase-continuous, no clicks, peak at most `level_dbfs`.

    Raises ValueError for parameters no tone can have: an unknown shape, a pitch outside 0…5,000 Hz, a negative time,
    no repetition, a level above full scale, or more than 15 minutes in all.
    """
    checked = [Segment(*segment) for segment in segments]
    _check(checked, repeat, gap_ms, level_dbfs)
    amplitude = 32767 * 10 ** (level_dbfs / 20)
    once = np.round(_pattern(checked, rate_hz) * amplitude).astype(np.int16)
    gap = np.zeros(_samples(gap_ms, rate_hz), np.int16)
    return np.concatenate([once, *[part for _ in range(repeat - 1) for part in (gap, once)]])


def _check(segments: Sequence[Segment], repeat: int, gap_ms: int, level_dbfs: float) -> None:
    for segment in segments:
        if segment.shape not in {SINE, HORN, BELL}:
            raise ValueError(f"unknown shape {segment.shape}")
        if not (0 <= segment.from_hz <= MAX_HZ and 0 <= segment.to_hz <= MAX_HZ):
            raise ValueError(f"pitch outside 0…{MAX_HZ} Hz")
        if segment.duration_ms < 0:
            raise ValueError("negative duration")
    if repeat < 1 or gap_ms < 0 or level_dbfs > 0:
        raise ValueError("repeat, gap or level out of range")
    if duration_ms(segments, repeat, gap_ms) > MAX_DURATION_MS:
        raise ValueError("tone longer than 15 minutes")


def _pattern(segments: Sequence[Segment], rate_hz: int) -> NDArray[np.float64]:
    parts: list[NDArray[np.float64]] = []
    phase = 0.0
    for segment in segments:
        wave, phase = _segment(segment, phase, rate_hz)
        parts.append(wave)
    _soften(segments, parts, rate_hz)
    return np.concatenate(parts) if parts else np.zeros(0)


def _segment(segment: Segment, phase: float, rate_hz: int) -> tuple[NDArray[np.float64], float]:
    """The wave within ±1, and the phase in radians at which the next segment goes on."""
    count = _samples(segment.duration_ms, rate_hz)
    if segment.from_hz == 0 or count == 0:
        return np.zeros(count), 0.0
    hz = np.linspace(segment.from_hz, segment.to_hz, count, endpoint=False)
    steps = np.cumsum(hz) * (2 * np.pi / rate_hz)
    phases = phase + np.concatenate(([0.0], steps[:-1]))
    wave = _SHAPES[segment.shape](phases, hz)
    return wave, float((phase + steps[-1]) % (2 * np.pi))


def _sine(phases: NDArray[np.float64], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    del hz
    return np.sin(phases)


def _horn(phases: NDArray[np.float64], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Odd harmonics, the sound of a siren; each fades out over the last fifth below MAX_HZ.

    The higher harmonic is never the stronger one, and no partial sum of a square wave's series exceeds its first
    term's peak here (1.0, 0.94, 0.93, 0.93), so the wave stays within ±1.
    """
    wave = np.zeros_like(phases)
    for harmonic in _HORN_HARMONICS:
        weight = np.clip((MAX_HZ - harmonic * hz) / (MAX_HZ / 5), 0.0, 1.0) if harmonic > 1 else 1.0
        wave += weight * np.sin(harmonic * phases) / harmonic
    return wave


def _bell(phases: NDArray[np.float64], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    progress = np.linspace(0.0, 1.0, len(phases))
    wave = np.zeros_like(phases)
    for multiple, strength, decay in _BELL_PARTIALS:
        audible = multiple * hz < MAX_HZ
        wave += audible * strength * np.exp(-decay * progress) * np.sin(multiple * phases)
    return wave / sum(strength for _, strength, _ in _BELL_PARTIALS)


_SHAPES = {SINE: _sine, HORN: _horn, BELL: _bell}


def _soften(segments: Sequence[Segment], parts: Sequence[NDArray[np.float64]], rate_hz: int) -> None:
    """Fade every edge of sound in place, except where a glide goes on."""
    joints = [False, *(_goes_on(first, second) for first, second in pairwise(segments)), False]
    for part, joined_before, joined_after in zip(parts, joints, joints[1:], strict=False):
        edge = min(_samples(EDGE_MS, rate_hz), len(part) // 2)
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / max(1, edge))
        if edge and not joined_before:
            part[:edge] *= ramp
        if edge and not joined_after:
            part[-edge:] *= ramp[::-1]


def _goes_on(first: Segment, second: Segment) -> bool:
    """Whether the second continues the first's wave; a bell is struck anew each time."""
    return first.shape == second.shape != BELL and first.from_hz > 0 and second.from_hz > 0


def _samples(milliseconds: int, rate_hz: int) -> int:
    return milliseconds * rate_hz // 1000
