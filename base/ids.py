"""Identifiers: ULIDs as 26 characters, 16 bytes on the wire; and the grammar of names people choose."""

import re

from ulid import ULID

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
"""A place, cluster, device or authority: lower-case letters, digits and inner hyphens, at most 48.

No dots, slashes, spaces or wildcards, so that a name is safe in an MQTT topic, a NATS subject, a file name and a URL.
"""


def new_id() -> str:
    """A new ULID: sortable by the time it was made."""
    return str(ULID())


def id_to_bytes(text: str) -> bytes:
    """The 16 bytes of a ULID. Raises ValueError when it is not one."""
    return ULID.from_str(text).bytes


def id_from_bytes(raw: bytes) -> str:
    """The 26 characters of a 16-byte ULID. Raises ValueError for any other length."""
    return str(ULID.from_bytes(raw))


def is_name(text: str) -> bool:
    """Whether `text` may name a place, cluster, device or authority."""
    return NAME.fullmatch(text) is not None
