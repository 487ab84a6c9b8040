"""The history of the tables, and the way to bring a database up to the present."""

from functools import cache
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from base.errors import Refused
from server.db import SqlDatabase
from server.tables import metadata

_LOCK = 0x6C6F61
"""The PostgreSQL advisory lock under which one server of several migrates ("loa")."""


async def migrate(database: SqlDatabase) -> None:
    """Bring the tables to the newest revision, in one transaction. Raises Refused("server.database_newer")."""
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def differences(database: SqlDatabase) -> list[object]:
    """What the models have that the migrated tables lack, or the other way round; empty when they agree."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_compare)


async def check_newest(database: SqlDatabase) -> None:
    """Raise Refused("server.database_not_ready") unless the tables are of the newest revision; nothing is written."""
    async with database.reading() as session:
        connection = await session.connection()
        current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    if current != newest():
        raise Refused("server.database_not_ready", revision=current or "")


@cache
def newest() -> str:
    """The newest revision there is: the scripts are called after theirs."""
    found = (script.name[:4] for script in (files(__name__) / "versions").iterdir() if script.name.endswith(".py"))
    return max(name for name in found if name.isdigit())


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration: the scripts lie beside this file, the connection is ours."""
    settings = Config()
    settings.set_main_option("script_location", str(files(__name__)))
    settings.attributes["connection"] = connection
    return settings


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    current = MigrationContext.configure(connection).get_current_revision()
    if current == newest():
        return
    settings = config(connection)
    try:
        ScriptDirectory.from_config(settings).get_revision(current or "base")
    except CommandError as error:
        raise Refused("server.database_newer", revision=current or "") from error
    command.upgrade(settings, "head")


def _compare(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    found: list[object] = compare_metadata(context, metadata)
    return found
