"""What one cluster was to hear of a play: how long, and in which languages one after the other (pure)."""

from dataclasses import dataclass

from devices.wire.content import Version, pieces
from devices.wire.orders import Play


@dataclass(frozen=True, slots=True)
class Sounding:
    """planned_ms: in all, 0 for what goes on until it is ended. spoken: language and length of each stretch of one
    repetition, "" for tones and gaps.
    """

    planned_ms: int = 0
    spoken: tuple[tuple[str, int], ...] = ()


def sounding(play: Play, languages: tuple[str, ...]) -> Sounding:
    """What a listener of these languages was to hear."""
    spoken: list[tuple[str, int]] = []
    for piece in pieces(play.parts, languages):
        language = piece.sound.language if isinstance(piece.sound, Version) else ""
        if spoken and spoken[-1][0] == language:
            spoken[-1] = language, spoken[-1][1] + piece.duration_ms
        else:
            spoken.append((language, piece.duration_ms))
    if play.repeat.gap_ms:
        spoken.append(("", play.repeat.gap_ms))
    return Sounding(play.total_ms(languages) or 0, tuple(spoken))
