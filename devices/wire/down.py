"""What the server sends to one device: orders it lacks, acknowledgements, beacons, blocks of content (pure).

The frame itself is not signed: everything in it is, but for the blocks, which a hash vouches for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devices.wire.blocks import Block
from devices.wire.envelope import decode_canonical, encode_map
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.version import VERSION

MAX_FRAME_BYTES = 65_536
MAX_ENVELOPES = 256
MAX_BLOCKS = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Signed envelopes for one device: orders, receipt acknowledgements, beacons of its logs; and blocks of content."""

    orders: tuple[bytes, ...] = ()
    acks: tuple[bytes, ...] = ()
    beacons: tuple[bytes, ...] = ()
    blocks: tuple[Block, ...] = ()

    def to_bytes(self) -> bytes:
        blocks = [block.to_wire() for block in self.blocks]
        parts = {"orders": self.orders, "acks": self.acks, "beacons": self.beacons, "blocks": blocks}
        return encode_map({"v": VERSION} | {name: list(values) for name, values in parts.items() if values})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frame":
        """Raises BadMessage: too_large, malformed, not_canonical, bad_field."""
        if len(data) > MAX_FRAME_BYTES:
            raise BadMessage("too_large", "down")
        fields = Fields(decode_canonical(data), "down")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "down")
        return cls(
            orders=_envelopes(fields, "orders"),
            acks=_envelopes(fields, "acks"),
            beacons=_envelopes(fields, "beacons"),
            blocks=tuple(Block.from_wire(item) for item in fields.items("blocks", MAX_BLOCKS, optional=True)),
        )


def frames_of_orders(envelopes: Sequence[bytes]) -> Iterator[Frame]:
    """Signed orders packed into as few frames as their limit allows, order kept."""
    room = MAX_FRAME_BYTES - 64
    batch: list[bytes] = []
    used = 0
    for envelope in envelopes:
        cost = len(envelope) + 5
        if batch and (used + cost > room or len(batch) == MAX_ENVELOPES):
            yield Frame(orders=tuple(batch))
            batch, used = [], 0
        batch.append(envelope)
        used += cost
    if batch:
        yield Frame(orders=tuple(batch))


def _envelopes(fields: Fields, name: str) -> tuple[bytes, ...]:
    values = fields.items(name, MAX_ENVELOPES, optional=True)
    if not all(isinstance(value, bytes) for value in values):
        raise BadMessage("bad_field", f"down.{name}")
    return tuple(values)
