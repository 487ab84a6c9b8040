"""A real database for tests: the same promises as the server's, tables made straight from the models."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel

from tests.support.made_once import THIS_SESSION


class TemporaryDatabase:
    """SQLite with one writer at a time (BEGIN IMMEDIATE), foreign keys on and WAL, or PostgreSQL; implements
    `base.database.Database`.
    """

    __test__ = False

    def __init__(self, place: Path | str) -> None:
        url = place if isinstance(place, str) else f"sqlite+aiosqlite:///{place}"
        self.engine = create_async_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare)
            event.listen(self.engine.sync_engine, "begin", _begin)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self.engine.execution_options(loa_writing=True), expire_on_commit=False)
        self.fail_next_commit = False

    async def create_tables(self) -> None:
        """All of them, before anything else is asked of it."""
        if self.engine.url.database is not None and self.engine.dialect.name == "sqlite":
            copy_of_empty(Path(self.engine.url.database))
            return
        async with self._writers() as session, session.begin():
            await session.run_sync(lambda s: SQLModel.metadata.create_all(s.connection()))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with self._writers() as session, session.begin():
            yield session
            await session.flush()
            if self.fail_next_commit:
                self.fail_next_commit = False
                raise OSError("the disk is gone")

    async def close(self) -> None:
        await self.engine.dispose()


_EMPTY: list[Path] = []
"""The database file of this process that has tables and no rows."""


def copy_of_empty(path: Path) -> None:
    """Let there be an SQLite file with every table: copied, for making them is most of what a small test costs."""
    if not _EMPTY:
        folder = THIS_SESSION.folder("empty")
        engine = create_engine(f"sqlite:///{folder / 'empty.db'}")
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        _EMPTY.append(folder / "empty.db")
    shutil.copyfile(_EMPTY[0], path)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    writing = connection.get_execution_options().get("loa_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
