"""From the plan of an airing to samples: tones made, speech decoded, gaps and repetitions where they belong.

Every piece fills its stated time to the sample, so that a position means the same to the plan and to the ear. A speech
is looked for when its turn comes: one that is not here is silence, and sounds in a later repetition if it arrives. A
live stream is taken as it comes: whoever reads faster than it sounds hears holes.
"""

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import structlog
from numpy.typing import NDArray

from audio.codec import CodecError, decode_file
from audio.tones import MAX_HZ, synthesize
from devices.wire.content import Live, Loop, Tone, Version
from firmware_sim.effects import Sound
from firmware_sim.plan import OPEN_AHEAD_MS, Stretch
from firmware_sim.player import CONTENT_MISSING, Locate
from firmware_sim.relaying import Relay, Source
from firmware_sim.streams import BLOCK_MS, Streams, is_loud, tune_all
from firmware_sim.tallies import Tally

RATE_HZ = 16_000
_PER_MS = RATE_HZ // 1_000
_CHUNK = RATE_HZ // 10
_LOOK_AHEAD = 5 * RATE_HZ
"""So often, in samples, is looked for streams that come soon."""
_NOTHING = np.zeros(BLOCK_MS * _PER_MS, np.int16)

Pcm = NDArray[np.int16]
_log = structlog.get_logger(__name__)


class Rendering:
    """The samples of one sound from its position on; afterwards, which speech was never heard."""

    def __init__(self, sound: Sound, locate: Locate, streams: Streams | None = None) -> None:
        self._sound, self._locate, self._streams = sound, locate, streams
        self._heard: set[Version] = set()
        self._silent: set[Version] = set()
        self._tally = Tally() if streams is None else streams.tallies.of(sound.occurrence)

    @property
    def reason(self) -> str:
        """What is to be said of a sound that came to its end: speech that was due and never sounded, or what its
        streams gave.
        """
        if self._silent - self._heard:
            return CONTENT_MISSING
        return self._tally.note

    def chunks(self) -> Iterator[Pcm]:
        """Mono 16 kHz, at the ordered volume."""
        gain = gain_of(self._sound.volume)
        plan, at = self._sound.plan, self._sound.position_ms * _PER_MS
        look_at = at
        for stretch in plan.stretches(self._sound.position_ms):
            for chunk in _fitted(self._samples(stretch), stretch.length_ms * _PER_MS):
                if at >= look_at:
                    tune_all(self._streams, plan.streams_due(at // _PER_MS, OPEN_AHEAD_MS))
                    look_at = at + _LOOK_AHEAD
                at += len(chunk)
                yield chunk if gain == 1.0 else (chunk * gain).astype(np.int16)

    def _samples(self, stretch: Stretch) -> Iterator[Pcm]:
        sound = None if stretch.piece is None else stretch.piece.sound
        if isinstance(sound, Tone):
            yield from _tone(sound, stretch.offset_ms)
        elif isinstance(sound, Version):
            yield from self._speech(sound, stretch.offset_ms)
        elif isinstance(sound, Loop):
            for version, offset_ms, length_ms in sound.rounds(stretch.offset_ms, stretch.offset_ms + stretch.length_ms):
                yield from _fitted(self._speech(version, offset_ms), length_ms * _PER_MS)
        elif isinstance(sound, Live) and self._streams is not None:
            yield from self._live(sound, self._streams)

    def _live(self, live: Live, streams: Streams) -> Iterator[Pcm]:
        """The stream, or what stands in for it, in blocks; never ends."""
        stream = streams.tune(live.url)
        relay = Relay(
            live.quiet_ms,
            self._tally,
            has_instead=bool(live.instead),
            again_ms=live.again_ms,
            quiet_since_ms=stream.quiet_ms,
        )
        instead, heard_ms = _blocks(self._stand_ins(live)), 0
        while True:
            block = stream.read()
            sounding = relay.source
            relay.block(BLOCK_MS, loud=block is not None and is_loud(block))
            if sounding is Source.STREAM:
                yield _NOTHING if block is None else block
                continue
            found = next(instead, None)
            if found is None:
                relay.over(heard_ms)
                instead, heard_ms = _blocks(self._stand_ins(live)), 0
                # Neither round and round nor a stream that is back leaves a hole.
                found = next(instead, None) if relay.source is Source.INSTEAD else None
            heard_ms += 0 if found is None else BLOCK_MS
            block = block if found is None else found
            yield _NOTHING if block is None else block

    def _stand_ins(self, live: Live) -> Iterator[Pcm]:
        for version in live.instead:
            for chunk in self._decoded(version, 0):
                self._tally.stood_in = True
                yield chunk

    def _speech(self, version: Version, offset_ms: int) -> Iterator[Pcm]:
        self._silent.add(version)
        for chunk in self._decoded(version, offset_ms):
            self._heard.add(version)
            yield chunk

    def _decoded(self, version: Version, offset_ms: int) -> Iterator[Pcm]:
        """Nothing when it is not here."""
        path = next((p for r in version.renditions if (p := self._locate(r.sha256)) is not None), None)
        if path is None:
            return
        try:
            yield from decode_file(path, offset_ms)
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


def _blocks(chunks: Iterator[Pcm]) -> Iterator[Pcm]:
    """The same in blocks as a stream gives them; the last one is filled up with silence."""
    size = len(_NOTHING)
    rest = np.zeros(0, np.int16)
    for chunk in chunks:
        rest = np.concatenate([rest, chunk])
        while len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    if len(rest):
        yield np.concatenate([rest, np.zeros(size - len(rest), np.int16)])


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
