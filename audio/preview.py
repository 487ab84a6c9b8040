"""A sequence of tones, silences and recordings as one sound, sample for sample as a speaker makes it.

Every piece fills its stated time exactly, as in an order: what is longer is cut off, what is shorter is filled up with
silence. The volume is full: a speaker multiplies by its own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio import codec, tones
from audio.horn import through_horn
from audio.session import fade, join, silence
from base.errors import Refused, Unavailable

LIMIT_MS = 7_200_000
"""Two hours: as long as a sound may be."""
SKIM_HEAD_MS = 6_000
SKIM_TAIL_MS = 4_000
SKIM_FROM_MS = 15_000
"""Only what is longer is skimmed."""
_SKIM_FADE_MS = 400
_PER_MS = codec.RATE_HZ // 1_000

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class ToneSound:
    """A tone by its parameters (`audio.tones`)."""

    segments: tuple[tuple[int, int, int, int], ...]
    repeat: int = 1
    gap_ms: int = 0

    @property
    def duration_ms(self) -> int:
        """Gaps between repetitions included."""
        return tones.duration_ms(self.segments, self.repeat, self.gap_ms)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing for a while."""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A trusted file of ours, for as long as it is said to last."""

    path: Path
    duration_ms: int


Piece = ToneSound | Silence | Recording


def write_preview(
    pieces: Sequence[Piece],
    out: Path,
    *,
    horn: bool = False,
    skim: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Write a FLAC file, 16 kHz mono, a few seconds of it in memory at a time; blocks for as long as that takes.

    horn: as a horn loudspeaker colours it. skim: of each long recording only how it begins and ends. stopped: asked
    for every second of sound; once it is so, the file ends there.
    Raises Refused("audio.preview_too_long"), Unavailable("audio.content_unreadable").
    """
    check_length(sum(_lasts_ms(piece, skim=skim) for piece in pieces))
    chunks = samples(pieces, skim=skim)
    with out.open("wb") as file:
        heard = _seconds(through_horn(chunks) if horn else chunks)
        codec.encode_flac(takewhile(lambda _: not stopped(), heard), out=file)


def check_length(duration_ms: int) -> None:
    """Raise Refused("audio.preview_too_long") for more than can be listened to at once."""
    if duration_ms > LIMIT_MS:
        raise Refused("audio.preview_too_long", limit_min=LIMIT_MS // 60_000)


def samples(pieces: Iterable[Piece], *, skim: bool = False) -> Iterator[Pcm]:
    """The sound in chunks."""
    for piece in pieces:
        if skim and isinstance(piece, Recording) and piece.duration_ms > SKIM_FROM_MS:
            yield _skimmed(piece)
        else:
            yield from _fitted(_sound(piece), piece.duration_ms * _PER_MS)


def skimmed_ms(duration_ms: int) -> int:
    """How long a recording of this length lasts when it is skimmed."""
    return SKIM_HEAD_MS + SKIM_TAIL_MS if duration_ms > SKIM_FROM_MS else duration_ms


def _lasts_ms(piece: Piece, *, skim: bool) -> int:
    return skimmed_ms(piece.duration_ms) if skim and isinstance(piece, Recording) else piece.duration_ms


def _sound(piece: Piece) -> Iterator[Pcm]:
    match piece:
        case ToneSound():
            once = tones.synthesize(piece.segments, rate_hz=codec.RATE_HZ)
            for repetition in range(piece.repeat):
                if repetition:
                    yield silence(piece.gap_ms)
                yield once
        case Silence():
            yield silence(piece.duration_ms)
        case Recording():
            yield from _decoded(piece.path)


def _decoded(path: Path, start_ms: int = 0) -> Iterator[Pcm]:
    try:
        yield from codec.decode_file(path, start_ms)
    except (codec.CodecError, OSError) as error:
        raise Unavailable("audio.content_unreadable", name=path.name[:64]) from error


def _skimmed(piece: Recording) -> Pcm:
    head = _taken(_decoded(piece.path), SKIM_HEAD_MS)
    tail = _taken(_decoded(piece.path, piece.duration_ms - SKIM_TAIL_MS), SKIM_TAIL_MS)
    return join((fade(head, out_ms=_SKIM_FADE_MS), fade(tail, in_ms=_SKIM_FADE_MS)))


def _taken(chunks: Iterator[Pcm], duration_ms: int) -> Pcm:
    return np.concatenate(list(_fitted(chunks, duration_ms * _PER_MS)))


def _fitted(chunks: Iterator[Pcm], count: int) -> Iterator[Pcm]:
    """Exactly so many samples."""
    left = count
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk[:left])
        if not left:
            return
    if left:
        yield np.zeros(left, np.int16)


def _seconds(chunks: Iterable[Pcm]) -> Iterator[Pcm]:
    """In larger pieces: every one costs the encoder a call."""
    waiting: list[Pcm] = []
    count = 0
    for chunk in chunks:
        for piece in codec.pieces(chunk):
            waiting.append(piece)
            count += len(piece)
            if count >= codec.RATE_HZ:
                yield np.concatenate(waiting)
                waiting, count = [], 0
    if count:
        yield np.concatenate(waiting)
