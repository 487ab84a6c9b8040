"""Whose signature counts from now on: the body of a keys order (pure).

It stands in the log of the very authority it speaks of. The one with the greatest number in that log holds.
"""

from dataclasses import dataclass
from typing import Any

from devices.wire.errors import BadMessage
from devices.wire.fields import Fields

MAX_KEYS = 16
MAX_EPOCH = 999_999_999


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A public key of the authority. Past `until_ms` a receiver warns; it never refuses for that."""

    epoch: int
    public: bytes
    until_ms: int

    def to_map(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "pub": self.public, "until": self.until_ms}

    @classmethod
    def from_map(cls, value: Any) -> "KeyEntry":
        fields = Fields(value, "keys")
        return cls(fields.whole("epoch", 0, MAX_EPOCH), fields.raw("pub", 32), fields.whole("until"))


@dataclass(frozen=True, slots=True)
class Keys:
    """`keys` are trusted from now on, in place of all before.

    old: retired ones. An order signed by one, numbered below the order that retired it, is counted as held and
    otherwise ignored; so a device that joined later has no gap for ever, and who steals an old key can make nothing
    sound.
    """

    type = "keys"
    keys: tuple[KeyEntry, ...]
    old: tuple[KeyEntry, ...] = ()

    def to_map(self) -> dict[str, Any]:
        return {"keys": [entry.to_map() for entry in self.keys], "old": [entry.to_map() for entry in self.old]}

    @classmethod
    def from_fields(cls, fields: Fields) -> "Keys":
        keys = _entries(fields, "keys")
        old = _entries(fields, "old")
        epochs = [entry.epoch for entry in (*keys, *old)]
        if not keys or len(set(epochs)) != len(epochs):
            raise BadMessage("bad_field", "keys.epoch")
        return cls(keys, old)


def _entries(fields: Fields, name: str) -> tuple[KeyEntry, ...]:
    return tuple(KeyEntry.from_map(item) for item in fields.items(name, MAX_KEYS))
