"""The world's database: the server's own door on a real SQLite file, run in the loop's thread, mortal at any step.

SQLAlchemy's asynchronous engine needs a dialect that calls itself asynchronous; this one answers at once, so there are
no threads and the same seed gives the same run. A gate counts the steps and can refuse them: that is how a server is
killed between any two statements, and how a disk fails.
"""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIModule
from sqlalchemy.pool import AsyncAdaptedQueuePool

from server.db import SqlDatabase

DRIVER = "virtual"
_SYNCHRONOUS = "PRAGMA synchronous"


class Gate:
    """What stands between one server process and its disk."""

    def __init__(self, committed: Callable[[], None]) -> None:
        self._committed = committed
        self._open: list[_Connection] = []
        self.dead = False
        self.chance: Callable[[], float] = lambda: 1.0
        self.disk_fails = 0.0
        """The share of commits that the disk refuses."""
        self.steps = 0
        self.die_in: int | None = None
        self.die_after_commits: int | None = None
        self.on_death: Callable[[], None] = lambda: None

    def take(self, connection: "_Connection") -> None:
        self._open.append(connection)

    def step(self) -> None:
        """One statement. Raises sqlite3.OperationalError when the process is dead."""
        self.steps += 1
        if self.die_in is not None and not self.dead:
            self.die_in -= 1
            if self.die_in <= 0:
                self.kill()
        if self.dead:
            raise sqlite3.OperationalError("this process was killed")

    def before_commit(self) -> None:
        """Raises sqlite3.OperationalError when the disk takes nothing."""
        self.step()
        if self.disk_fails and self.chance() < self.disk_fails:
            raise sqlite3.OperationalError("disk I/O error")

    def after_commit(self) -> None:
        self._committed()
        if self.die_after_commits is not None and not self.dead:
            self.die_after_commits -= 1
            if self.die_after_commits <= 0:
                self.kill()

    def kill(self) -> None:
        """Nothing of this process reaches the disk any more; what was not committed is gone."""
        self.dead = True
        self.die_in = self.die_after_commits = None
        for connection in self._open:
            connection.perish()
        self._open.clear()
        self.on_death()


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        gate: Gate = self.connection.gate  # type: ignore[attr-defined]  # our connection, always
        gate.step()
        if sql.startswith(_SYNCHRONOUS):
            # The machine does not lose power in these worlds, only processes are killed: the page cache survives that.
            sql = f"{_SYNCHRONOUS}=OFF"
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any) -> "_Cursor":
        gate: Gate = self.connection.gate  # type: ignore[attr-defined]  # our connection, always
        gate.step()
        super().executemany(sql, parameters)
        return self

    async def _async_soft_close(self) -> None:
        """What SQLAlchemy asks of an asynchronous cursor: nothing is held here."""


class _Connection(sqlite3.Connection):
    """A connection of the process that was alive when it was made."""

    gate: Gate

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        if not self.in_transaction:
            return
        self.gate.before_commit()
        wrote = self.total_changes
        super().commit()
        if wrote:
            self.gate.after_commit()

    def rollback(self) -> None:
        if not self.gate.dead:
            super().rollback()

    def perish(self) -> None:
        """As the kernel closes the files of a dead process."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it had closed this one itself
            super().rollback()
            super().close()

    def close(self) -> None:
        if not self.gate.dead:
            super().close()


class VirtualDialect(SQLiteDialect_pysqlite):
    """SQLite that answers at once and calls itself asynchronous."""

    driver = DRIVER
    is_async = True
    supports_statement_cache = True
    gate: Gate
    """Of the process that connects now; set before anything connects."""

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        return sqlite3  # type: ignore[return-value]  # it is one

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        del url
        return AsyncAdaptedQueuePool

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        gate = VirtualDialect.gate
        connection = sqlite3.connect(
            *args, **{**kwargs, "factory": _Connection, "check_same_thread": False, "cached_statements": 512}
        )
        connection.gate = gate
        gate.take(connection)
        return connection


registry.register(f"sqlite.{DRIVER}", __name__, VirtualDialect.__name__)


class VirtualDatabase(SqlDatabase):
    """The server's database class on the virtual driver. Engines are made once a process: compiling takes longest."""

    def begin_anew(self, gate: Gate) -> None:
        """For a new server process: new connections, nobody waits for the writer's turn."""
        VirtualDialect.gate = gate
        for engine in (self._readers, self._writers):
            engine.sync_engine.dispose(close=False)
        self._turn = asyncio.Lock()


def database_at(path: Path) -> VirtualDatabase:
    """The database in this file."""
    return VirtualDatabase(f"sqlite+{DRIVER}:///{path}")


def lay_down(template: Path, path: Path) -> None:
    """Put a copy of the template where a world's database is to be."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(template, path)
