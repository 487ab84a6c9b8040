"""Write a migration from what the models have and the history lacks: `python -m server.migrations.revise 5 Title`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from server.db import SqlDatabase
from server.migrations import config, migrate


async def _revise(number: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = SqlDatabase(f"sqlite+aiosqlite:///{Path(folder) / 'history.db'}")
        await migrate(database)

        def write(connection: Connection) -> None:
            command.revision(config(connection), message, autogenerate=True, rev_id=number)

        async with database.engine.connect() as connection:
            await connection.run_sync(write)
        await database.close()


if __name__ == "__main__":
    asyncio.run(_revise(*sys.argv[1:3]))
