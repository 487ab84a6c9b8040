"""Planning 30 days, beside dateutil's bare expansion of the same rules: `python -m benchmarks.planner [CLUSTERS …]`.

Communes of 57 clusters with twelve schedules each. In one run and turn about: dateutil's `between` of every rule; the
same airings by `schedules` (rules, exceptions, names); the whole planning, which also asks the commune's policy and
writes a row for every airing. A further planning, a day later, shows what an ordinary day costs.
"""

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from sqlalchemy import func
from sqlmodel import col, select

from audio.limits import AudioLimits
from audio.service import AudioService
from audio.speech.espeak import Espeak
from audio.store import ContentStore
from base.ids import new_id
from benchmarks.fleet import communes_of
from devices.keys import KeyStore
from devices.service import DeviceService
from devices.site import import_site
from schedules.calendar_vn import NATIONAL
from schedules.keeping import plan_of
from schedules.models import Occurrence, Policy, Schedule
from schedules.plans import airings
from schedules.recurrence import Rule, to_map
from schedules.service import AnnouncementService, ProgrammeService
from server.db import SqlDatabase
from server.migrations import migrate

HORIZON = timedelta(days=30)
NOW = datetime(2026, 3, 10, 3, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
RULES: Sequence[tuple[str, tuple[str, ...]]] = (
    ("FREQ=DAILY", ("05:00", "17:00")),
    ("FREQ=DAILY", ("05:30",)),
    ("FREQ=DAILY", ("11:30",)),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", ("06:15", "17:45")),
    ("FREQ=WEEKLY;BYDAY=SA,SU", ("07:00",)),
    ("FREQ=WEEKLY;BYDAY=MO,WE,FR", ("18:10",)),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ("18:20",)),
    ("FREQ=DAILY;INTERVAL=5", ("06:45",)),
    ("FREQ=MONTHLY;BYMONTHDAY=1,15", ("08:00",)),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", ("08:20",)),
    ("FREQ=MONTHLY;BYDAY=2SA", ("08:40",)),
    ("FREQ=DAILY", ("19:00",)),
)
"""A commune's twelve schedules: about 270 airings a month, which a policy of 60 blocks permits."""


@dataclass(frozen=True, slots=True)
class Times:
    """Processor seconds of each, and how many airings each found."""

    bare_s: float
    bare: int
    pure_s: float
    pure: int
    whole_s: float
    rows: int
    next_day_s: float
    next_day: int


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clusters", nargs="*", type=int, default=[57, 10_000], help="sizes of the fleet")
    sys.stdout.write("clusters  schedules   airings  dateutil    airings by rules   rows planned        a day later\n")
    for count in parser.parse_args().clusters:
        with TemporaryDirectory() as folder:
            times, schedules = asyncio.run(_measured(Path(folder), count))
        sys.stdout.write(_line(count, schedules, times))
    return 0


def _line(clusters: int, schedules: int, it: Times) -> str:
    pure, whole = (f"{s:7.2f} s ({s / it.bare_s:4.1f} ×)" for s in (it.pure_s, it.whole_s))
    return (
        f"{clusters:8,}  {schedules:9,}  {it.rows:8,}  {it.bare_s:6.2f} s  {pure}  {whole}  "
        f"{it.next_day_s:6.2f} s for {it.next_day:,} rows\n"
    )


async def _measured(folder: Path, count: int) -> tuple[Times, int]:
    database = SqlDatabase(f"sqlite+aiosqlite:///{folder / 'loa.db'}")
    await migrate(database)
    devices, clock = DeviceService(KeyStore(folder / "keys"), lambda: NOW), lambda: NOW
    audio = AudioService(ContentStore(folder / "content"), AudioLimits(), {"espeak": Espeak()}, clock)
    programme = ProgrammeService(devices, audio, AnnouncementService(audio, clock), clock)
    schedules = await _prepare(database, audio, clock, count)
    gc.collect()
    gc.freeze()  # as `loa serve` does once it has started
    bare, bare_s = _timed(lambda: sum(len(each) for each in _by_dateutil(schedules)))
    plans = [plan_of(each, NATIONAL) for each in schedules]
    pure, pure_s = _timed(lambda: len(airings(plans, NOW, NOW + HORIZON)))
    rows, whole_s = await _planned(database, programme, NOW)
    next_day, next_day_s = await _planned(database, programme, NOW + timedelta(days=1))
    async with database.reading() as session:
        kept = (await session.scalars(select(func.count(col(Occurrence.id))))).one()
    await database.close()
    if not bare == pure == rows or kept != rows + next_day:
        raise RuntimeError(f"they differ: {bare}, {pure}, {rows} airings, {kept} rows")
    return Times(bare_s, bare, pure_s, pure, whole_s, rows, next_day_s, next_day), len(schedules)


async def _prepare(
    database: SqlDatabase, audio: AudioService, clock: Callable[[], datetime], count: int
) -> list[Schedule]:
    """Communes, each with an announcement that has a sound, and its schedules, nothing planned."""
    prepared = await audio.prepare_text("Mời bà con đưa trẻ đến trạm y tế xã tiêm chủng.")
    announcements = AnnouncementService(audio, clock)
    made: list[Schedule] = []
    for site in communes_of(count):
        async with database.writing() as session:
            await import_site(session, site)
            session.add(Policy(place_id=site.commune_id, hours=[["05:00", "21:00"]], source="benchmark"))
            asset = await audio.save(session, prepared, commune_id=site.commune_id, title="Tin", user_id="bench")
            about = await announcements.create(
                session, place_id=site.commune_id, title="Tin", versions={"vi": asset.id}, user_id="bench"
            )
            made += (schedules := list(_schedules(site.commune_id, about.id)))
            session.add_all(schedules)
    return made


def _schedules(place_id: str, announcement_id: str) -> Iterator[Schedule]:
    for rrule, times in RULES:
        rule = Rule(rrule, date(2026, 3, 1), None, times, ZONE)
        yield Schedule(
            id=new_id(),
            place_id=place_id,
            announcement_id=announcement_id,
            title="Tin",
            rule=to_map(rule),
            created_by="bench",
            created_at=NOW,
        )


def _by_dateutil(schedules: Sequence[Schedule]) -> Iterator[list[datetime]]:
    """What dateutil alone gives: each time of day a rule of its own, in the commune's zone."""
    start, end = NOW.astimezone(ZONE), (NOW + HORIZON).astimezone(ZONE)
    for schedule in schedules:
        for each in schedule.times:
            began = datetime.combine(schedule.first_day, time_of_day.fromisoformat(each), ZONE)
            yield rrulestr(schedule.rrule, dtstart=began).between(start, end)


def _timed(work: Callable[[], int]) -> tuple[int, float]:
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


async def _planned(database: SqlDatabase, programme: ProgrammeService, now: datetime) -> tuple[int, float]:
    """As the tick does it: a hundred schedules in a transaction, until nothing is short."""
    began, made = time.process_time(), 0
    while True:
        async with database.writing() as session:
            new = await programme.plan(session, now)
        made += new
        if not new:
            return made, time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
