"""What several commands need: a server's parts on its own data, none of them running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from base.mqtt import BrokerAddress
from base.times import utc_now
from server.db import SqlDatabase
from server.migrations import migrate
from server.runtime import Runtime, build
from server.settings import Settings, load_settings

_NOWHERE = BrokerAddress("127.0.0.1", 1)
"""The parts are built and not begun: nobody connects."""


@asynccontextmanager
async def opened(config: Path | None) -> AsyncIterator[Runtime]:
    """Open what the settings name; the tables are brought to the newest revision first."""
    async with opened_with(load_settings(config)) as runtime:
        yield runtime


@asynccontextmanager
async def opened_with(settings: Settings) -> AsyncIterator[Runtime]:
    """The same for settings already read."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = SqlDatabase(settings.database_url, password=settings.database_password)
    try:
        await migrate(database)
        yield build(settings, database, _NOWHERE, utc_now)
    finally:
        await database.close()
