"""The sound of one airing as a timeline: pieces, repetitions, gaps (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devices.wire.content import Live, Part, Piece, Tone, Version, once_ms, pieces
from devices.wire.orders import Play

OPEN_AHEAD_MS = 60_000
"""A stream is opened so long before its play begins, or, when it comes later in it, before it is due."""
_STREAMS_AHEAD = 2
"""At once of one play: the present one and the next."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece from `offset_ms` into it to its end; None is the gap between repetitions, `length_ms` long."""

    piece: Piece | None
    offset_ms: int
    length_ms: int


def speech_in(parts: Sequence[Part], languages: Sequence[str]) -> tuple[Version, ...]:
    """The recorded sound that a listener of `languages` may hear of these parts."""
    return tuple(version for piece in pieces(parts, languages) for version in piece.versions)


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """What sounds, in order, for listeners of one set of languages. count 0: over and over until silenced."""

    pieces: tuple[Piece, ...]
    once_ms: int
    count: int
    gap_ms: int

    @classmethod
    def of(cls, play: Play, languages: tuple[str, ...]) -> "SoundPlan":
        """The plan of a play order."""
        parts = tuple(pieces(play.parts, languages))
        return cls(parts, once_ms(play.parts, languages), play.repeat.count, play.repeat.gap_ms)

    @property
    def total_ms(self) -> int | None:
        """How long it sounds in all; None when it goes on until silenced."""
        return self.once_ms * self.count + self.gap_ms * (self.count - 1) if self.count else None

    @property
    def versions(self) -> tuple[Version, ...]:
        """The recorded sound in it, which needs content."""
        return tuple(version for piece in self.pieces for version in piece.versions)

    @property
    def waited_for(self) -> tuple[Version, ...]:
        """What must be here before it may begin: all but what only stands in for a stream."""
        return tuple(v for piece in self.pieces if not isinstance(piece.sound, Live) for v in piece.versions)

    def streams_due(self, position_ms: int, within_ms: int) -> tuple[str, ...]:
        """The stream that sounds from this position on, or begins so soon after it, and the one after that."""
        found: dict[str, None] = {}
        reach_ms = position_ms + within_ms
        at_ms = position_ms
        for stretch in self.stretches(position_ms) if self.has_stream else ():
            if at_ms > reach_ms or len(found) == _STREAMS_AHEAD:
                break
            at_ms += stretch.length_ms
            if stretch.piece is not None and isinstance(stretch.piece.sound, Live):
                found[stretch.piece.sound.url] = None
        return tuple(found)

    @property
    def has_stream(self) -> bool:
        return any(isinstance(piece.sound, Live) for piece in self.pieces)

    @property
    def has_tone(self) -> bool:
        return any(isinstance(piece.sound, Tone) for piece in self.pieces)

    def stretches(self, position_ms: int) -> Iterator[Stretch]:
        """The timeline from a position on; never ends when the plan does not."""
        repetition, at = divmod(position_ms, self.once_ms + self.gap_ms)
        while self.count == 0 or repetition < self.count:
            for piece in self.pieces:
                offset = max(0, at - piece.start_ms)
                if offset < piece.duration_ms:
                    yield Stretch(piece, offset, piece.duration_ms - offset)
            repetition += 1
            gap = self.once_ms + self.gap_ms - max(at, self.once_ms)
            if gap > 0 and repetition != self.count:
                yield Stretch(None, 0, gap)
            at = 0
