"""Mastering: any sound in, the same loudness and peak out, shaped for loudspeakers outdoors by the kind of sound."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.loudness import LoudnessMeter, measure
from audio.noise import reduce_noise
from audio.profiles import PROFILES, Filter, Profile
from audio.progress import Progress, part, unheard
from audio.tones import EDGE_MS

PEAK_LIMIT_DBTP = -3.0
"""Before encoding: Opus adds up to 3 dB of its own."""
_LIMITER_DBFS = -3.35
"""Where the limiter stands, so that no meter sees more than PEAK_LIMIT_DBTP after its interpolation."""
_METERS_DIFFER_DB = 0.25
"""FFmpeg's meter, which interpolates more finely, read up to 0.19 dB more than ours in 220 random speeches."""
_COMPRESSOR_INPUT_LUFS = -20.0
"""Every sound meets the compressor at this loudness, so that quiet and loud recordings come out alike."""
_LEAST_GAIN_DB, _MOST_GAIN_DB = -20.0, 40.0
"""After the compressor. Speech needs 17; one loud word in a second of silence, or before many soft ones, up to 40. More
would only raise what lies between a few clicks."""
_EXCERPT_S = 60
_FRAME_MS = 20
_SOUNDING_UNDER_LUFS = 30.0
_SOUNDING_DBFS = -50.0
"""Frames that far under the whole's loudness, and under this, count as silence before the first and after the last
sound. Under one of them alone they may be words, said far from the microphone before somebody came near."""
_LEAD_MS, _TAIL_MS = 150, 400

# True peaks lie between samples: the limiter sees them at four times the rate.
_LIMITER: tuple[Filter, ...] = (
    ("aresample", str(codec.RATE_HZ * 4)),
    ("alimiter", f"limit={_LIMITER_DBFS}dB:attack=5:release=50:level=0:latency=1"),
    ("aresample", str(codec.RATE_HZ)),
)


class SilentError(ValueError):
    """There is nothing to hear."""


class Mastered(NamedTuple):
    """The finished sound at 16 kHz mono, and what it measures."""

    pcm: NDArray[np.int16]
    lufs: float
    true_peak_dbtp: float
    duration_ms: int


def master(
    pcm: NDArray[np.int16], *, profile: str = "voice", quieten: bool = False, progress: Progress = unheard
) -> Mastered:
    """Level to the profile's loudness with true peaks under -3 dBTP; long silence at either end is cut.

    `pcm` is 16 kHz mono and may be a memory map: it is read in pieces. `quieten`: reduce its noise first. Raises
    SilentError.
    """
    shape = PROFILES[profile]
    cleaned = reduce_noise(pcm) if quieten else pcm
    loudness, start, end = _survey(cleaned, shape.band, part(progress, 0, 0.2))
    sounding = cleaned[start:end]
    chain = (*shape.band, _volume(_COMPRESSOR_INPUT_LUFS - loudness), *shape.dynamics)
    gain_db, slope = _estimate_gain(sounding, shape, chain, loudness)
    progress(0.4)
    finished = _render(sounding, chain, gain_db, part(progress, 0.4, 0.7))
    for attempt in range(3):
        missing = shape.target_lufs - finished.lufs
        if abs(missing) < 0.3 or not _LEAST_GAIN_DB < gain_db < _MOST_GAIN_DB:
            break
        gain_db = _bounded(gain_db + missing / slope)
        finished = _render(sounding, chain, gain_db, part(progress, 0.7 + attempt / 10, 0.8 + attempt / 10))
    return _held_under_limit(finished)


def _held_under_limit(finished: Mastered) -> Mastered:
    """Turned down by the little that a peak may still stand out after the limiter's interpolation."""
    down_db = finished.true_peak_dbtp + _METERS_DIFFER_DB - PEAK_LIMIT_DBTP
    if down_db <= 0:
        return finished
    for piece in codec.pieces(finished.pcm):  # in place: two hours as floats would be half a gigabyte
        piece[:] = np.trunc(piece * np.float32(10 ** (-down_db / 20)))
    return Mastered(finished.pcm, finished.lufs - down_db, finished.true_peak_dbtp - down_db, finished.duration_ms)


