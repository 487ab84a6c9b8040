"""From the plan of an airing to samples: tones made, speech decoded, gaps and repetitions where they belong.

Every piece fills its stated time to the sample, so that a position means the same to the plan and to the ear. A speech
is looked for when its turn comes: one that is not here is silence, and sounds in a later repetition if it arrives.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import structlog
from numpy.typing import NDArray

from audio.codec import CodecError, decode_file
from audio.tones import MAX_HZ, synthesize
from devices.wire.content import Tone, Version
from firmware_sim.effects import Sound
from firmware_sim.plan import Stretch
from firmware_sim.player import Locate

RATE_HZ = 16_000
_PER_MS = RATE_HZ // 1_000
_CHUNK = RATE_HZ // 10

Pcm = NDArray[np.int16]
_log = structlog.get_logger(__name__)


class Rendering:
    """The samples of one sound from its position on; afterwards, which speech was never heard."""

    def __init__(self, sound: Sound, locate: Locate) -> None:
        self._sound, self._locate = sound, locate
        self._heard: set[Version] = set()
        self._silent: set[Version] = set()

    @property
    def missing(self) -> bool:
        """Whether some speech was due and never sounded."""
        return bool(self._silent - self._heard)

    def chunks(self) -> Iterator[Pcm]:
        """Mono 16 kHz, at the ordered volume."""
        gain = gain_of(self._sound.volume)
        for stretch in self._sound.plan.stretches(self._sound.position_ms):
            for chunk in _fitted(self._samples(stretch), stretch.length_ms * _PER_MS):
                yield chunk if gain == 1.0 else (chunk * gain).astype(np.int16)

    def _samples(self, stretch: Stretch) -> Iterator[Pcm]:
        sound = None if stretch.piece is None else stretch.piece.sound
        if isinstance(sound, Tone):
            yield from _tone(sound, stretch.offset_ms)
        elif isinstance(sound, Version):
            yield from self._speech(sound, stretch.offset_ms)

    def _speech(self, version: Version, offset_ms: int) -> Iterator[Pcm]:
        path = next((p for r in version.renditions if (p := self._locate(r.sha256)) is not None), None)
        self._silent.add(version)
        if path is None:
            return
        try:
            for chunk in decode_file(path, offset_ms):
                self._heard.add(version)
                yield chunk
        except (CodecError, OSError) as error:
            _log.warning("player.content_unreadable", file=path.name, problem=str(error))


def gain_of(volume: int) -> float:
    """Amplitude for a volume of 0 to 100: its square, which the ear takes for about even steps."""
    return (volume / 100) ** 2


@lru_cache(maxsize=8)
def _pattern(segments: tuple[tuple[int, int, int, int], ...]) -> Pcm:
    """One repetition of a tone; pitches beyond what a horn gives are brought down to it."""
    audible = [(min(low, MAX_HZ), min(high, MAX_HZ), ms, shape) for low, high, ms, shape in segments]
    return synthesize(audible, rate_hz=RATE_HZ)


def prepare(tones: Sequence[Tone]) -> None:
    """Make tones ahead of need."""
    for tone in tones:
        with contextlib.suppress(ValueError):  # an impossible one is told of when its turn comes
            _pattern(tone.segments)


def _tone(tone: Tone, offset_ms: int) -> Iterator[Pcm]:
    try:
        once = _pattern(tone.segments)
    except ValueError as error:
        _log.warning("player.tone_impossible", problem=str(error))
        return
    gap = np.zeros(tone.gap_ms * _PER_MS, np.int16)
    skip = offset_ms * _PER_MS
    for repetition in range(tone.repeat):
        for part in (once, gap) if repetition < tone.repeat - 1 else (once,):
            if skip < len(part):
                yield part[skip:]
            skip = max(0, skip - len(part))


def _fitted(chunks: Iterator[Pcm], samples: int) -> Iterator[Pcm]:
    """Exactly so many samples, in small chunks: cut off, or filled up with silence."""
    left = samples
    for chunk in chunks:
        for start in range(0, min(len(chunk), left), _CHUNK):
            piece = chunk[start : min(start + _CHUNK, left + start)]
            yield piece
            left -= len(piece)
        if left <= 0:
            return
    while left > 0:
        yield np.zeros(min(_CHUNK, left), np.int16)
        left -= min(_CHUNK, left)
