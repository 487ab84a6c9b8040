"""What bundles and return files have in common: a signed first entry that lists all the others (pure streams)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from devices.wire import ustar
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.fields import Fields

MAX_ENTRIES = 10_000
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in a bundle: its name, SHA-256 and size in bytes."""

    name: str
    sha256: bytes
    size: int

    @classmethod
    def of(cls, name: str, data: bytes) -> "Entry":
        return cls(name, sha256(data).digest(), len(data))

    def to_wire(self) -> list[Any]:
        return [self.name, self.sha256, self.size]


def read_entries(fields: Fields, max_size: int) -> tuple[Entry, ...]:
    """The field `files`. Raises BadMessage("bad_field")."""
    entries = tuple(_entry(item, max_size) for item in fields.items("files", MAX_ENTRIES))
    if len({entry.name for entry in entries}) != len(entries):
        raise BadMessage("bad_field", "files")
    return entries


def numbered(folder: str, envelopes: Sequence[bytes]) -> list[tuple[Entry, bytes]]:
    """Signed messages as entries ``folder/000001.cose`` …"""
    named = [(f"{folder}/{at:06d}.cose", data) for at, data in enumerate(envelopes, start=1)]
    return [(Entry.of(name, data), data) for name, data in named]


def write_entry(out: BinaryIO, name: str, data: bytes) -> None:
    """One small entry."""
    out.write(ustar.header(name, len(data)) + data + bytes(ustar.padding(len(data))))


def read_first(file: BinaryIO, name: str, max_bytes: int) -> bytes:
    """The signed first entry. Raises BadBundle: not_a_bundle, too_large, truncated, altered."""
    head = ustar.read_head(file)
    if head is None or head.name != name:
        raise BadBundle("not_a_bundle")
    if head.size > max_bytes:
        raise BadBundle("too_large")
    return b"".join(ustar.chunks(file, head.size))


def read_rest(file: BinaryIO, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """Exactly these entries in this order, and then the end; each must be consumed before the next.

    The bytes are checked against the hash when they are exhausted. Raises BadBundle.
    """
    for entry in entries:
        head = ustar.read_head(file)
        if head is None or head.name != entry.name or head.size != entry.size:
            raise BadBundle("altered", entry.name)
        yield entry, _checked(file, entry)
    if ustar.read_head(file) is not None:
        raise BadBundle("altered")


def _checked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    digest = sha256()
    for chunk in ustar.chunks(file, entry.size):
        digest.update(chunk)
        yield chunk
    if digest.digest() != entry.sha256:
        raise BadBundle("altered", entry.name)


def _entry(item: Any, max_size: int) -> Entry:
    match item:
        case [str(name), bytes(sha), size] if (
            0 < len(name) <= MAX_NAME
            and name.isascii()
            and name.isprintable()
            and len(sha) == 32
            and type(size) is int
            and 0 <= size <= max_size
        ):
            return Entry(name, sha, size)
    raise BadMessage("bad_field", "files")
