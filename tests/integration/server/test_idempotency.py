"""The same request under the same key is done once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, Refused
from server.audit import AuditHead
from server.db import SqlDatabase
from server.idempotency import Answer, once, prune

NOW = datetime(2026, 1, 5, tzinfo=UTC)
KEY = "0123456789"


class _Work:
    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.done = 0

    async def work(self, session: AsyncSession) -> Answer:
        self.done += 1
        session.add(AuditHead(id=self.done))
        await session.flush()
        return {"number": self.done}

    async def ask(self, key: str | None = KEY, asked: bytes = b"a", user: str = "u1") -> Answer:
        return await once(self.database, lambda: NOW, user_id=user, key=key, asked=asked, work=self.work)


async def test_a_repeated_request_gets_the_first_answer_and_is_not_done_again(database: SqlDatabase):
    work = _Work(database)
    assert [await work.ask() for _ in range(3)] == [{"number": 1}] * 3
    assert work.done == 1


async def test_the_same_key_for_something_else_is_refused(database: SqlDatabase):
    work = _Work(database)
    await work.ask()
    with pytest.raises(Conflict, match="idempotency_mismatch"):
        await work.ask(asked=b"b")
    assert work.done == 1


async def test_two_people_may_use_the_same_key(database: SqlDatabase):
    work = _Work(database)
    assert await work.ask(user="u1") != await work.ask(user="u2")


async def test_without_a_key_every_request_is_done(database: SqlDatabase):
    work = _Work(database)
    assert await work.ask(key=None) != await work.ask(key=None)


async def test_requests_at_the_same_moment_are_done_once(database: SqlDatabase):
    work = _Work(database)
    answers = await asyncio.gather(*(work.ask() for _ in range(5)))
    assert answers == [{"number": 1}] * 5


async def test_a_failed_request_leaves_its_key_free(database: SqlDatabase):
    async def fail(_session: AsyncSession) -> Answer:
        raise Conflict("server.login_taken", login="x")

    with pytest.raises(Conflict, match="login_taken"):
        await once(database, lambda: NOW, user_id="u1", key=KEY, asked=b"a", work=fail)
    assert await _Work(database).ask() == {"number": 1}


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with space in", "có dấu tiếng việt"])
async def test_keys_that_are_no_keys_are_refused(database: SqlDatabase, key: str):
    with pytest.raises(Refused, match="idempotency_key_wrong"):
        await _Work(database).ask(key=key)


async def test_old_keys_are_forgotten(database: SqlDatabase):
    work = _Work(database)
    await work.ask()
    async with database.writing() as session:
        await prune(session, NOW + timedelta(hours=25))
    assert await work.ask() == {"number": 2}
