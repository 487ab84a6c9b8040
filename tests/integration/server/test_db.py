"""Transactions on both databases."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from server.audit import AuditHead
from server.db import SqlDatabase, on_commit
from server.migrations import migrate


async def _heads(database: SqlDatabase) -> list[int]:
    async with database.reading() as session:
        return sorted((await session.scalars(select(AuditHead.id))).all())


async def test_a_block_that_ends_well_is_committed_and_one_that_raises_leaves_nothing(database: SqlDatabase):
    async with database.writing() as session:
        session.add(AuditHead(id=1))

    async def fail() -> None:
        async with database.writing() as session:
            session.add(AuditHead(id=2))
            await session.flush()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail()
    assert await _heads(database) == [1]


async def test_callbacks_run_after_the_commit_and_never_after_a_rollback(database: SqlDatabase):
    told: list[str] = []
    async with database.writing() as session:
        session.add(AuditHead(id=1))
        on_commit(session, lambda: told.append("first"))
        assert told == []

    async def fail() -> None:
        async with database.writing() as session:
            on_commit(session, lambda: told.append("never"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail()
    assert told == ["first"]
    assert await _heads(database) == [1]


async def test_a_callback_that_fails_neither_undoes_the_commit_nor_stops_the_next(database: SqlDatabase):
    told: list[str] = []

    def fail() -> None:
        raise RuntimeError("listener")

    async with database.writing() as session:
        session.add(AuditHead(id=1))
        on_commit(session, fail)
        on_commit(session, lambda: told.append("second"))
    assert told == ["second"]
    assert await _heads(database) == [1]


async def test_a_cancelled_commit_is_finished_and_told(database: SqlDatabase):
    told: list[str] = []
    written = asyncio.Event()

    async def write() -> None:
        async with database.writing() as session:
            session.add(AuditHead(id=1))
            await session.flush()
            on_commit(session, lambda: told.append("told"))
            written.set()

    task = asyncio.create_task(write())
    await written.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (told == ["told"]) == (await _heads(database) == [1])


async def test_a_reader_does_not_wait_for_a_writer_and_sees_the_state_before(database: SqlDatabase):
    async with database.writing() as session:
        session.add(AuditHead(id=1))
        await session.flush()
        assert await asyncio.wait_for(_heads(database), 60) == []
    assert await _heads(database) == [1]


async def test_a_reading_session_cannot_write(database: SqlDatabase):
    async with database.reading() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("INSERT INTO audit_head (id, seq, digest) VALUES (1, 0, 'x')"))


async def test_many_writers_at_once_all_get_their_turn(database: SqlDatabase):
    async def write(number: int) -> None:
        async with database.writing() as session:
            session.add(AuditHead(id=number))

    await asyncio.gather(*(write(number) for number in range(20)))
    assert await _heads(database) == list(range(20))


async def test_sqlite_is_told_to_survive_power_cuts_and_to_keep_foreign_keys(tmp_path: Path):
    database = SqlDatabase(f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'loa.db'}")
    async with database.writing() as session:
        found = {
            name: (await session.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


async def test_two_servers_on_one_sqlite_file_wait_for_each_other(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    one, other = SqlDatabase(url), SqlDatabase(url)
    await migrate(one)

    async def write(database: SqlDatabase, number: int) -> None:
        async with database.writing() as session:
            session.add(AuditHead(id=number))
            await session.flush()
            await asyncio.sleep(0.01)

    await asyncio.gather(*(write((one, other)[number % 2], number) for number in range(10)))
    assert await _heads(one) == list(range(10))
    await one.close()
    await other.close()


def test_a_password_from_a_file_is_put_into_the_url_and_never_shown():
    database = SqlDatabase("postgresql+psycopg://loa@localhost/loa", password="s3cret")
    assert database.url.password == "s3cret"
    assert "s3cret" not in str(database.url)
    assert "s3cret" not in repr(database.engine)


async def test_a_commit_that_the_database_refuses_costs_no_later_writer_anything(tmp_path: Path):
    database = SqlDatabase(f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}")
    await migrate(database)

    async def fail() -> None:
        async with database.writing() as session:
            # Checked at COMMIT only: SQLite then refuses it and leaves the transaction open, as on a full disk.
            await session.execute(text("PRAGMA defer_foreign_keys = ON"))
            await session.execute(text("INSERT INTO zone (id, commune_id, name) VALUES ('z', 'nowhere', 'Z')"))

    try:
        with pytest.raises(DBAPIError, match="FOREIGN KEY"):
            await fail()
        async with database.writing() as session:
            session.add(AuditHead(id=7))
        assert await _heads(database) == [7]
    finally:
        await database.close()
