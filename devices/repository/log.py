"""Queries on order logs, their entries, and the contents they name."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.missing import InForce
from devices.models import Device, OrderEntry, OrderLog, PublishedContent
from devices.repository.tables import insert_into, insert_new, upsert, values
from devices.wire.topics import DEVICE_LOG_PREFIX

FLOOR_MARGIN = timedelta(hours=2)
"""How long an order must be expired before a floor passes it, so that a clock set wrong for a while loses nothing."""


async def lock_log(session: AsyncSession, log: str) -> OrderLog | None:
    """The log's row, locked against other writers (on SQLite the write transaction already is that lock)."""
    found = await session.scalars(
        select(OrderLog).where(col(OrderLog.log) == log).with_for_update().execution_options(populate_existing=True)
    )
    return found.first()


async def create_log(session: AsyncSession, log: str, signer_id: str) -> None:
    """An empty log, unless it is there."""
    await insert_new(session, OrderLog, [values(OrderLog(log=log, signer_id=signer_id))])


async def insert_entry(session: AsyncSession, entry: OrderEntry) -> bool:
    """Insert an order; False when one of the two fences stands in the way (and nothing was inserted)."""
    statement = insert_into(session, OrderEntry).values(values(entry)).on_conflict_do_nothing()
    inserted = await session.execute(statement.returning(col(OrderEntry.id)))
    return inserted.first() is not None


