"""The only door to the database engine: transactions for every room, on SQLite or PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

_log = structlog.get_logger(__name__)

BUSY_TIMEOUT_MS = 10_000
_CALLBACKS = "loa_after_commit"

Callback = Callable[[], None]


def on_commit(session: AsyncSession, callback: Callback) -> None:
    """Run `callback` once what this session wrote is safe; never when it is rolled back."""
    session.info.setdefault(_CALLBACKS, []).append(callback)


class SqlDatabase:
    """Transactions on one database.

    SQLite takes one writer at a time: writers of this process queue in order, those of another wait by busy_timeout.
    PostgreSQL writers run side by side; the unique constraints and row locks of the rooms are the fences.
    """

    def __init__(self, url: str, *, password: str | None = None, pool_size: int = 8) -> None:
        self.url: URL = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if password is not None and self.url.password is None and not self.is_sqlite:
            self.url = self.url.set(password=password)
        if self.is_sqlite:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self._readers = _sqlite_engine(self.url, writes=False, pool_size=pool_size)
            self._writers = _sqlite_engine(self.url, writes=True, pool_size=1)
        else:
            self._writers = create_async_engine(self.url, pool_size=pool_size, pool_pre_ping=True)
            self._readers = self._writers.execution_options(postgresql_readonly=True)
        self._turn = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """The engine that may write, for migrations."""
        return self._writers

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads one consistent state; it never waits for a writer."""
        async with AsyncSession(self._readers, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one write transaction, committed at the end of the block; `on_commit` callbacks follow."""
        turn: contextlib.AbstractAsyncContextManager[Any] = self._turn if self.is_sqlite else contextlib.nullcontext()
        async with turn, AsyncSession(self._writers, expire_on_commit=False) as session:
            try:
                yield session
            except BaseException:
                await session.rollback()
                raise
            await _to_the_end(_commit(session))

    async def close(self) -> None:
        """Give every connection back."""
        await self._readers.dispose()
        await self._writers.dispose()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` even when we are cancelled meanwhile: what was committed must also be told."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _commit(session: AsyncSession) -> None:
    try:
        await session.commit()
    except BaseException:
        # SQLite may leave the transaction open (a full disk, a constraint checked at the end), and nobody would roll it
        # back: the next writer would find it. The connection is thrown away with it.
        await session.invalidate()
        raise
    callbacks: list[Callback] = session.info.pop(_CALLBACKS, [])
    for callback in callbacks:
        try:
            callback()
        except Exception:  # noqa: BLE001 - the transaction is done; a listener's failure must not look like its failure
            _log.exception("database.after_commit_failed")


def _sqlite_engine(url: URL, *, writes: bool, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in _pragmas(writes=writes):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _pragmas(*, writes: bool) -> tuple[str, ...]:
    """WAL and synchronous=FULL: a commit survives a power cut, and a reader never waits for the writer."""
    return (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"query_only={'OFF' if writes else 'ON'}",
    )
