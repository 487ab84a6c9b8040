"""The activity log: append-only, each entry chained to the one before by SHA-256, so that none goes quietly.

Entries are written in the transaction of the act they record, as its last statement: the head row is locked from then
to the commit, and a fixed order of locks cannot deadlock.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col, select

from base.columns import json_column, moment_column
from base.times import Clock, to_ms

_ZERO = bytes(32)
_PAGE = 1_000


class AuditEntry(SQLModel, table=True):
    """Who did what to what, where and when. `object`: noun/id."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    user_id: str | None = Field(default=None, max_length=26, index=True)
    action: str = Field(max_length=48)
    object: str = Field(max_length=120)
    place_id: str | None = Field(default=None, max_length=48, index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    prev: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditHead(SQLModel, table=True):
    """Where the chain stands; one row, the lock under which it grows."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = 0
    digest: bytes = Field(default=_ZERO, sa_column=Column(LargeBinary, nullable=False))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the chain found: how many entries are sound, and the first that is not."""

    entries: int
    broken_at: int | None

    @property
    def whole(self) -> bool:
        """Whether nothing was altered, removed or slipped in."""
        return self.broken_at is None


async def ensure_head(session: AsyncSession) -> None:
    """Make the head row, so that the first entries of two people at once find it to lock."""
    if await session.get(AuditHead, 1) is None:
        session.add(AuditHead(id=1))
        await session.flush()


async def record(
    session: AsyncSession,
    clock: Clock,
    user_id: str | None,
    action: str,
    object: str,  # noqa: A002 - the word of the trade: subject, action, object
    *,
    place_id: str | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append an entry; user None is the system itself. `details`: plain JSON values, no secrets."""
    head = await session.get(AuditHead, 1, with_for_update=True)
    if head is None:
        await ensure_head(session)
        head = await session.get_one(AuditHead, 1)
    entry = AuditEntry(
        seq=head.seq + 1,
        at=clock(),
        user_id=user_id,
        action=action,
        object=object,
        place_id=place_id,
        details=details or {},
        prev=head.digest,
        digest=_ZERO,
    )
    entry.digest = _digest(entry)
    session.add(entry)
    head.seq, head.digest = entry.seq, entry.digest
    await session.flush()
    return entry


async def entries(
    session: AsyncSession,
    *,
    before: int | None = None,
    limit: int = 50,
    places: frozenset[str] | None = None,
    user_id: str | None = None,
) -> list[AuditEntry]:
    """Entries, newest first, before the number `before`; of these places only, or of all (None)."""
    query = select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(limit)
    if before is not None:
        query = query.where(col(AuditEntry.seq) < before)
    if places is not None:
        query = query.where(col(AuditEntry.place_id).in_(places))
    if user_id is not None:
        query = query.where(col(AuditEntry.user_id) == user_id)
    return list(await session.scalars(query))


async def verify_chain(session: AsyncSession) -> Verdict:
    """Check every link from the first entry to the head."""
    seq, digest = 0, _ZERO
    while True:
        query = select(AuditEntry).where(col(AuditEntry.seq) > seq).order_by(col(AuditEntry.seq)).limit(_PAGE)
        page = list(await session.scalars(query))
        if not page:
            break
        for entry in page:
            if entry.seq != seq + 1 or entry.prev != digest or entry.digest != _digest(entry):
                return Verdict(seq, seq + 1)
            seq, digest = entry.seq, entry.digest
        session.expunge_all()
    head = await session.get(AuditHead, 1)
    expected = (head.seq, head.digest) if head else (0, _ZERO)
    return Verdict(seq, None if expected == (seq, digest) else seq + 1)


def _digest(entry: AuditEntry) -> bytes:
    """SHA-256 of the entry in canonical JSON, its time in Unix milliseconds."""
    content = [
        entry.seq,
        to_ms(entry.at),
        entry.user_id,
        entry.action,
        entry.object,
        entry.place_id,
        entry.details,
        entry.prev.hex(),
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).digest()
