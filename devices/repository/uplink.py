"""Queries on what devices say: identities, states, beat slots, receipts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.beats import Slot, State
from devices.models import BeatSlot, Device, DeviceState, Presence, PresenceChange, PublishedContent, ReceiptEntry
from devices.repository.tables import insert_new, table, upsert, values
from devices.uplink import Identity

_STATE = [table(DeviceState).c[each.name] for each in fields(State)]
_SLOT = [table(BeatSlot).c[each.name] for each in fields(Slot)]


async def identities(session: AsyncSession, device_ids: Collection[str]) -> dict[str, Identity]:
    found = await session.execute(
        select(
            col(Device.id), col(Device.commune_id), col(Device.public), col(Device.generation), col(Device.revoked_at)
        ).where(col(Device.id).in_(device_ids))
    )
    rows = [Identity(*row[:4], revoked=row[4] is not None) for row in found]
    return {row.device_id: row for row in rows}


async def states(session: AsyncSession, device_ids: Collection[str]) -> dict[str, State]:
    """The states of these devices as they are in the database now, locked until the transaction ends."""
    found = await session.execute(
        select(*_STATE).where(table(DeviceState).c.device_id.in_(device_ids)).order_by(_STATE[0]).with_for_update()
    )
    rows = [State(*row) for row in found]
    return {row.device_id: row for row in rows}


async def save_states(session: AsyncSession, rows: Iterable[State]) -> None:
    """Insert or overwrite whole states; `planned_quiet_until` too, so the caller carries over what was planned."""
    await upsert(session, DeviceState, [_columns(row) for row in rows])


def _columns(row: State | Slot) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


async def describe_devices(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note model, firmware, codecs and parts (each row also gives `id`)."""
    if rows:
        await session.execute(update(Device), list(rows))


async def slots(
    session: AsyncSession, device_ids: Collection[str], since: datetime
) -> dict[tuple[str, datetime], Slot]:
    columns = table(BeatSlot).c
    found = await session.execute(
        select(*_SLOT).where(columns.device_id.in_(device_ids), columns.slot_at >= since).with_for_update()
    )
    rows = [Slot(*row) for row in found]
    return {(row.device_id, row.slot_at): row for row in rows}


async def save_slots(session: AsyncSession, rows: Iterable[Slot]) -> None:
    await upsert(session, BeatSlot, [_columns(row) for row in rows])


async def add_changes(session: AsyncSession, rows: Iterable[PresenceChange]) -> None:
    await insert_new(session, PresenceChange, [values(row) for row in rows])


async def stored_receipts(
    session: AsyncSession, digests: Collection[bytes], numbers: Mapping[str, Collection[int]]
) -> Sequence[tuple[bytes, str, int, int]]:
    """(digest, device, series, n) of receipts with one of these digests, or one of these numbers of a device."""
    entry = table(ReceiptEntry).c
    numbered = [(entry.device_id == device_id) & entry.n.in_(ns) for device_id, ns in numbers.items()]
    wanted = or_(entry.digest.in_(digests), *numbered)
    found = await session.execute(select(entry.digest, entry.device_id, entry.series, entry.n).where(wanted))
    return [(digest, device_id, series, n) for digest, device_id, series, n in found]


async def add_receipts(session: AsyncSession, rows: Sequence[ReceiptEntry]) -> None:
    await insert_new(session, ReceiptEntry, [values(row) for row in rows])


async def hear_none_later_than(session: AsyncSession, now: datetime) -> None:
    """Count as heard now what was heard in a future that is none any more, since the clock was set back."""
    heard_at = col(DeviceState.heard_at)
    await session.execute(update(DeviceState).where(heard_at > now).values(heard_at=now))


async def silent_states(session: AsyncSession, heard_before: datetime) -> list[tuple[State, str]]:
    """States with their communes of devices not heard since, whose presence may have to change; locked."""
    row = table(DeviceState).c
    found = await session.execute(
        select(*_STATE, col(Device.commune_id))
        .join(Device, col(Device.id) == row.device_id)
        .where(row.presence != Presence.NEVER, row.heard_at < heard_before, col(Device.revoked_at).is_(None))
        .order_by(row.device_id)
        .with_for_update(of=table(DeviceState))
    )
    return [(State(*columns), commune_id) for *columns, commune_id in found]


async def set_presences(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each row gives device_id, presence and presence_since."""
    if rows:
        await session.execute(update(DeviceState), list(rows))


async def prune_slots(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(BeatSlot).where(col(BeatSlot.slot_at) < before))


async def prune_changes(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(PresenceChange).where(col(PresenceChange.at) < before))


async def prune_contents(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(PublishedContent).where(col(PublishedContent.until) <= now))
