"""What a month's report takes: `python -m benchmarks.report [AIRINGSxCLUSTERS …]`.

For each size, in one run on a new SQLite database: the bare `SELECT count(*), sum(sounded_ms)` over its deliveries,
the whole report, a page of the log, and every row of it as CSV. Orders are real and signed; one delivery in ten is not
played, each of those with a length of its own, so that groups are as many as on a bad day.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from base.ids import new_id
from base.times import to_ms
from benchmarks.commune import COMMUNE, site_of
from devices.keys import KeyStore, ensure_authority
from devices.service import DeviceService
from devices.site import import_site
from devices.wire.audience import Audience
from devices.wire.content import Gap, Rendition, Speech, Version
from devices.wire.orders import Play
from schedules.asrun_files import csv_rows
from schedules.log_scope import Scope
from schedules.models import Occurrence, OccurrenceState
from schedules.reporting import Reporter, Wanted
from server.db import SqlDatabase
from server.migrations import migrate
from server.web.report_words import ReportWords

SIZES = ("1500x57", "40x10000")
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
TEN_MINUTES_MS = 600_000
BATCH = 50
PLAYED = (
    "UPDATE delivery SET started_at = ordered_at,"
    " state = CASE abs(random()) % 20 WHEN 0 THEN 'missed' WHEN 1 THEN 'interrupted' ELSE 'played' END"
)
SOUNDED = (
    "UPDATE delivery SET sounded_ms = CASE state WHEN 'played' THEN 1200500"
    " WHEN 'interrupted' THEN abs(random()) % 1000000 ELSE 0 END"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """A month that is over."""

    database: SqlDatabase
    reporter: Reporter
    scope: Scope


def main() -> None:
    for size in sys.argv[1:] or SIZES:
        airings, clusters = (int(each) for each in size.split("x"))
        asyncio.run(_measure(airings, clusters))


async def _measure(airings: int, clusters: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with _prepared(Path(folder), airings, clusters) as ground:
            async with ground.database.reading() as session:
                sums = "SELECT count(*), sum(sounded_ms) FROM delivery"
                bare = await _timed(session.execute(text(sums)))
                whole = await _timed(ground.reporter.period(session, ground.scope, NOW))
                log = ground.reporter.page(session, ground.scope, Wanted(), after=None, limit=50, now=NOW)
                page = await _timed(log)
            file = await _timed(_csv(ground))
    took = f"bare sum {bare}, report {whole}, page of the log {page}, CSV {file}"
    sys.stdout.write(f"{airings} airings × {clusters} clusters: {took}\n")


async def _timed(work: Awaitable[Any]) -> str:
    """How long it took on the wall, and of processor time of all threads."""
    begun, worked = time.perf_counter(), time.process_time()
    await work
    return f"{time.perf_counter() - begun:.2f} s ({time.process_time() - worked:.2f} s)"


async def _csv(ground: Ground) -> None:
    words = ReportWords("vi", "Bench", FIRST, LAST)
    async for rows in ground.reporter.batches(ground.database, ground.scope, NOW):
        csv_rows(rows, words, ground.scope.zone, NOW)


@asynccontextmanager
async def _prepared(folder: Path, airings: int, clusters: int) -> AsyncIterator[Ground]:
    database, keys = SqlDatabase(f"sqlite+aiosqlite:///{folder / 'loa.db'}"), KeyStore(folder / "keys")
    devices = DeviceService(keys, lambda: BEGIN)
    try:
        await migrate(database)
        async with database.writing() as session:
            await import_site(session, site_of(clusters))
            await ensure_authority(session, keys, COMMUNE, lambda: BEGIN)
            await session.execute(text("UPDATE cluster SET languages = :two"), {"two": '["vi", "hmn"]'})
        for first in range(0, airings, BATCH):
            async with database.writing() as session:
                for number in range(first, min(first + BATCH, airings)):
                    await _air(session, devices, number, airings, clusters)
        async with database.writing() as session:
            await session.execute(text(PLAYED))
            await session.execute(text(SOUNDED))
        async with database.reading() as session:
            reporter = Reporter(devices)
            scope = await reporter.scope(session, COMMUNE, FIRST, LAST)
        yield Ground(database, reporter, scope)
    finally:
        await database.close()


async def _air(session: Any, devices: DeviceService, number: int, airings: int, clusters: int) -> None:
    start = BEGIN + (timedelta(days=30) * number) / airings
    expires = start + timedelta(minutes=41)
    row = Occurrence(
        id=new_id(),
        place_id=COMMUNE,
        title=f"Bản tin {number}",
        start_at=start,
        ends_at=start + timedelta(minutes=20),
        expires_at=expires,
        state=OccurrenceState.OVER,
        clusters=clusters,
        created_by="bench",
        created_at=BEGIN,
    )
    session.add(row)
    await session.flush()
    words = Speech((_version("vi"), _version("hmn")))
    await devices.order_play(session, COMMUNE, Play(row.id, to_ms(start), (Gap(500), words)), Audience(), expires)


def _version(language: str) -> Version:
    sounds = (Rendition(random.randbytes(32), 500_000, codec, TEN_MINUTES_MS) for codec in ("opus48", "opus24", "mp3"))
    return Version(language, tuple(sounds))


if __name__ == "__main__":
    main()
