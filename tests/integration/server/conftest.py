"""Databases of both kinds for the tests of this folder, migrated as a real server does."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Table, insert, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from audio.speech.espeak import Espeak
from base.ids import new_id
from base.mqtt import BrokerAddress
from devices.keys import ensure_authority
from devices.site import demo_site, enrol_site, import_site
from schedules.models import Policy
from server.app import create_app
from server.auth.models import Role
from server.auth.passwords import one_time_password
from server.auth.users import create_user, ensure_administrator
from server.commands._open import opened_with
from server.db import SqlDatabase
from server.jobs import jobs_of
from server.migrations import migrate
from server.runtime import Runtime
from server.settings import Settings
from tests.support.made_once import THIS_SESSION
from tests.support.postgres import running_postgres
from tests.support.until import until


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


NOWHERE = BrokerAddress("127.0.0.1", 1)
"""No broker listens there: the server must work without one."""


PASSWORD = one_time_password()
"""Of everybody in these tests."""
PASSWORD_HASH = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""A hash says how dear it is to verify; at the price of real ones, signing in would be a third of what all tests do."""


class Station:
    """A running server with the demo's places, and a way to sign in as anybody."""

    def __init__(self, runtime: Runtime, app: FastAPI, clients: AsyncExitStack) -> None:
        self.runtime = runtime
        self.app = app
        self._clients = clients

    async def client(self, **headers: str) -> AsyncClient:
        """Somebody who is not signed in."""
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        made = AsyncClient(transport=transport, base_url="http://loa.test", headers=headers)
        return await self._clients.enter_async_context(made)

    async def person(self, *roles: tuple[Role, str]) -> AsyncClient:
        """A new person with these roles, signed in with a bearer token."""
        name = f"p{new_id().lower()}"
        async with self.runtime.database.writing() as session:
            await create_user(
                session,
                self.runtime.clock,
                name=name,
                login=name,
                password_hash=PASSWORD_HASH,
                grants=roles,
                must_change=False,
            )
        signed = await self.runtime.people.issue_token(name, PASSWORD, "test", "test")
        return await self.client(Authorization=f"Bearer {signed.token}")


@asynccontextmanager
async def running_station(
    folder: Path, database_url: str = "", broker: BrokerAddress = NOWHERE, *, anew: bool = False, **settings: object
) -> AsyncIterator[Station]:
    """A server on a data folder, with the demo's commune enrolled. anew: it starts for the first time ever."""
    chosen = Settings(data_dir=folder / "data", database={"url": database_url}, **settings)  # type: ignore[arg-type]
    is_new = not chosen.data_dir.exists()
    prepared = await _prepared() if is_new and not anew and not database_url else None
    if prepared is not None:
        shutil.copytree(prepared.folder, chosen.data_dir)
    async with Runtime.start(chosen, broker=broker) as runtime, AsyncExitStack() as clients:
        # Whoever sees the commune at the start speaks its alarms at once, in every test.
        await until(lambda: not is_new or all(_has_run(runtime, job.name) for job in jobs_of(runtime)))
        if prepared is None:
            await _enrol(runtime)
        else:
            async with runtime.database.writing() as session:
                for table, rows in prepared.enrolled:
                    await session.execute(insert(table), rows)
        runtime.places.forget()
        yield Station(runtime, create_app(runtime), clients)


def _has_run(runtime: Runtime, job: str) -> bool:
    return bool(runtime.metrics.registry.get_sample_value("loa_tick_seconds_count", {"job": job}))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What every station of this process begins with, made once: that is most of what a station costs.

    folder: data with tables, an administrator and keys; enrolled: the rows of the commune, which come after the start.
    """

    folder: Path
    enrolled: list[tuple[Table, list[dict[str, Any]]]]


_MADE: list[_Prepared] = []


async def _prepared() -> _Prepared:
    if not _MADE:
        made = THIS_SESSION.folder("station")
        settings, begun = Settings(data_dir=made / "data"), made / "begun"
        async with opened_with(settings) as runtime, runtime.database.writing() as session:
            await ensure_administrator(session, runtime.clock)
        shutil.copytree(settings.data_dir, begun)
        async with opened_with(settings) as runtime:
            before = await _rows(runtime.database)
            await _enrol(runtime)
            after = await _rows(runtime.database)
        shutil.copytree(settings.data_dir / "keys", begun / "keys", dirs_exist_ok=True)
        new = ((table, [row for row in rows if row not in before[table]]) for table, rows in after.items())
        _MADE.append(_Prepared(begun, [(table, rows) for table, rows in new if rows]))
    return _MADE[0]


async def _rows(database: SqlDatabase) -> dict[Table, list[dict[str, Any]]]:
    async with database.reading() as session:
        return {
            table: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for table in SQLModel.metadata.sorted_tables
        }


async def _enrol(runtime: Runtime) -> None:
    site = demo_site()
    async with runtime.database.writing() as session:
        await import_site(session, site)
        for authority_id in site.authority_ids:
            await ensure_authority(session, runtime.keys, authority_id, runtime.clock)
        await enrol_site(session, site, keys=runtime.keys, clock=runtime.clock)
        # No hours at all permit every hour: these tests run at any time of the day.
        await session.merge(Policy(place_id=site.commune_id, hours=[], source="tests"))


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[Station]:
    """A server on SQLite."""
    async with running_station(tmp_path) as running:
        yield running


@pytest.fixture
async def both_stations(database_url: str, tmp_path: Path) -> AsyncIterator[Station]:
    """A server on each database in turn."""
    async with running_station(tmp_path, database_url) as running:
        yield running


@pytest.fixture(scope="session")
def bulletin_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spoken bulletin of some seconds."""
    out = tmp_path_factory.mktemp("bulletin") / "bulletin.wav"
    asyncio.run(Espeak().speak("Kính thưa bà con. Chiều nay thôn họp tại nhà văn hóa.", "vi", 1.0, out))
    return out
