"""Databases of both kinds for the tests of this folder, migrated as a real server does."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from base.ids import new_id
from server.db import SqlDatabase
from server.migrations import migrate
from tests.support.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the session."""
    folder = Path(tempfile.mkdtemp(prefix="loa-pg-"))
    folder.chmod(0o755)
    try:
        with running_postgres(folder / "s") as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def new_postgres_database(server_url: str) -> str:
    """Make an empty database and return its URL."""
    name = f"t{new_id().lower()}"
    engine = create_async_engine(server_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    return await new_postgres_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqlDatabase]:
    """A migrated database of each kind in turn."""
    opened = SqlDatabase(database_url)
    await migrate(opened)
    yield opened
    await opened.close()
