"""What an order makes sound: tones from parameters, speech by language, and gaps (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from devices.wire.errors import BadMessage
from devices.wire.fields import Fields, whole_numbers

MAX_PARTS = 64
MAX_VERSIONS = 16
MAX_RENDITIONS = 8
MAX_SEGMENTS = 256
MAX_PART_MS = 7_200_000
MAX_TONE_MS = 900_000
"""A device makes a tone in memory: a quarter of an hour is plenty."""
MAX_TONE_HZ = 5_000
"""A horn loudspeaker gives little above."""
MAX_CONTENT_BYTES = 536_870_912


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a sound, named by the SHA-256 of its bytes."""

    sha256: bytes
    size: int
    codec: str
    duration_ms: int

    def to_map(self) -> dict[str, Any]:
        return {"sha": self.sha256, "size": self.size, "codec": self.codec, "dur": self.duration_ms}

    @classmethod
    def from_map(cls, value: Any) -> "Rendition":
        fields = Fields(value, "rendition")
        return cls(
            sha256=fields.raw("sha", 32),
            size=fields.whole("size", 1, MAX_CONTENT_BYTES),
            codec=fields.text("codec", 16),
            duration_ms=fields.whole("dur", 1, MAX_PART_MS),
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One language of a speech: the same sound in each rendition, the preferred first."""

    language: str
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class Speech:
    """A recorded or spoken item in one or more languages; a cluster sounds its own languages in its own order."""

    versions: tuple[Version, ...]

    def for_languages(self, languages: Sequence[str]) -> tuple[Version, ...]:
        """The versions a listener of `languages` hears, in that order; the first version when none fits."""
        by_language = {version.language: version for version in self.versions}
        chosen = tuple(by_language[language] for language in languages if language in by_language)
        return chosen or self.versions[:1]

    def to_map(self) -> dict[str, Any]:
        versions = {v.language: [rendition.to_map() for rendition in v.renditions] for v in self.versions}
        return {"say": versions, "first": self.versions[0].language}


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone made on the device: segments of (from_hz, to_hz, duration_ms, shape), the whole repeated with a gap.

    from_hz 0 is silence. Shapes: 0 sine, 1 horn (odd harmonics), 2 bell (decaying).
    """

    segments: tuple[tuple[int, int, int, int], ...]
    repeat: int = 1
    gap_ms: int = 0

    @property
    def duration_ms(self) -> int:
        """How long it sounds, gaps between repetitions included."""
        once = sum(segment[2] for segment in self.segments)
        return once * self.repeat + self.gap_ms * (self.repeat - 1)

    def to_map(self) -> dict[str, Any]:
        return {"tone": [list(segment) for segment in self.segments], "n": self.repeat, "gap": self.gap_ms}


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence between parts."""

    duration_ms: int

    def to_map(self) -> dict[str, Any]:
        return {"gap": self.duration_ms}


Part = Speech | Tone | Gap


@dataclass(frozen=True, slots=True)
class Piece:
    """One uninterrupted stretch of a cluster's own sound: a tone, a gap, or one language version of a speech."""

    start_ms: int
    duration_ms: int
    sound: Tone | Gap | Version


def pieces(parts: Sequence[Part], languages: Sequence[str]) -> Iterator[Piece]:
    """What a listener of `languages` hears of `parts`, one after the other, with offsets from the beginning."""
    at = 0
    for part in parts:
        sounds: Sequence[Tone | Gap | Version] = part.for_languages(languages) if isinstance(part, Speech) else (part,)
        for sound in sounds:
            length = sound.renditions[0].duration_ms if isinstance(sound, Version) else sound.duration_ms
            yield Piece(at, length, sound)
            at += length


def once_ms(parts: Sequence[Part], languages: Sequence[str]) -> int:
    """How long one repetition lasts for a listener of `languages`, in milliseconds."""
    return sum(piece.duration_ms for piece in pieces(parts, languages))


def part_from_map(value: Any) -> Part:
    """Read one part. Raises BadMessage("bad_field")."""
    fields = Fields(value, "part")
    if fields.has("say"):
        return _speech(fields)
    if fields.has("tone"):
        tone = Tone(
            segments=tuple(_segment(item) for item in fields.items("tone", MAX_SEGMENTS)),
            repeat=fields.whole("n", 1, 100),
            gap_ms=fields.whole("gap", 0, 600_000),
        )
        if not tone.segments or tone.duration_ms > MAX_TONE_MS:
            raise BadMessage("bad_field", "part.tone")
        return tone
    return Gap(fields.whole("gap", 1, 600_000))


def _speech(fields: Fields) -> Speech:
    versions = fields.mapping("say", MAX_VERSIONS)
    first = fields.text("first", 16)
    if first not in versions:
        raise BadMessage("bad_field", "part.first")
    order = [first, *sorted(set(versions) - {first})]
    return Speech(tuple(_version(language, versions[language]) for language in order))


def _version(language: str, value: Any) -> Version:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_RENDITIONS or len(language) > 16:
        raise BadMessage("bad_field", "part.say")
    return Version(language, tuple(Rendition.from_map(item) for item in value))


def _segment(item: Any) -> tuple[int, int, int, int]:
    match whole_numbers(item, 4):
        case (low, high, length, shape):
            if 0 <= low <= MAX_TONE_HZ and 0 <= high <= MAX_TONE_HZ and 0 < length <= 600_000 and 0 <= shape <= 2:
                return low, high, length, shape
    raise BadMessage("bad_field", "part.tone")
