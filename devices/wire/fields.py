"""Strict reading of decoded maps: every field has a kind and a limit (pure)."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeGuard, TypeVar

from base.ids import id_from_bytes, is_name
from devices.wire.errors import BadMessage

T = TypeVar("T")
MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class Fields:
    """A decoded map, read field by field.

    A missing field, a wrong kind or a value outside its limits raises BadMessage("bad_field"). Fields that are not
    asked for are passed over: what changes a meaning raises the version instead.
    """

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise BadMessage("bad_field", where)
        self._map: dict[Any, Any] = value
        self._where = where

    def has(self, name: str) -> bool:
        return self._map.get(name) is not None

    def _bad(self, name: str) -> BadMessage:
        return BadMessage("bad_field", f"{self._where}.{name}")

    def whole(self, name: str, low: int = 0, high: int = MAX_MS) -> int:
        """An integer from `low` to `high`."""
        value = self._map.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self._bad(name)
        return value

    def whole_or_none(self, name: str, low: int = 0, high: int = MAX_MS) -> int | None:
        """The same, or None when the field is absent."""
        return self.whole(name, low, high) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """A boolean; absent means false."""
        value = self._map.get(name, False)
        if type(value) is not bool:
            raise self._bad(name)
        return value

    def text(self, name: str, max_chars: int = 200, *, default: str | None = None) -> str:
        """Text of at most `max_chars` characters."""
        value = self._map.get(name, default)
        if not _is_text(value, max_chars):
            raise self._bad(name)
        return value

    def name(self, name: str) -> str:
        """A place, cluster, device or authority name."""
        value = self.text(name, 48)
        if not is_name(value):
            raise self._bad(name)
        return value

    def raw(self, name: str, size: int) -> bytes:
        """Exactly `size` bytes."""
        value = self._map.get(name)
        if not isinstance(value, bytes) or len(value) != size:
            raise self._bad(name)
        return value

    def some_bytes(self, name: str, max_bytes: int) -> bytes:
        """From 1 to `max_bytes` bytes."""
        value = self._map.get(name)
        if not isinstance(value, bytes) or not 0 < len(value) <= max_bytes:
            raise self._bad(name)
        return value

    def ident(self, name: str) -> str:
        """A ULID, given as 16 bytes."""
        return id_from_bytes(self.raw(name, 16))

    def ident_or_none(self, name: str) -> str | None:
        return self.ident(name) if self.has(name) else None

    def items(self, name: str, max_items: int, *, optional: bool = False) -> list[Any]:
        """An array of at most `max_items`."""
        value = self._map.get(name, [] if optional else None)
        if not isinstance(value, list) or len(value) > max_items:
            raise self._bad(name)
        return value

    def names(self, name: str, max_items: int) -> tuple[str, ...]:
        """An array of names; absent means empty."""
        values = self.items(name, max_items, optional=True)
        if not all(isinstance(value, str) and is_name(value) for value in values):
            raise self._bad(name)
        return tuple(values)

    def texts(self, name: str, max_items: int, max_chars: int = 64) -> tuple[str, ...]:
        """An array of short texts; absent means empty."""
        values = self.items(name, max_items, optional=True)
        if not all(_is_text(value, max_chars) for value in values):
            raise self._bad(name)
        return tuple(values)

    def idents(self, name: str, max_items: int) -> tuple[str, ...]:
        """An array of ULIDs; absent means empty."""
        values = self.items(name, max_items, optional=True)
        if not all(isinstance(value, bytes) and len(value) == 16 for value in values):
            raise self._bad(name)
        return tuple(id_from_bytes(value) for value in values)

    def digests(self, name: str, max_items: int) -> tuple[bytes, ...]:
        """An array of SHA-256 digests."""
        values = self.items(name, max_items)
        if not all(isinstance(value, bytes) and len(value) == 32 for value in values):
            raise self._bad(name)
        return tuple(values)

    def part(self, name: str) -> "Fields":
        """A map inside this one."""
        return Fields(self._map.get(name), f"{self._where}.{name}")

    def mapping(self, name: str, max_items: int) -> dict[str, Any]:
        """A map with text keys of at most `max_items`; absent means empty."""
        value = self._map.get(name, {})
        if not isinstance(value, dict) or len(value) > max_items or not all(isinstance(key, str) for key in value):
            raise self._bad(name)
        return value

    def choice(self, name: str, make: Callable[[Any], T]) -> T:
        """A member of an enumeration, or whatever `make` builds; its ValueError or KeyError refuses the field."""
        value = self._map.get(name)
        try:
            made = make(value)
        except (ValueError, KeyError, TypeError) as error:
            raise self._bad(name) from error
        if isinstance(made, Enum) and type(value) is not type(made.value):  # true is not 1
            raise self._bad(name)
        return made


def whole_numbers(value: Any, count: int) -> tuple[int, ...] | None:
    """An array of exactly `count` integers as a tuple, or None; to a ``case [int(a), int(b)]`` true would be 1."""
    if not isinstance(value, list) or len(value) != count or any(type(item) is not int for item in value):
        return None
    return tuple(value)


def _is_text(value: Any, max_chars: int) -> TypeGuard[str]:
    """Text within its limit and without U+0000, which PostgreSQL and C strings cannot hold."""
    return isinstance(value, str) and len(value) <= max_chars and "\x00" not in value
