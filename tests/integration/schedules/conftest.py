"""The whole room on a real database, with the demo commune, real keys, real sounds and a clock of the test's own."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import SQLModel, col, select

from audio.limits import AudioLimits
from audio.service import AudioService, PreparedAsset
from audio.speech.espeak import Espeak
from audio.store import ContentStore
from base.ids import new_id
from devices.keys import KeyStore, ensure_authority, trusted_keys
from devices.models import Delivery, OrderEntry
from devices.service import DeviceService
from devices.site import demo_site, import_site
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.envelope import CheckingKey
from devices.wire.orders import Order
from schedules.models import Announcement, EmergencyTemplate, Schedule
from schedules.recurrence import Rule
from schedules.service import (
    AnnouncementService,
    EmergencyService,
    IssueRound,
    PreparedTemplate,
    ProgrammeService,
)
from schedules.templates import FIRST_TEMPLATES
from server.db import SqlDatabase
from tests.support.database import copy_of_empty
from tests.support.postgres import running_postgres

COMMUNE = "bao-nhai"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
"""10:00 in the commune, a Tuesday."""
TODAY = MORNING.date()
OPERATOR, APPROVER, OFFICER, DEPUTY = "operator", "approver", "officer", "deputy"


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def move(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


@dataclass(frozen=True)
class Room:
    """Everything a test of this room needs."""

    database: SqlDatabase
    clock: TestClock
    keys: KeyStore
    devices: DeviceService
    audio: AudioService
    announcements: AnnouncementService
    programme: ProgrammeService
    emergencies: EmergencyService
    speech: PreparedAsset
    templates: Mapping[str, PreparedTemplate]

    async def asset(self, session: AsyncSession) -> str:
        saved = await self.audio.save(session, self.speech, commune_id=COMMUNE, title="Tin", user_id=OPERATOR)
        return saved.id

    async def draft(self, session: AsyncSession, title: str = "Lịch tiêm chủng") -> Announcement:
        return await self.announcements.create(
            session, place_id=COMMUNE, title=title, versions={"vi": await self.asset(session)}, user_id=OPERATOR
        )

    async def approved(self, session: AsyncSession, title: str = "Lịch tiêm chủng") -> Announcement:
        draft = await self.draft(session, title)
        await self.announcements.submit(session, draft.id, OPERATOR)
        return await self.announcements.approve(session, draft.id, APPROVER)

    async def daily(
        self,
        session: AsyncSession,
        announcement: Announcement,
        *,
        rrule: str = "FREQ=DAILY",
        times: Sequence[str] = ("05:00",),
        first_day: date = TODAY,
        last_day: date | None = None,
        **more: Any,
    ) -> Schedule:
        """A schedule; `rule` instead of the parts of one, and whatever else `create_schedule` takes."""
        rule = more.pop("rule", None) or Rule(
            rrule, first_day, last_day if rrule else first_day, tuple(times), ZONE, takes_hours=True
        )
        said = {"title": "Bản tin sáng", "audience": Audience(), "user_id": OPERATOR} | more
        return await self.programme.create_schedule(session, announcement_id=announcement.id, rule=rule, **said)

    async def alarm_templates(self, session: AsyncSession) -> dict[str, EmergencyTemplate]:
        """The first templates with their real sounds."""
        found = {t.key: t for t in await self.emergencies.ensure_templates(session, COMMUNE)}
        for key, template in found.items():
            prepared = replace(self.templates[key], template_id=template.id)
            await self.emergencies.save_template(session, prepared)
        return found


async def issue(room: Room) -> int:
    """Order all that is due, as the server does; gives how many orders that made."""
    issue_round, made = IssueRound(), 0
    while issue_round.more:
        async with room.database.writing() as session:
            made += len(await room.programme.issue_due(session, room.clock(), issue_round))
    return made


async def orders(session: AsyncSession, kind: str | None = None) -> list[Order]:
    """The orders of the commune's log, verified and read as a speaker does it."""
    query = select(OrderEntry).where(col(OrderEntry.log) == COMMUNE).order_by(col(OrderEntry.seq))
    entries = await session.scalars(query if kind is None else query.where(col(OrderEntry.kind) == kind))
    names = {trust.kid(key.authority_id, key.epoch): key.public for key in await trusted_keys(session, [COMMUNE])}
    ring = {name: CheckingKey.from_public(name, public) for name, public in names.items()}
    return [trust.open_order(entry.envelope, ring.get, lambda _: None).order for entry in entries]


async def deliveries(session: AsyncSession, occurrence_id: str) -> set[str]:
    query = select(Delivery.cluster_id).where(col(Delivery.occurrence_id) == occurrence_id)
    return set(await session.scalars(query))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ContentStore:
    return ContentStore(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="session")
def speaking(store: ContentStore) -> AudioService:
    return AudioService(store, AudioLimits(), {"espeak": Espeak()}, lambda: MORNING)


@pytest.fixture(scope="session")
def speech(speaking: AudioService) -> PreparedAsset:
    """A short announcement, spoken by the real engine."""
    return asyncio.run(speaking.prepare_text("Mời bà con đưa trẻ đến trạm y tế xã tiêm chủng."))


@pytest.fixture(scope="session")
def spoken_templates(speaking: AudioService) -> dict[str, PreparedTemplate]:
    """The first templates, spoken by the real engine."""
    service = EmergencyService(None, speaking, lambda: MORNING)  # type: ignore[arg-type] # speaking needs no devices
    rows = [
        EmergencyTemplate(
            id=new_id(), place_id=COMMUNE, key=d.key, kind=d.kind, titles=d.titles, tone=d.tone, texts=d.texts
        )
        for d in FIRST_TEMPLATES
    ]

    async def speak() -> list[PreparedTemplate]:
        return [await service.prepare_template(row) for row in rows]

    return {row.key: prepared for row, prepared in zip(rows, asyncio.run(speak()), strict=True)}


BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""For tests whose promise rests on what the database does when several write at once."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the session."""
    folder = Path(tempfile.mkdtemp(prefix="loa-pg-"))
    folder.chmod(0o755)
    try:
        with running_postgres(folder / "s") as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with its tables: SQLite, unless the test asks for `BOTH`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        copy_of_empty(tmp_path / "loa.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}"
    server_url, name = request.getfixturevalue("postgres_url"), f"t{new_id().lower()}"
    engine = create_async_engine(server_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    url = make_url(server_url).set(database=name)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await engine.dispose()
    return url.render_as_string(hide_password=False)


@pytest.fixture
async def room(
    database_url: str,
    tmp_path: Path,
    store: ContentStore,
    speech: PreparedAsset,
    spoken_templates: dict[str, PreparedTemplate],
) -> AsyncIterator[Room]:
    database, clock, keys = SqlDatabase(database_url), TestClock(), KeyStore(tmp_path / "keys")
    devices = DeviceService(keys, clock)
    audio = AudioService(store, AudioLimits(), {}, clock)
    announcements = AnnouncementService(audio, clock)
    async with database.writing() as session:
        await import_site(session, demo_site())
        await ensure_authority(session, keys, COMMUNE, clock)
    yield Room(
        database,
        clock,
        keys,
        devices,
        audio,
        announcements,
        ProgrammeService(devices, audio, announcements, clock),
        EmergencyService(devices, audio, clock),
        speech,
        spoken_templates,
    )
    await database.close()
