"""Insert-or-update that SQLite and PostgreSQL both take, many rows in one statement."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

Insert = sqlite.Insert | postgresql.Insert
Changes = Callable[[Any], Mapping[str, ColumnElement[Any]]]
"""From the row that could not be inserted (``excluded``) to the new values of the row that is there."""


def table(model: type[SQLModel]) -> Table:
    """The table a model describes."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def insert_into(session: AsyncSession, model: type[SQLModel]) -> Insert:
    """An INSERT of the session's dialect, which knows ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table(model))
    return sqlite.insert(table(model))


async def insert_new(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet; the others stay as they are."""
    if rows:
        await session.execute(insert_into(session, model).on_conflict_do_nothing(), list(rows))


async def upsert(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], changes: Changes | None = None
) -> None:
    """Insert rows; where the primary key is there, take the new values, or what `changes` says.

    Every row gives the same columns, the primary key among them.
    """
    if not rows:
        return
    statement = insert_into(session, model)
    key = [column.name for column in table(model).primary_key]
    excluded = statement.excluded
    given = changes(excluded) if changes else {name: excluded[name] for name in rows[0] if name not in key}
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_=dict(given)), list(rows))


def values(row: SQLModel) -> dict[str, Any]:
    """The columns of a row that is not in the database yet."""
    return {column.name: getattr(row, column.name) for column in table(type(row)).columns}
