"""What several commands need: a server's parts on its own data, none of them running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url

from base.errors import Refused
from base.mqtt import BrokerAddress
from base.times import utc_now
from server.db import SqlDatabase
from server.migrations import check_newest, migrate
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


@asynccontextmanager
async def opened_to_read(config: Path | None) -> AsyncIterator[Runtime]:
    """Open what the settings name, to read from it. Raises Refused("server.database_not_ready"); nothing is made."""
    settings = load_settings(config)
    _check_there(settings)
    database = SqlDatabase(settings.database_url, password=settings.database_password)
    try:
        await check_newest(database)
        yield build(settings, database, _NOWHERE, utc_now)
    finally:
        await database.close()


def _check_there(settings: Settings) -> None:
    """SQLite would make what it does not find."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise Refused("server.database_not_ready", revision="")
