"""Orders: the signed instructions of an authority's log (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from base.ids import id_to_bytes
from devices.wire.audience import Audience
from devices.wire.config import Config
from devices.wire.content import MAX_PARTS, Part, Rendition, once_ms, part_from_map, speeches_in
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields, whole_numbers
from devices.wire.haves import MAX_SEQ
from devices.wire.keys import Keys
from devices.wire.topics import is_log
from devices.wire.version import VERSION

MAX_IDS = 256


class PlayClass(IntEnum):
    """What gives way to what; a higher one pre-empts a lower one at once (Circular 39/2020/TT-BTTTT)."""

    BACKGROUND = 0
    NORMAL = 1
    PRIORITY = 2
    EMERGENCY = 3


class Level(IntEnum):
    """Whose content it is."""

    COMMUNE = 1
    PROVINCE = 2
    COUNTRY = 3


class Status(StrEnum):
    """The real thing, an exercise, or a technician's test."""

    ACTUAL = "actual"
    DRILL = "drill"
    TEST = "test"


class AfterPreemption(StrEnum):
    """What becomes of an item that had to give way."""

    RESUME = "resume"
    RESTART = "restart"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often the whole sounds. count 0: until it is cancelled, cleared, or expires."""

    count: int = 1
    gap_ms: int = 0


@dataclass(frozen=True, slots=True)
class Play:
    """Sound these parts at a time (`start_ms` in Unix milliseconds) or now (None).

    A start later than `late_ms` after `start_ms` is missed. `turn` is the operator's order among equals, lower first.
    `stale_ms`: after that long past its beginning a pre-empted item is dropped instead of resumed.
    """

    type = "play"
    occurrence: str
    start_ms: int | None
    parts: tuple[Part, ...]
    play_class: PlayClass = PlayClass.NORMAL
    level: Level = Level.COMMUNE
    status: Status = Status.ACTUAL
    late_ms: int = 60_000
    repeat: Repeat = field(default_factory=Repeat)
    volume: int = 80
    preempted: AfterPreemption = AfterPreemption.RESUME
    stale_ms: int | None = None
    turn: int = 0
    title: str = ""

    def total_ms(self, languages: tuple[str, ...]) -> int | None:
        """How long it sounds in all for a listener of `languages`; None when it goes on until stopped."""
        if self.repeat.count == 0:
            return None
        once = once_ms(self.parts, languages)
        return once * self.repeat.count + self.repeat.gap_ms * (self.repeat.count - 1)

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "occ": id_to_bytes(self.occurrence),
            "parts": [part.to_map() for part in self.parts],
            "class": int(self.play_class),
            "level": int(self.level),
            "status": self.status.value,
            "late": self.late_ms,
            "repeat": [self.repeat.count, self.repeat.gap_ms],
            "vol": self.volume,
            "pre": self.preempted.value,
            "turn": self.turn,
            "title": self.title,
        }
        optional = {"start": self.start_ms, "stale": self.stale_ms}
        return body | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Play":
        return cls(
            occurrence=fields.ident("occ"),
            start_ms=fields.whole_or_none("start"),
            parts=_parts(fields),
            play_class=fields.choice("class", PlayClass),
            level=fields.choice("level", Level),
            status=fields.choice("status", Status),
            late_ms=fields.whole("late", 0, 86_400_000),
            repeat=_repeat(fields),
            volume=fields.whole("vol", 0, 100),
            preempted=fields.choice("pre", AfterPreemption),
            stale_ms=fields.whole_or_none("stale", 0, 86_400_000),
            turn=fields.whole("turn", 0, 1_000_000),
            title=fields.text("title", 200),
        )


@dataclass(frozen=True, slots=True)
class Cancel:
    """These occurrences must not sound, whether their play is here, sounding, or still to come."""

    type = "cancel"
    occurrences: tuple[str, ...]
    reason: str = ""

    def to_map(self) -> dict[str, Any]:
        return {"occs": [id_to_bytes(occurrence) for occurrence in self.occurrences], "reason": self.reason}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Cancel":
        return cls(_some(fields.idents("occs", MAX_IDS)), fields.text("reason", 200))


@dataclass(frozen=True, slots=True)
class Stop:
    """End what sounds now or waits after pre-emption, up to a class; what is planned for later stays."""

    type = "stop"
    up_to: PlayClass = PlayClass.EMERGENCY

    def to_map(self) -> dict[str, Any]:
        return {"upto": int(self.up_to)}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Stop":
        return cls(fields.choice("upto", PlayClass))


@dataclass(frozen=True, slots=True)
class AllClear:
    """These emergencies are over: a cancel that is told to people as an all-clear."""

    type = "all_clear"
    occurrences: tuple[str, ...]

    def to_map(self) -> dict[str, Any]:
        return {"occs": [id_to_bytes(occurrence) for occurrence in self.occurrences]}

    @classmethod
    def from_fields(cls, fields: Fields) -> "AllClear":
        return cls(_some(fields.idents("occs", MAX_IDS)))


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep these sounds in the message bank under a name; a later hold of that name replaces it."""

    type = "hold"
    bank: str
    parts: tuple[Part, ...]

    def to_map(self) -> dict[str, Any]:
        return {"bank": self.bank, "parts": [part.to_map() for part in self.parts]}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Hold":
        return cls(fields.name("bank"), _parts(fields))


