"""Content in blocks over MQTT, for where HTTP does not pass: what a device asks for and what it is sent (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devices.wire.content import MAX_CONTENT_BYTES
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.version import VERSION

BLOCK_BYTES = 4_096
"""All blocks of a content have this size but the last, which may be shorter."""
MAX_BITMAP_BYTES = 16
MAX_BLOCK_INDEX = MAX_CONTENT_BYTES // BLOCK_BYTES
MAX_WINDOW = 8 * MAX_BITMAP_BYTES


def block_count(size: int) -> int:
    """How many blocks a content of `size` bytes has."""
    return -(-size // BLOCK_BYTES)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a content: the bytes from `index` × BLOCK_BYTES on. Nothing vouches for it but the whole's hash."""

    sha256: bytes
    index: int
    data: bytes

    def to_wire(self) -> list[Any]:
        return [self.sha256, self.index, self.data]

    @classmethod
    def from_wire(cls, value: Any) -> "Block":
        """Raises BadMessage("bad_field")."""
        match value:
            case [bytes(sha), index, bytes(data)] if (
                len(sha) == 32 and type(index) is int and 0 <= index <= MAX_BLOCK_INDEX and 0 < len(data) <= BLOCK_BYTES
            ):
                return cls(sha, index, data)
        raise BadMessage("bad_field", "down.blocks")


@dataclass(frozen=True, slots=True)
class Want:
    """A device asks for blocks of one content, sealed under its secret.

    missing: bitmap; bit 7 of its first byte is block `first`. The device paces: it asks for no more than it can take
    in some seconds, and again when that came or did not.
    """

    device: str
    boot: int
    n: int
    sha256: bytes
    first: int
    missing: bytes

    @classmethod
    def of(cls, device: str, boot: int, n: int, sha256: bytes, blocks: Iterable[int]) -> "Want":
        """Ask for these blocks, of which the last must be fewer than MAX_WINDOW behind the first."""
        wanted = sorted(set(blocks))
        bits = bytearray((wanted[-1] - wanted[0]) // 8 + 1)
        for block in wanted:
            at = block - wanted[0]
            bits[at // 8] |= 0x80 >> (at % 8)
        return cls(device, boot, n, sha256, wanted[0], bytes(bits))

    def blocks(self) -> tuple[int, ...]:
        """The numbers asked for, in order."""
        marked = [at for at in range(8 * len(self.missing)) if self.missing[at // 8] & (0x80 >> (at % 8))]
        return tuple(self.first + at for at in marked)

    def to_map(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "dev": self.device,
            "boot": self.boot,
            "n": self.n,
            "sha": self.sha256,
            "first": self.first,
            "miss": self.missing,
        }

    @classmethod
    def from_map(cls, payload: Any) -> "Want":
        """Raises BadMessage: bad_field, unknown_version."""
        fields = Fields(payload, "want")
        if fields.whole("v", 0, 1_000) != VERSION:
            raise BadMessage("unknown_version", "want")
        return cls(
            device=fields.name("dev"),
            boot=fields.whole("boot", 0, 2**32),
            n=fields.whole("n", 0, 2**40),
            sha256=fields.raw("sha", 32),
            first=fields.whole("first", 0, MAX_BLOCK_INDEX),
            missing=fields.some_bytes("miss", MAX_BITMAP_BYTES),
        )
