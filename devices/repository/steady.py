"""What steady heartbeats change, for thousands of devices in one statement each.

The rows go to the database as one JSON text: bound one by one they would cost more than all the rest, and on SQLite
the driver would fight for the interpreter at every row.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, DateTime, FromClause, cast, column, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import BeatSlot, Device, DeviceState, OrderLog, Presence
from devices.repository.tables import insert_into, table
from devices.steady import SlotRow, StateRow
from devices.wire.topics import DEVICE_LOG_PREFIX


class _Rows:
    """A list of rows as a table of the database's making; columns are asked for by their place in the row."""

    def __init__(self, session: AsyncSession, rows: Sequence[Sequence[Any]]) -> None:
        self._postgres = session.get_bind().dialect.name == "postgresql"
        text = literal(json.dumps(rows, separators=(",", ":"), default=_moment))
        if self._postgres:
            each: FromClause = func.jsonb_array_elements(cast(text, JSONB)).table_valued(
                column("value", JSONB), name="given"
            )
        else:
            each = func.json_each(text).table_valued(column("value", JSON), name="given")
        self.table = each
        self._value: Any = each.c.value

    def text(self, place: int) -> ColumnElement[str]:
        found: ColumnElement[str] = self._value[place].as_string()
        return found

    def whole(self, place: int) -> ColumnElement[int]:
        found: ColumnElement[int] = self._value[place].as_integer()
        return found

    def json(self, place: int) -> ColumnElement[Any]:
        found: ColumnElement[Any] = self._value[place]
        return cast(found, JSON) if self._postgres else found

    def moment(self, place: int) -> ColumnElement[Any]:
        """SQLite keeps a moment as the text it is given, in UTC and without a zone."""
        text = self.text(place)
        return cast(text, DateTime(timezone=True)) if self._postgres else func.substr(text, 1, _WITHOUT_ZONE)

    def least(self, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
        """The lesser, or the one that is given."""
        both = func.least(one, other) if self._postgres else func.min(one, other)
        return func.coalesce(both, one, other)

    def greatest(self, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
        both = func.greatest(one, other) if self._postgres else func.max(one, other)
        return func.coalesce(both, one, other)


_WITHOUT_ZONE = len("2026-11-21 05:00:00.000000")


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"no moment: {value!r}")
    return value.isoformat(sep=" ", timespec="microseconds")


async def move_states(session: AsyncSession, rows: Sequence[StateRow]) -> set[str]:
    """Write what moved where everything else is as the rows take it to be; the devices of which it was.

    Taken to be: the device is not revoked or enrolled anew, is online, nothing else was heard of it, and its own log
    has nothing for it.
    """
    given, state, owner, log = _Rows(session, rows), table(DeviceState).c, table(Device).c, table(OrderLog).c
    at = {name: place for place, name in enumerate(StateRow._fields)}
    whole = {name: given.whole(at[name]) for name in _MOVING}
    valid = select(owner.id).where(
        owner.id == state.device_id, owner.generation == given.whole(at["generation"]), owner.revoked_at.is_(None)
    )
    news = select(log.log).where(
        log.log == literal(DEVICE_LOG_PREFIX).concat(state.device_id), log.head > given.whole(at["own_upto"])
    )
    statement = (
        update(table(DeviceState))
        .where(
            state.device_id == given.text(at["device_id"]),
            state.presence == Presence.ONLINE,
            state.boot == given.whole(at["boot"]),
            state.beat_n == given.whole(at["written_n"]),
            valid.correlate(table(DeviceState), given.table).exists(),
            ~news.correlate(table(DeviceState), given.table).exists(),
        )
        .values(
            **whole,
            beat_n=given.whole(at["n"]),
            heard_at=given.moment(at["heard_at"]),
            clock_at=func.coalesce(given.moment(at["clock_at"]), state.clock_at),
        )
    )
    return set(await session.scalars(statement.returning(state.device_id)))


_MOVING = (
    "clock_offset_ms",
    "clock_bound_ms",
    "uptime_s",
    "signal_dbm",
    "temperature_c",
    "storage_free_kib",
)


async def add_to_slots(session: AsyncSession, rows: Sequence[SlotRow]) -> None:
    """Add to the ten minutes that are there, or begin them."""
    given, slot = _Rows(session, rows), table(BeatSlot).c
    at = {name: place for place, name in enumerate(SlotRow._fields)}
    columns = {
        "device_id": given.text(at["device_id"]),
        "slot_at": given.moment(at["slot_at"]),
        "beats": given.whole(at["beats"]),
        "signal_min_dbm": given.whole(at["signal_min_dbm"]),
        "battery_min_pct": given.whole(at["battery_min_pct"]),
        "temperature_max_c": given.whole(at["temperature_max_c"]),
        "faults": given.json(at["faults"]),
    }
    # SQLite takes ON CONFLICT for a join without the condition.
    chosen = select(*columns.values()).select_from(given.table).where(true())
    statement = insert_into(session, BeatSlot).from_select(list(columns), chosen)
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["device_id", "slot_at"],
            set_={
                "beats": slot.beats + new.beats,
                "signal_min_dbm": given.least(slot.signal_min_dbm, new.signal_min_dbm),
                "battery_min_pct": given.least(slot.battery_min_pct, new.battery_min_pct),
                "temperature_max_c": given.greatest(slot.temperature_max_c, new.temperature_max_c),
            },
        )
    )


async def heads(session: AsyncSession, logs: Collection[str]) -> dict[str, int]:
    """Where these logs stand."""
    found = await session.execute(select(col(OrderLog.log), col(OrderLog.head)).where(col(OrderLog.log).in_(logs)))
    return {row.log: row.head for row in found}