Body = Play | Cancel | Stop | AllClear | Hold | Config | Keys

_BODIES: Mapping[str, Callable[[Fields], Body]] = {
    Play.type: Play.from_fields,
    Cancel.type: Cancel.from_fields,
    Stop.type: Stop.from_fields,
    AllClear.type: AllClear.from_fields,
    Hold.type: Hold.from_fields,
    Config.type: Config.from_fields,
    Keys.type: Keys.from_fields,
}


@dataclass(frozen=True, slots=True)
class Order:
    """One entry of a log. `prev` is the SHA-256 of the log's previous signed order, zeros for the first."""

    id: str
    log: str
    seq: int
    prev: bytes
    issued_ms: int
    expires_ms: int
    audience: Audience
    body: Body

    def to_map(self) -> dict[str, Any]:
        """The payload to be signed."""
        return {
            "v": VERSION,
            "id": id_to_bytes(self.id),
            "log": self.log,
            "seq": self.seq,
            "prev": self.prev,
            "iat": self.issued_ms,
            "exp": self.expires_ms,
            "type": self.body.type,
            "to": self.audience.to_map(),
            "body": self.body.to_map(),
        }

    @classmethod
    def from_map(cls, payload: Any) -> "Order":
        """Read a verified payload. Raises BadMessage: bad_field, unknown_version, unknown_type."""
        fields = Fields(payload, "order")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "order")
        log = fields.text("log", 64)
        if not is_log(log):
            raise BadMessage("bad_field", "order.log")
        return cls(
            id=fields.ident("id"),
            log=log,
            seq=fields.whole("seq", 1, MAX_SEQ),
            prev=fields.raw("prev", 32),
            issued_ms=fields.whole("iat"),
            expires_ms=fields.whole("exp"),
            audience=Audience.from_fields(fields.part("to")),
            body=_body(fields),
        )


def renditions_in(body: Body) -> tuple[Rendition, ...]:
    """Every content an order names, each once, in the order of need."""
    if not isinstance(body, Play | Hold):
        return ()
    named = [r for speech in speeches_in(body.parts) for version in speech.versions for r in version.renditions]
    return tuple({rendition.sha256: rendition for rendition in named}.values())


def _body(fields: Fields) -> Body:
    make = _BODIES.get(fields.text("type", 32))
    if make is None:
        raise BadMessage("unknown_type", fields.text("type", 32))
    return make(fields.part("body"))


def _parts(fields: Fields) -> tuple[Part, ...]:
    return _some(tuple(part_from_map(item) for item in fields.items("parts", MAX_PARTS)))


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise BadMessage("bad_field", "empty")
    return values


def _repeat(fields: Fields) -> Repeat:
    match whole_numbers(fields.items("repeat", 2), 2):
        case (count, gap) if 0 <= count <= 1_000 and 0 <= gap <= 3_600_000:
            return Repeat(count, gap)
    raise BadMessage("bad_field", "play.repeat")
