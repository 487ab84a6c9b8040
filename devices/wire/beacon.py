"""The beacon: where an authority's log stands (pure)."""

from dataclasses import dataclass
from typing import Any

from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.haves import MAX_RANGES, MAX_SEQ, range_of
from devices.wire.topics import is_log
from devices.wire.version import VERSION


@dataclass(frozen=True, slots=True)
class Beacon:
    """Head and floor of a log at a moment of the server's clock.

    Nothing below `floor` is needed any more; head + 1 means nothing at all. `tip` is the SHA-256
    of the signed order at `head`, zeros when the log is empty. `gone`: inclusive ranges above the floor that nobody
    needs any more either, because they have expired.
    """

    log: str
    head: int
    floor: int
    tip: bytes
    at_ms: int
    gone: tuple[tuple[int, int], ...] = ()

    def to_map(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "v": VERSION,
            "log": self.log,
            "head": self.head,
            "floor": self.floor,
            "tip": self.tip,
            "at": self.at_ms,
        }
        return body | {"gone": [list(pair) for pair in self.gone]} if self.gone else body

    @classmethod
    def from_map(cls, payload: Any) -> "Beacon":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = Fields(payload, "beacon")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "beacon")
        log = fields.text("log", 64)
        if not is_log(log):
            raise BadMessage("bad_field", "beacon.log")
        head = fields.whole("head", 0, MAX_SEQ)
        return cls(
            log=log,
            head=head,
            floor=fields.whole("floor", 1, head + 1),
            tip=fields.raw("tip", 32),
            at_ms=fields.whole("at"),
            gone=tuple(range_of(item) for item in fields.items("gone", MAX_RANGES, optional=True)),
        )
