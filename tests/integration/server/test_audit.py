"""The activity log: chained, and nobody can quietly change it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from server import audit
from server.audit import AuditEntry, AuditHead
from server.db import SqlDatabase

NOW = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)


async def _write(database: SqlDatabase, count: int) -> None:
    for number in range(count):
        async with database.writing() as session:
            await audit.record(
                session,
                lambda: NOW,
                "u1",
                "broadcast",
                f"occurrence/{number}",
                place_id="bao-nhai",
                details={"tên": "Thôn Nậm Khắp"},
            )


async def test_entries_come_back_newest_first_by_page_and_place(database: SqlDatabase):
    await _write(database, 5)
    async with database.writing() as session:
        await audit.record(session, lambda: NOW, None, "prune", "content")
    async with database.reading() as session:
        page = await audit.entries(session, limit=2)
        rest = await audit.entries(session, before=page[-1].seq, limit=50)
        here = await audit.entries(session, places=frozenset({"bao-nhai"}))
    assert [entry.seq for entry in page + rest] == [6, 5, 4, 3, 2, 1]
    assert [entry.seq for entry in here] == [5, 4, 3, 2, 1]


async def test_an_untouched_chain_is_whole(database: SqlDatabase):
    await _write(database, 5)
    async with database.reading() as session:
        verdict = await audit.verify_chain(session)
    assert verdict.whole
    assert verdict.entries == 5


async def test_an_empty_chain_is_whole(database: SqlDatabase):
    async with database.reading() as session:
        assert (await audit.verify_chain(session)).whole


TAMPERINGS: dict[str, Callable[[], object]] = {
    "an altered detail": lambda: update(AuditEntry).where(col(AuditEntry.seq) == 3).values(details={"x": 1}),
    "another person": lambda: update(AuditEntry).where(col(AuditEntry.seq) == 3).values(user_id="u2"),
    "another time": lambda: (
        update(AuditEntry).where(col(AuditEntry.seq) == 3).values(at=datetime(2026, 1, 6, tzinfo=UTC))
    ),
    "a removed entry": lambda: delete(AuditEntry).where(col(AuditEntry.seq) == 3),
    "a removed end": lambda: delete(AuditEntry).where(col(AuditEntry.seq) == 5),
    "a head set back": lambda: update(AuditHead).values(seq=4),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_any_change_after_the_fact_is_found(database: SqlDatabase, tampering: str):
    await _write(database, 5)
    async with database.writing() as session:
        await session.execute(TAMPERINGS[tampering]())  # type: ignore[call-overload]  # any statement
    async with database.reading() as session:
        assert not (await audit.verify_chain(session)).whole


async def test_entries_written_at_once_make_one_chain(database: SqlDatabase):
    import asyncio

    await _write(database, 1)
    await asyncio.gather(*(_write(database, 3) for _ in range(4)))
    async with database.reading() as session:
        verdict = await audit.verify_chain(session)
    assert verdict == audit.Verdict(13, None)


async def test_an_act_that_is_rolled_back_leaves_no_entry(database: SqlDatabase):
    async def fail() -> None:
        async with database.writing() as session:
            await audit.record(session, lambda: NOW, "u1", "broadcast", "occurrence/1", place_id="bao-nhai")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        await fail()
    async with database.reading() as session:
        assert await audit.entries(session) == []
