"""Schedules and occurrences of the time before any rule could be kept, brought over and back, on both databases."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlmodel import col, select

from schedules.models import Occurrence, OccurrenceState, Off, Policy, Schedule
from server.db import SqlDatabase
from server.migrations import config, differences, migrate

AT = datetime(2026, 3, 10, 22, tzinfo=UTC)
WEEKLY, ONCE = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"

ANNOUNCEMENT = """INSERT INTO announcement (id, place_id, title, play_class, level, state, revision, created_by,
 created_at, changed_at) VALUES ('a', 'bao-nhai', 'Tin', 1, 1, 'approved', 1, 'operator', :at, :at)"""
SCHEDULE = """INSERT INTO schedule (id, place_id, announcement_id, title, rrule, times, first_day, last_day, zone_name,
 play_class, audience, volume, preempted, late_s, state, revision, created_by, created_at) VALUES (:id, 'bao-nhai', 'a',
 'Tin', :rrule, :times, :first_day, :last_day, 'Asia/Ho_Chi_Minh', 1, '{}', 80, 'resume', 60, 'active', 1, 'operator',
 :at)"""
OCCURRENCE = """INSERT INTO occurrence (id, place_id, schedule_id, announcement_id, title, start_at, ends_at,
 expires_at, immediate, play_class, level, status, audience, volume, preempted, late_s, state, reason, clusters, people,
 created_by, created_at) VALUES (:id, 'bao-nhai', :schedule, 'a', 'Tin', :at, :at, :at, :now, 1, 1, 'actual', '{}', 80,
 'resume', 60, :state, '', 0, 0, 'operator', :at)"""


def _to(revision: str) -> object:
    def go(connection: Connection) -> None:
        command.upgrade(config(connection), revision)

    return go


async def _write(database: SqlDatabase) -> None:
    sqlite = database.engine.dialect.name == "sqlite"
    at = f"{AT:%Y-%m-%d %H:%M:%S.%f}" if sqlite else AT
    first, last = date(2026, 3, 1), date(2026, 12, 31)
    days = [str(first), str(last)] if sqlite else [first, last]
    weekly = {"rrule": "FREQ=WEEKLY;BYDAY=MO", "times": json.dumps(["05:00", "17:00"]), "last_day": days[1]}
    once = {"rrule": "", "times": json.dumps(["05:00"]), "last_day": days[0]}
    async with database.engine.begin() as connection:
        await connection.execute(text(ANNOUNCEMENT), {"at": at})
        for name, said in {WEEKLY: weekly, ONCE: once}.items():
            await connection.execute(text(SCHEDULE), {"id": name, "first_day": days[0], "at": at, **said})
        for name, schedule, state in (("o1", WEEKLY, "issued"), ("o2", ONCE, "cancelled"), ("o3", None, "over")):
            said = {"id": name, "schedule": schedule, "state": state, "at": at, "now": schedule is None}
            await connection.execute(text(OCCURRENCE), said)
        await connection.execute(
            text("INSERT INTO policy (place_id, hours, volume_max, source) VALUES ('bao-nhai', '[]', 90, 'Quy chế')")
        )


@pytest.fixture
async def old(database_url: str) -> AsyncIterator[SqlDatabase]:
    """A database as the version before kept it, with a schedule of each sort and an occurrence of each."""
    opened = SqlDatabase(database_url)
    async with opened.engine.begin() as connection:
        await connection.run_sync(_to("0007"))  # type: ignore[arg-type] # gives nothing
    await _write(opened)
    yield opened
    await opened.close()


async def test_schedules_keep_their_days_and_airings_get_their_names(old: SqlDatabase) -> None:
    await migrate(old)
    assert await differences(old) == []
    async with old.reading() as session:
        weekly, once = await session.get_one(Schedule, WEEKLY), await session.get_one(Schedule, ONCE)
        assert weekly.rule == {
            "version": 1,
            "rrule": "FREQ=WEEKLY;BYDAY=MO",
            "first_day": "2026-03-01",
            "last_day": "2026-12-31",
            "times": ["05:00", "17:00"],
            "zone": "Asia/Ho_Chi_Minh",
        }
        assert (once.rrule, once.first_day, once.last_day) == ("", date(2026, 3, 1), date(2026, 3, 1))
        assert (weekly.overrides, weekly.since, weekly.until) == ([], None, None)
        rows = {row.id: row for row in await session.scalars(select(Occurrence).order_by(col(Occurrence.id)))}
        assert [rows[name].original_at for name in ("o1", "o2", "o3")] == [AT, AT, None]
        assert [rows[name].off for name in ("o1", "o2", "o3")] == [None, Off.BY_PERSON, None]
        assert rows["o3"].immediate
        assert rows["o1"].state is OccurrenceState.ISSUED
        assert {(row.generation, *row.paused) for row in rows.values()} == {(0,)}
        assert (await session.get_one(Policy, "bao-nhai")).allowance == {}


async def test_going_back_keeps_what_could_be_said_and_ends_what_could_not(old: SqlDatabase) -> None:
    await migrate(old)
    async with old.writing() as session:
        weekly = await session.get_one(Schedule, WEEKLY)
        weekly.rule = weekly.rule | {"removed": ["2026-03-09"]}
        first = await session.get_one(Occurrence, "o1")
        again = first.model_dump() | {"id": "o4", "generation": 1, "replaces_id": "o1"}
        moved = first.model_dump() | {"id": "o5", "original_at": AT + timedelta(days=7)}
        session.add_all([Occurrence(**again), Occurrence(**moved)])

    def back(connection: Connection) -> None:
        command.downgrade(config(connection), "0007")

    async with old.engine.begin() as connection:
        await connection.run_sync(back)
        found = await connection.execute(text("SELECT id, rrule, times, state, zone_name FROM schedule ORDER BY id"))
        rows = [(r.id, r.rrule, r.state, r.zone_name) for r in found]
        kept = await connection.execute(text("SELECT id FROM occurrence WHERE schedule_id IS NOT NULL ORDER BY id"))
        assert [r.id for r in kept] == ["o2", "o4"]
        assert (await connection.execute(text("SELECT count(*) FROM occurrence"))).scalar_one() == 5
    assert rows == [
        (WEEKLY, "FREQ=WEEKLY;BYDAY=MO", "ended", "Asia/Ho_Chi_Minh"),
        (ONCE, "", "active", "Asia/Ho_Chi_Minh"),
    ]
    await migrate(old)
    assert await differences(old) == []
