"""Column types the tables share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; a naive one is refused on the way in.

    SQLite keeps no zone, so the value is stored as UTC and the zone put back on reading.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC. Raises ValueError for a naive one."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime given to the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC datetime."""
        del dialect
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment_column(*, nullable: bool = True, index: bool = False, primary_key: bool = False) -> Any:
    """A column of aware UTC datetimes."""
    return Column(UtcDateTime(), nullable=nullable, index=index, primary_key=primary_key)


def json_column() -> Any:
    """A column of JSON that always has a value."""
    return Column(JSON, nullable=False)


def optional_json_column() -> Any:
    """A column of JSON that may have none."""
    return Column(JSON(none_as_null=True), nullable=True)


def enum_column(kind: type[StrEnum], *, index: bool = False, nullable: bool = False) -> Any:
    """A column that keeps a StrEnum as its value in plain text, so that a new member needs no migration."""
    text = Enum(kind, native_enum=False, length=24, values_callable=lambda members: [m.value for m in members])
    return Column(text, nullable=nullable, index=index)