def _survey(pcm: NDArray[np.int16], band: tuple[Filter, ...], progress: Progress) -> tuple[float, int, int]:
    """Loudness of the band that will be heard, and the samples from which to which it sounds."""
    meter = LoudnessMeter()
    levels = []
    size = codec.RATE_HZ * _FRAME_MS // 1000
    rest = np.zeros(0, np.float32)
    done = 0
    for chunk in codec.filtered(codec.pieces(pcm), band):
        meter.add(chunk)
        done += len(chunk)
        progress(done / len(pcm))
        pending = np.concatenate((rest, chunk))
        whole = len(pending) // size * size
        levels.append(np.square(pending[:whole]).reshape(-1, size).mean(axis=1))
        rest = pending[whole:]
    loudness = meter.integrated_lufs()
    if loudness == -np.inf:
        raise SilentError("nothing above -70 LUFS")
    floor = 10 ** (min(loudness - _SOUNDING_UNDER_LUFS, _SOUNDING_DBFS) / 10)
    sounding = np.flatnonzero(np.concatenate(levels) > floor)
    if not len(sounding):
        return loudness, 0, len(pcm)
    start = int(sounding[0]) * size - _LEAD_MS * codec.RATE_HZ // 1000
    end = (int(sounding[-1]) + 1) * size + _TAIL_MS * codec.RATE_HZ // 1000
    return loudness, max(0, start), min(len(pcm), end)


def _estimate_gain(
    pcm: NDArray[np.int16], shape: Profile, chain: tuple[Filter, ...], loudness: float
) -> tuple[float, float]:
    """The gain after the compressor that reaches the target, found on a minute taken evenly from the whole.

    Returns (dB, dB of loudness won by one more dB of gain: less than 1 once the limiter works).
    """
    excerpt = _excerpt(pcm)
    offset = 0.0
    if len(excerpt) < len(pcm):
        heard, _ = measure(np.concatenate(list(codec.filtered(codec.pieces(excerpt), shape.band))))
        offset = heard - loudness if np.isfinite(heard) else 0.0
    goal = shape.target_lufs + offset
    gain_db, slope = 12.0, 0.7
    reached = _render(excerpt, chain, gain_db).lufs
    for _ in range(6):
        if abs(goal - reached) < 0.1:
            break
        step = _bounded(gain_db + (goal - reached) / slope) - gain_db
        if abs(step) < 0.01:
            break
        gain_db += step
        before, reached = reached, _render(excerpt, chain, gain_db).lufs
        slope = float(np.clip((reached - before) / step, 0.2, 1.0))
    return gain_db, slope


def _bounded(gain_db: float) -> float:
    return float(np.clip(gain_db, _LEAST_GAIN_DB, _MOST_GAIN_DB))


def _excerpt(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """At most a minute: twelve pieces of five seconds, evenly spread."""
    whole = _EXCERPT_S * codec.RATE_HZ
    if len(pcm) <= whole:
        return pcm
    size = whole // 12
    starts = np.linspace(0, len(pcm) - size, 12).astype(int)
    return np.concatenate([pcm[start : start + size] for start in starts])


def _render(
    pcm: NDArray[np.int16], chain: tuple[Filter, ...], gain_db: float, progress: Progress = unheard
) -> Mastered:
    finished = np.zeros(len(pcm), np.int16)
    at = 0
    for chunk in _leveled(pcm, chain, gain_db):
        piece = chunk[: len(finished) - at]
        finished[at : at + len(piece)] = piece
        at += len(piece)
        progress(at / len(finished))
    _fade_ends(finished)
    return Mastered(finished, *measure(finished), len(finished) * 1000 // codec.RATE_HZ)


def _leveled(pcm: NDArray[np.int16], chain: tuple[Filter, ...], gain_db: float) -> Iterator[NDArray[np.int16]]:
    for chunk in codec.filtered(codec.pieces(pcm), (*chain, _volume(gain_db), *_LIMITER)):
        yield np.clip(np.rint(chunk * 32768), -32768, 32767).astype(np.int16)


def _fade_ends(pcm: NDArray[np.int16]) -> None:
    edge = min(EDGE_MS * codec.RATE_HZ // 1000, len(pcm) // 2)
    ramp = np.arange(edge) / max(1, edge)
    pcm[:edge] = (pcm[:edge] * ramp).astype(np.int16)
    pcm[len(pcm) - edge :] = (pcm[len(pcm) - edge :] * ramp[::-1]).astype(np.int16)


def _volume(gain_db: float) -> Filter:
    return ("volume", f"{gain_db:.3f}dB:precision=float")
