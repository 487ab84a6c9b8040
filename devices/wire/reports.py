"""What a device says of itself: hello, heartbeat, receipt; and the server's acknowledgement of receipts (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from base.ids import id_to_bytes, is_name
from devices.wire.audience import MAX_CLUSTERS
from devices.wire.config import Spans, spans
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.haves import MAX_SEQ, Haves
from devices.wire.topics import is_log
from devices.wire.version import VERSION

MAX_LOGS = 16
MAX_WAKE_SPANS = 8
MAX_ACKNOWLEDGED = 100
"""Receipts one acknowledgement names."""


class ClockState(StrEnum):
    """How sure a device is of the time."""

    SYNCED = "synced"
    DRIFTING = "drifting"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class ClockReport:
    """The device's wall clock and the bound of its error, both in milliseconds."""

    state: ClockState
    now_ms: int
    bound_ms: int

    def to_map(self) -> dict[str, Any]:
        return {"state": self.state.value, "now": self.now_ms, "bound": self.bound_ms}

    @classmethod
    def from_fields(cls, fields: Fields) -> "ClockReport":
        return cls(fields.choice("state", ClockState), fields.whole("now"), fields.whole("bound"))


@dataclass(frozen=True, slots=True)
class Hello:
    """Sent at every connection: what the device is and holds. `clusters`: those it sounds or transmits for.

    parts: of the kinds of parts that came after the first version of the protocol, those it knows.
    """

    device: str
    boot: int
    firmware: str
    model: str
    codecs: tuple[str, ...]
    clusters: tuple[str, ...]
    clock: ClockReport
    haves: Mapping[str, Haves]
    parts: tuple[str, ...] = ()

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "v": VERSION,
            "dev": self.device,
            "boot": self.boot,
            "fw": self.firmware,
            "model": self.model,
            "codecs": list(self.codecs),
            "clusters": list(self.clusters),
            "clock": self.clock.to_map(),
            "haves": {log: haves.to_wire() for log, haves in self.haves.items()},
        }
        return body | ({"parts": list(self.parts)} if self.parts else {})

    @classmethod
    def from_map(cls, payload: Any) -> "Hello":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = _versioned(payload, "hello")
        return cls(
            device=fields.name("dev"),
            boot=fields.whole("boot", 0, 2**32),
            firmware=fields.text("fw", 64),
            model=fields.text("model", 64),
            codecs=fields.texts("codecs", 16, 16),
            clusters=fields.names("clusters", MAX_CLUSTERS),
            clock=ClockReport.from_fields(fields.part("clock")),
            haves=_haves(fields),
            parts=fields.texts("parts", 16, 16),
        )


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Every 20 s, and at once when a log moved: `n` counts within a boot, so an old one cannot be replayed.

    playing: occurrence ids now sounding. battery_pct and signal_dbm: None where there is none.
    temperature in whole degrees Celsius. storage in KiB.
    wake: minutes of the UTC day in which the device will have its link; empty: always.
    """

    device: str
    boot: int
    n: int
    clock: ClockReport
    haves: Mapping[str, Haves]
    playing: tuple[str, ...] = ()
    volume: int = 0
    power: str = "grid"
    battery_pct: int | None = None
    link: str = "4g"
    signal_dbm: int | None = None
    temperature_c: int | None = None
    storage_free_kib: int = 0
    storage_total_kib: int = 0
    faults: tuple[str, ...] = ()
    uptime_s: int = 0
    quiet_until_ms: int | None = None
    children: Mapping[str, str] = field(default_factory=dict)
    wake: Spans = ()

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "v": VERSION,
            "dev": self.device,
            "boot": self.boot,
            "n": self.n,
            "clock": self.clock.to_map(),
            "haves": {log: haves.to_wire() for log, haves in self.haves.items()},
            "playing": [id_to_bytes(occurrence) for occurrence in self.playing],
            "vol": self.volume,
            "power": self.power,
            "link": self.link,
            "free": self.storage_free_kib,
            "total": self.storage_total_kib,
            "faults": list(self.faults),
            "up": self.uptime_s,
            "kids": dict(self.children),
        }
        optional = {
            "batt": self.battery_pct,
            "dbm": self.signal_dbm,
            "temp": self.temperature_c,
            "quiet": self.quiet_until_ms,
            "wake": [list(span) for span in self.wake] or None,
        }
        return body | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def from_map(cls, payload: Any) -> "Heartbeat":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = _versioned(payload, "heartbeat")
        return cls(
            device=fields.name("dev"),
            boot=fields.whole("boot", 0, 2**32),
            n=fields.whole("n", 0, 2**40),
            clock=ClockReport.from_fields(fields.part("clock")),
            haves=_haves(fields),
            playing=fields.idents("playing", 16),
            volume=fields.whole("vol", 0, 100),
            power=fields.text("power", 16),
            battery_pct=fields.whole_or_none("batt", 0, 100),
            link=fields.text("link", 16),
            signal_dbm=fields.whole_or_none("dbm", -200, 0),
            temperature_c=fields.whole_or_none("temp", -60, 150),
            storage_free_kib=fields.whole("free", 0, 2**40),
            storage_total_kib=fields.whole("total", 0, 2**40),
            faults=fields.texts("faults", 16, 32),
            uptime_s=fields.whole("up", 0, 2**32),
            quiet_until_ms=fields.whole_or_none("quiet"),
            children=_children(fields),
            wake=spans(fields, "wake", MAX_WAKE_SPANS, optional=True),
        )


class ReceiptState(StrEnum):
    """What a device states of one order or airing. The first four are steps on the way, the others final."""

    STORED = "stored"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    PLAYED = "played"
    TRANSMITTED = "transmitted"
    REJECTED = "rejected"
    MISSED = "missed"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def final(self) -> bool:
        """Whether nothing more is to come for this airing."""
        return self not in _STEPS


_STEPS = frozenset({ReceiptState.STORED, ReceiptState.STARTED, ReceiptState.PAUSED, ReceiptState.RESUMED})


@dataclass(frozen=True, slots=True)
class Receipt:
    """A device's numbered statement. `prev` chains it to the receipt before, zeros for the first.

    clusters: for whom it speaks (a gateway answers for its wireless ones). bound_ms: error bound of `at_ms`.
    sounded_ms: how long it has sounded in all. reason: a short code, empty when there is nothing to explain.
    """

    device: str
    n: int
    prev: bytes
    boot: int
    order: str
    occurrence: str | None
    clusters: tuple[str, ...]
    state: ReceiptState
    at_ms: int
    bound_ms: int
    sounded_ms: int = 0
    reason: str = ""

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "v": VERSION,
            "dev": self.device,
            "n": self.n,
            "prev": self.prev,
            "boot": self.boot,
            "order": id_to_bytes(self.order),
            "clusters": list(self.clusters),
            "state": self.state.value,
            "at": self.at_ms,
            "bound": self.bound_ms,
            "sounded": self.sounded_ms,
            "reason": self.reason,
        }
        return body if self.occurrence is None else body | {"occ": id_to_bytes(self.occurrence)}

    @classmethod
    def from_map(cls, payload: Any) -> "Receipt":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = _versioned(payload, "receipt")
        return cls(
            device=fields.name("dev"),
            n=fields.whole("n", 1, MAX_SEQ),
            prev=fields.raw("prev", 32),
            boot=fields.whole("boot", 0, 2**32),
            order=fields.ident("order"),
            occurrence=fields.ident_or_none("occ"),
            clusters=fields.names("clusters", MAX_CLUSTERS),
            state=fields.choice("state", ReceiptState),
            at_ms=fields.whole("at"),
            bound_ms=fields.whole("bound"),
            sounded_ms=fields.whole("sounded"),
            reason=fields.text("reason", 64),
        )


@dataclass(frozen=True, slots=True)
class Ack:
    """Signed by the device's commune: these receipts are in the server's database and may be forgotten.

    receipts: SHA-256 of the envelope of each. A number would not do: a device that lost its flash numbers anew, and an
    old acknowledgement played again must not make it forget what nobody else has.
    """

    device: str
    receipts: tuple[bytes, ...]

    def to_map(self) -> dict[str, Any]:
        return {"v": VERSION, "dev": self.device, "receipts": list(self.receipts)}

    @classmethod
    def from_map(cls, payload: Any) -> "Ack":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = _versioned(payload, "ack")
        return cls(fields.name("dev"), fields.digests("receipts", MAX_ACKNOWLEDGED))


def _versioned(payload: Any, where: str) -> Fields:
    fields = Fields(payload, where)
    if fields.whole("v", 0, 1_000) != VERSION:
        raise BadMessage("unknown_version", where)
    return fields


def _haves(fields: Fields) -> dict[str, Haves]:
    values = fields.mapping("haves", MAX_LOGS)
    if not all(is_log(log) for log in values):
        raise BadMessage("bad_field", "haves")
    return {log: Haves.from_wire(value) for log, value in values.items()}


def _children(fields: Fields) -> dict[str, str]:
    values = fields.mapping("kids", 256)
    if not all(is_name(name) and isinstance(state, str) and len(state) <= 16 for name, state in values.items()):
        raise BadMessage("bad_field", "kids")
    return values
