"""What a device hands over by HTTP in one request: the messages it would publish by MQTT (pure).

The frame itself is not signed: everything in it is signed or sealed. The answer is a down frame.
"""

from dataclasses import dataclass

from devices.wire.envelope import Kind, decode_canonical, encode_map
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.version import VERSION

MAX_UP_BYTES = 131_072
MAX_MESSAGES = 64
CARRIED = frozenset({Kind.HELLO, Kind.HEARTBEAT, Kind.RECEIPT, Kind.WANT})


@dataclass(frozen=True, slots=True)
class UpFrame:
    """Messages of one device, in the order in which it would have published them."""

    messages: tuple[tuple[Kind, bytes], ...]

    def to_bytes(self) -> bytes:
        return encode_map({"v": VERSION, "msgs": [[kind.value, data] for kind, data in self.messages]})

    @classmethod
    def from_bytes(cls, data: bytes) -> "UpFrame":
        """Raises BadMessage: too_large, malformed, not_canonical, unknown_version, bad_field."""
        if len(data) > MAX_UP_BYTES:
            raise BadMessage("too_large", "up")
        fields = Fields(decode_canonical(data), "up")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "up")
        return cls(tuple(_message(item) for item in fields.items("msgs", MAX_MESSAGES)))


def _message(item: object) -> tuple[Kind, bytes]:
    match item:
        case [str(kind), bytes(data)] if kind in CARRIED:
            return Kind(kind), data
    raise BadMessage("bad_field", "up.msgs")
