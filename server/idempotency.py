"""A request repeated with the same Idempotency-Key is done once and answered the same."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, LargeBinary, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from base.columns import json_column, moment_column
from base.database import Database
from base.errors import Conflict, Refused
from base.times import Clock

KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{8,128}")

Answer = dict[str, Any]
Work = Callable[[AsyncSession], Awaitable[Answer]]


class IdempotencyKey(SQLModel, table=True):
    """A person's key, what was asked under it (SHA-256), and what was answered."""

    __tablename__ = "idempotency_key"

    user_id: str = Field(primary_key=True, max_length=26)
    key: str = Field(primary_key=True, max_length=128)
    asked: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answer: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    created_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))


async def once(database: Database, clock: Clock, *, user_id: str, key: str | None, asked: bytes, work: Work) -> Answer:
    """Do `work` in one write transaction with its key, or give back what was answered to it before.

    `asked`: what the request says, route included. Raises Refused("server.idempotency_key_wrong"),
    Conflict("server.idempotency_mismatch"), and whatever `work` raises: then nothing is kept and the key is free.
    """
    if key is None:
        async with database.writing() as session:
            return await work(session)
    if not _KEY.fullmatch(key):
        raise Refused("server.idempotency_key_wrong")
    digest = hashlib.sha256(asked).digest()
    try:
        row = IdempotencyKey(user_id=user_id, key=key, asked=digest, created_at=clock())
        return await _first(database, row, work)
    except _TakenMeanwhile:
        async with database.reading() as session:
            return _repeated(await session.get(IdempotencyKey, (user_id, key)), digest)


async def prune(session: AsyncSession, now: datetime) -> None:
    """Forget keys older than `KEPT`."""
    await session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - KEPT))


class _TakenMeanwhile(Exception):
    """Another request with the same key committed first (only where writers run side by side)."""


async def _first(database: Database, row: IdempotencyKey, work: Work) -> Answer:
    async with database.writing() as session:
        known = await session.get(IdempotencyKey, (row.user_id, row.key))
        if known is not None:
            return _repeated(known, row.asked)
        session.add(row)
        try:
            await session.flush()
        except IntegrityError as error:
            raise _TakenMeanwhile from error
        row.answer = await work(session)
        return row.answer


def _repeated(known: IdempotencyKey | None, digest: bytes) -> Answer:
    if known is None or known.asked != digest:
        raise Conflict("server.idempotency_mismatch")
    return known.answer
