"""Alembic's entry: runs the scripts on the connection `server.migrations` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Enum, LargeBinary, String
from sqlmodel.sql.sqltypes import AutoString

from base.columns import UtcDateTime
from server.tables import metadata


def _as_plain_type(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """Write our column types as SQLAlchemy's own, so that an old migration never depends on today's code."""
    if kind != "type":
        return False
    match value:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case Enum() | AutoString() | String():
            return f"sa.String({value.length or ''})"
        case LargeBinary():
            return "sa.LargeBinary()"
    return False


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=True,
    render_item=_as_plain_type,
)
with context.begin_transaction():
    context.run_migrations()
