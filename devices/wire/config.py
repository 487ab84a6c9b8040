"""How a device is to behave: the body of a config order, and the permitted hours in it (pure)."""

from dataclasses import dataclass
from typing import Any

from devices.wire.errors import BadMessage
from devices.wire.fields import Fields, whole_numbers

DAY_MIN = 1_440
MAX_SPANS = 16
SAVER_PCT = (30, 15)
"""Battery charge, in percent, below which only priority, and only emergencies, sound."""

Spans = tuple[tuple[int, int], ...]
"""Spans [from, to) in minutes of a day."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When anything but an emergency may sound: minutes of the local day [from, to), and the zone's offset from UTC."""

    spans: Spans
    offset_min: int

    def permit(self, wall_ms: int) -> bool:
        """Whether that moment lies in a permitted span. No span at all permits every hour."""
        minute = (wall_ms // 60_000 + self.offset_min) % DAY_MIN
        return not self.spans or any(low <= minute < high for low, high in self.spans)

    def next_edge_ms(self, wall_ms: int) -> int:
        """The next moment at which a span begins or ends; a day ahead when there is none."""
        minute = (wall_ms // 60_000 + self.offset_min) % DAY_MIN
        edges = {edge % DAY_MIN for span in self.spans for edge in span}
        ahead = min(((edge - minute - 1) % DAY_MIN + 1 for edge in edges), default=DAY_MIN)
        return (wall_ms // 60_000 + ahead) * 60_000


@dataclass(frozen=True, slots=True)
class Config:
    """How a device is to behave. Every field is given; the order replaces what came before.

    content, exchange: base addresses for content and of the HTTP carrier, the first one first.
    saver_pct: (low, critical) charge of a battery in percent; see playing.Charge.
    online: minutes of the local day in which a device on a duty cycle keeps its link; empty: always.
    """

    type = "config"
    hours: Hours
    volume_max: int = 100
    heartbeat_s: int = 20
    content: tuple[str, ...] = ()
    exchange: tuple[str, ...] = ()
    saver_pct: tuple[int, int] = SAVER_PCT
    online: Spans = ()

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "hours": [list(span) for span in self.hours.spans],
            "offset": self.hours.offset_min,
            "volmax": self.volume_max,
            "beat": self.heartbeat_s,
            "content": list(self.content),
        }
        if self.exchange:
            body["exchange"] = list(self.exchange)
        if self.saver_pct != SAVER_PCT:
            body["saver"] = list(self.saver_pct)
        if self.online:
            body["online"] = [list(span) for span in self.online]
        return body

    @classmethod
    def from_fields(cls, fields: Fields) -> "Config":
        return cls(
            hours=Hours(spans(fields, "hours"), fields.whole("offset", -DAY_MIN, DAY_MIN)),
            volume_max=fields.whole("volmax", 0, 100),
            heartbeat_s=fields.whole("beat", 5, 3_600),
            content=fields.texts("content", 8, 200),
            exchange=fields.texts("exchange", 8, 200),
            saver_pct=_saver(fields),
            online=spans(fields, "online", optional=True),
        )


def spans(fields: Fields, name: str, max_items: int = MAX_SPANS, *, optional: bool = False) -> Spans:
    """Spans of a day. Raises BadMessage("bad_field")."""
    return tuple(_span(item, name) for item in fields.items(name, max_items, optional=optional))


def _span(item: Any, name: str) -> tuple[int, int]:
    match whole_numbers(item, 2):
        case (low, high) if 0 <= low < high <= DAY_MIN:
            return low, high
    raise BadMessage("bad_field", name)


def _saver(fields: Fields) -> tuple[int, int]:
    if not fields.has("saver"):
        return SAVER_PCT
    match whole_numbers(fields.items("saver", 2), 2):
        case (low, critical) if 0 <= critical <= low <= 100:
            return low, critical
    raise BadMessage("bad_field", "config.saver")
