"""A small enrolled site on databases of both kinds."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

from base.ids import new_id
from tests.support.database import TemporaryDatabase
from tests.support.postgres import running_postgres
from tests.support.speakers import SmallSite, small_site
from tests.support.uplinks import Uplink, running


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """A PostgreSQL server for the session, and in it the database that the others are copied from."""
    folder = Path(tempfile.mkdtemp(prefix="loa-pg-"))
    folder.chmod(0o755)
    try:
        with running_postgres(folder / "s") as url:
            _execute(url, "CREATE DATABASE template_loa")
            template = create_engine(_named(url, "template_loa"))
            SQLModel.metadata.create_all(template)
            template.dispose()
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TemporaryDatabase]:
    if request.param == "sqlite":
        made = TemporaryDatabase(tmp_path / "loa.db")
        await made.create_tables()
    else:
        url, name = request.getfixturevalue("postgres_template"), f"t{new_id().lower()}"
        await asyncio.to_thread(_execute, url, f"CREATE DATABASE {name} TEMPLATE template_loa")
        made = TemporaryDatabase(_named(url, name))
    yield made
    await made.close()


@pytest.fixture
async def site(database: TemporaryDatabase, tmp_path: Path) -> SmallSite:
    return await small_site(database, tmp_path)


@pytest.fixture
async def uplink(site: SmallSite) -> AsyncIterator[Uplink]:
    async with running(site) as made:
        yield made
