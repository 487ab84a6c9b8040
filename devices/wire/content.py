"""What an order makes sound: tones from parameters, speech by language, gaps, live streams, and fills (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from devices.wire.addresses import MAX_URL_BYTES, is_stream_url
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
MAX_SLOT_MS = 86_400_000
"""A stream, or what a fill fills up to: nothing is downloaded for its length, so a day."""
MIN_QUIET_MS, MAX_QUIET_MS = 1_000, 600_000
MAX_AGAIN_MS = 3_600_000
QUIET_DBFS = -55
"""A stream below this level (RMS over 100 ms) sounds like one that is dead."""
FALLBACK, SILENT_STREAM = "fallback", "silent_stream"
"""Reasons of what was played: something stood in for a stream; nothing did, and it was dead for most of its time."""
STREAM, FILL = "relay", "fill"
"""What a device names in its hello when it knows these parts."""


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


@dataclass(frozen=True, slots=True)
class Stream:
    """A live stream for `duration_ms`. Dead, or below QUIET_DBFS for `quiet_ms`, it gives way to `instead`, and comes
    back when that is over and it sounds again. As long as it does not, `instead` sounds anew `again_ms` after its end;
    None: once.
    """

    url: str
    duration_ms: int
    quiet_ms: int
    instead: Speech | None = None
    again_ms: int | None = None

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {STREAM: self.url, "dur": self.duration_ms, "quiet": self.quiet_ms}
        if self.instead is not None:
            body["else"] = self.instead.to_map()
        return body if self.again_ms is None else body | {"again": self.again_ms}


@dataclass(frozen=True, slots=True)
class Fill:
    """`sound` over and over, silence without one, up to `until_ms` after the parts began as this listener hears them;
    nothing when that is past. What follows so begins at its time in every language.
    """

    until_ms: int
    sound: Speech | None = None

    def to_map(self) -> dict[str, Any]:
        return {FILL: self.until_ms} | ({} if self.sound is None else {"with": self.sound.to_map()})


Part = Speech | Tone | Gap | Stream | Fill


@dataclass(frozen=True, slots=True)
class Live:
    """A stream as one listener hears it. `instead`: the versions of what stands in for it."""

    url: str
    quiet_ms: int
    instead: tuple[Version, ...] = ()
    again_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """A fill as one listener hears it: these versions one after the other, round and round, cut at its end."""

    versions: tuple[Version, ...]

    def rounds(self, from_ms: int, until_ms: int) -> Iterator[tuple[Version, int, int]]:
        """What sounds between two moments of it: each version with the offset into it and how long it is heard, ms."""
        lengths = [version.renditions[0].duration_ms for version in self.versions]
        skip_ms = from_ms % sum(lengths)
        at_ms = from_ms
        for version, length_ms in cycle(zip(self.versions, lengths, strict=True)):
            if at_ms >= until_ms:
                return
            if skip_ms < length_ms:
                heard_ms = min(length_ms - skip_ms, until_ms - at_ms)
                yield version, skip_ms, heard_ms
                at_ms += heard_ms
            skip_ms = max(0, skip_ms - length_ms)


@dataclass(frozen=True, slots=True)
class Piece:
    """One uninterrupted stretch of a cluster's own sound: a tone, a gap, one language version of a speech, a stream, or
    what fills. `part`: the number of the part it belongs to, from 0.
    """

    start_ms: int
    duration_ms: int
    sound: Tone | Gap | Version | Live | Loop
    part: int = 0

    @property
    def versions(self) -> tuple[Version, ...]:
        """The content it may sound."""
        match self.sound:
            case Version():
                return (self.sound,)
            case Loop(versions) | Live(instead=versions):
                return versions
            case _:
                return ()


def pieces(parts: Sequence[Part], languages: Sequence[str]) -> Iterator[Piece]:
    """What a listener of `languages` hears of `parts`, one after the other, with offsets from the beginning."""
    at = 0
    for number, part in enumerate(parts):
        for length_ms, sound in _heard(part, at, languages):
            yield Piece(at, length_ms, sound, number)
            at += length_ms


def _heard(
    part: Part, at_ms: int, languages: Sequence[str]
) -> Iterator[tuple[int, Tone | Gap | Version | Live | Loop]]:
    match part:
        case Speech():
            for version in part.for_languages(languages):
                yield version.renditions[0].duration_ms, version
        case Stream(url, duration_ms, quiet_ms, instead, again_ms):
            stands_in = () if instead is None else instead.for_languages(languages)
            yield duration_ms, Live(url, quiet_ms, stands_in, again_ms)
        case Fill(until_ms, sound):
            if (left_ms := until_ms - at_ms) > 0:
                yield left_ms, Gap(left_ms) if sound is None else Loop(sound.for_languages(languages))
        case _:
            yield part.duration_ms, part


def once_ms(parts: Sequence[Part], languages: Sequence[str]) -> int:
    """How long one repetition lasts for a listener of `languages`, in milliseconds."""
    return sum(piece.duration_ms for piece in pieces(parts, languages))


def speech_of(part: Part) -> Speech | None:
    """The recorded sound a part names: a speech itself, what stands in for a stream, or what fills."""
    match part:
        case Speech():
            return part
        case Stream(instead=speech) | Fill(sound=speech):
            return speech
        case _:
            return None


def speeches_in(parts: Iterable[Part]) -> tuple[Speech, ...]:
    """All the recorded sound that parts name, in their order."""
    return tuple(speech for part in parts if (speech := speech_of(part)) is not None)


def languages_in(parts: Iterable[Part]) -> tuple[str, ...]:
    """Every language that parts name, each once: nobody hears them longer than a listener of all of these."""
    return tuple(dict.fromkeys(version.language for speech in speeches_in(parts) for version in speech.versions))


def special_parts(parts: Iterable[Part]) -> frozenset[str]:
    """What a device must name among the `parts` of its hello to sound these: of STREAM, FILL."""
    kinds = {Stream: STREAM, Fill: FILL}
    return frozenset(kinds[type(part)] for part in parts if type(part) in kinds)


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
    if fields.has(STREAM):
        return _stream(fields)
    if fields.has(FILL):
        sound = _speech(fields.part("with")) if fields.has("with") else None
        return Fill(fields.whole(FILL, 1, MAX_SLOT_MS), sound)
    return Gap(fields.whole("gap", 1, 600_000))


def _stream(fields: Fields) -> Stream:
    url = fields.text(STREAM, MAX_URL_BYTES)
    if not is_stream_url(url):
        raise BadMessage("bad_field", "part.relay")
    return Stream(
        url=url,
        duration_ms=fields.whole("dur", 1, MAX_SLOT_MS),
        quiet_ms=fields.whole("quiet", MIN_QUIET_MS, MAX_QUIET_MS),
        instead=_speech(fields.part("else")) if fields.has("else") else None,
        again_ms=fields.whole("again", 0, MAX_AGAIN_MS) if fields.has("again") else None,
    )


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