async def advance_log(session: AsyncSession, log: str, head: int, tip: bytes, issued_at: datetime) -> bool:
    """Move the log one further, if it still stands at `head`."""
    result = await session.execute(
        update(OrderLog)
        .where(col(OrderLog.log) == log, col(OrderLog.head) == head)
        .values(head=head + 1, tip=tip, issued_at=issued_at)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


async def publish_contents(session: AsyncSession, contents: Sequence[PublishedContent]) -> None:
    """Let devices fetch these until the latest order that names them expires."""
    until = PublishedContent.__table__.c.until  # type: ignore[attr-defined]  # SQLModel does not declare it
    await upsert(
        session,
        PublishedContent,
        [values(content) for content in contents],
        lambda new: {"until": case((until < new.until, new.until), else_=until)},
    )


async def published_content(session: AsyncSession, sha256: str) -> PublishedContent | None:
    return await session.get(PublishedContent, sha256)


async def commune_of_device(session: AsyncSession, device_id: str) -> str | None:
    found = await session.scalars(select(col(Device.commune_id)).where(col(Device.id) == device_id))
    return found.first()


async def play_order(session: AsyncSession, occurrence_id: str) -> OrderEntry | None:
    """The order that made an occurrence sound."""
    found = await session.scalars(
        select(OrderEntry).where(col(OrderEntry.occurrence_id) == occurrence_id, col(OrderEntry.kind) == "play")
    )
    return found.first()


async def unsent(session: AsyncSession, now: datetime, but: Collection[str], limit: int) -> Sequence[OrderEntry]:
    """Orders in force that were never handed to the broker, the most urgent first, then in the logs' order."""
    found = await session.scalars(
        select(OrderEntry)
        .where(
            col(OrderEntry.sent_at).is_(None),
            col(OrderEntry.expires_at) > now,
            col(OrderEntry.id).not_in(but),
        )
        .order_by(col(OrderEntry.urgency).desc(), col(OrderEntry.seq))
        .limit(limit)
    )
    return found.all()


async def mark_sent(session: AsyncSession, sent: Mapping[str, datetime]) -> None:
    """Note when orders went out; many in one statement."""
    rows = [{"id": order_id, "sent_at": at} for order_id, at in sent.items()]
    await session.execute(update(OrderEntry), rows)


async def logs(session: AsyncSession, names: Collection[str]) -> dict[str, OrderLog]:
    found = await session.scalars(select(OrderLog).where(col(OrderLog.log).in_(names)))
    return {row.log: row for row in found}


async def all_logs(session: AsyncSession) -> Sequence[OrderLog]:
    return (await session.scalars(select(OrderLog))).all()


async def authority_logs(session: AsyncSession) -> Sequence[OrderLog]:
    """Every log that is not one device's own."""
    found = await session.scalars(select(OrderLog).where(col(OrderLog.log).not_like(f"{DEVICE_LOG_PREFIX}%")))
    return found.all()


async def in_force_stretches(
    session: AsyncSession, names: Collection[str], now: datetime
) -> dict[str, list[tuple[int, int]]]:
    """Log → the inclusive runs of numbers whose orders have not long expired, lowest first; logs with none left out.

    The database finds the edges of the runs, so that a log of a thousand orders costs a few rows.
    """
    each = col(OrderEntry.seq)
    numbers = (
        select(
            col(OrderEntry.log).label("log"),
            each.label("seq"),
            func.lag(each).over(partition_by=col(OrderEntry.log), order_by=each).label("before"),
            func.lead(each).over(partition_by=col(OrderEntry.log), order_by=each).label("after"),
        )
        .where(col(OrderEntry.log).in_(names), col(OrderEntry.expires_at) > now - FLOOR_MARGIN)
        .subquery()
    ).c
    begins = or_(numbers.before.is_(None), numbers.before < numbers.seq - 1)
    ends = or_(numbers.after.is_(None), numbers.after > numbers.seq + 1)
    found = await session.execute(
        select(numbers.log, numbers.seq, begins.label("begins"), ends.label("ends"))
        .where(or_(begins, ends))
        .order_by(numbers.log, numbers.seq)
    )
    runs: dict[str, list[tuple[int, int]]] = {}
    low = 0
    for log, seq, is_begin, is_end in found:
        low = seq if is_begin else low
        if is_end:
            runs.setdefault(log, []).append((low, seq))
    return runs


async def raise_floors(session: AsyncSession, floors: Mapping[str, int]) -> None:
    """Note that nothing below these numbers is needed any more; many in one statement."""
    if floors:
        rows = [{"log": log, "floor": floor} for log, floor in floors.items()]
        await session.execute(update(OrderLog), rows)


async def in_force_above(session: AsyncSession, held: Mapping[str, int], now: datetime) -> list[InForce]:
    """Unexpired orders of each log above a number, the most urgent first, then in the logs' order."""
    wanted = or_(*(and_(col(OrderEntry.log) == log, col(OrderEntry.seq) > upto) for log, upto in held.items()))
    found = await session.execute(
        select(
            col(OrderEntry.id),
            col(OrderEntry.log),
            col(OrderEntry.seq),
            col(OrderEntry.urgency),
            col(OrderEntry.issued_at),
        )
        .where(col(OrderEntry.expires_at) > now, wanted)
        .order_by(col(OrderEntry.urgency).desc(), col(OrderEntry.log), col(OrderEntry.seq))
    )
    return [InForce(*row) for row in found]


async def envelopes(session: AsyncSession, order_ids: Collection[str]) -> dict[str, bytes]:
    """Order → its signed bytes."""
    found = await session.execute(
        select(col(OrderEntry.id), col(OrderEntry.envelope)).where(col(OrderEntry.id).in_(order_ids))
    )
    return {row[0]: row[1] for row in found}


async def urgent_in_force(session: AsyncSession, urgency: int, now: datetime) -> Sequence[OrderEntry]:
    """Published orders in force that are at least so urgent, in the order they were issued."""
    found = await session.scalars(
        select(OrderEntry)
        .where(
            col(OrderEntry.expires_at) > now, col(OrderEntry.urgency) >= urgency, col(OrderEntry.sent_at).is_not(None)
        )
        .order_by(col(OrderEntry.issued_at), col(OrderEntry.seq))
    )
    return found.all()


async def signed_and_in_force(
    session: AsyncSession, signer_id: str, epochs: Collection[int], types: Collection[str], now: datetime
) -> Sequence[OrderEntry]:
    """Orders of these types in force that keys of these epochs of an authority signed, in whatever log."""
    found = await session.scalars(
        select(OrderEntry)
        .join(OrderLog, col(OrderLog.log) == col(OrderEntry.log))
        .where(
            col(OrderLog.signer_id) == signer_id,
            col(OrderEntry.epoch).in_(epochs),
            col(OrderEntry.type).in_(types),
            col(OrderEntry.expires_at) > now,
        )
        .order_by(col(OrderEntry.log), col(OrderEntry.seq))
    )
    return found.all()


async def still_bound(
    session: AsyncSession, signer_id: str, epochs: Collection[int], but: Collection[str], now: datetime
) -> tuple[int, datetime | None]:
    """How many orders in force keys of these epochs signed, types in `but` left out, and when the last one expires."""
    row = (
        await session.execute(
            select(func.count(col(OrderEntry.id)), func.max(col(OrderEntry.expires_at)))
            .join(OrderLog, col(OrderLog.log) == col(OrderEntry.log))
            .where(
                col(OrderLog.signer_id) == signer_id,
                col(OrderEntry.epoch).in_(epochs),
                col(OrderEntry.type).not_in(but),
                col(OrderEntry.expires_at) > now,
            )
        )
    ).one()
    return int(row[0]), row[1]


async def supersede(session: AsyncSession, order_ids: Collection[str], now: datetime) -> None:
    """Count these as expired from now on: later ones say all they said, so nobody needs them any more."""
    await session.execute(
        update(OrderEntry)
        .where(col(OrderEntry.id).in_(order_ids), col(OrderEntry.expires_at) > now)
        .values(expires_at=now)
    )
