"""Builds and owns every part of a running server, and ends them in order."""

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from audio.dictionary import Dictionary
from audio.drafts import Drafts
from audio.limits import AudioLimits
from audio.service import AudioService
from audio.speech.registry import SpeechSettings, build_engines
from audio.store import ContentStore
from base.errors import Refused
from base.mqtt import BrokerAddress, MqttLink
from base.times import Clock, utc_now
from devices.blocks import Blocks
from devices.configuring import Configurer
from devices.couriers.files import BundleFiles
from devices.couriers.outlook import Outlook
from devices.couriers.returns import ReturnDesk
from devices.couriers.service import CourierService
from devices.exchange import Exchange
from devices.ingest import Ingest
from devices.keys import KeyStore
from devices.sender import Sender
from devices.service import DeviceService
from devices.wire import topics
from schedules.runner import Runner
from schedules.service import AnnouncementService, EmergencyService, Languages, ProgrammeService, ProgrammeSettings
from schedules.signatures import SignatureDesk
from server import audit
from server.auth.people import People
from server.auth.users import ensure_administrator
from server.db import SqlDatabase
from server.events import Hub
from server.jobs import jobs_of
from server.limits import EnrolmentLimiter, ExchangeLimiter, SignInLimiter
from server.migrations import migrate
from server.places import Places
from server.preview_files import PreviewFiles
from server.settings import EMBEDDED, Settings
from server.sound_work import SoundWork
from server.stored_bytes import StoredBytes
from server.stream_trial import StreamTrials
from server.tasks import Tasks
from server.telemetry import Metrics

_log = structlog.get_logger(__name__)

STOP_TIMEOUT_S = 4.0
FONTS = Path(__file__).parent / "web" / "static" / "vendor"
"""The letters of the PDFs we make; set-up puts them there (tools/vendor.py)."""


@dataclass(slots=True, kw_only=True)
class Runtime:
    """Everything a server consists of. `async with Runtime.start(settings) as runtime` runs it."""

    settings: Settings
    clock: Clock
    database: SqlDatabase
    places: Places
    keys: KeyStore
    store: ContentStore
    audio: AudioService
    drafts: Drafts
    dictionary: Dictionary
    sound_work: SoundWork
    devices: DeviceService
    configurer: Configurer
    announcements: AnnouncementService
    signatures: SignatureDesk
    languages: Languages
    programme: ProgrammeService
    emergencies: EmergencyService
    couriers: CourierService
    returns: ReturnDesk
    outlook: Outlook
    people: People
    enrolments: EnrolmentLimiter
    exchanges: ExchangeLimiter
    hub: Hub
    metrics: Metrics
    broker: BrokerAddress
    previews: PreviewFiles
    trials: StreamTrials
    sender: Sender = field(init=False)
    blocks: Blocks = field(init=False)
    ingest: Ingest = field(init=False)
    exchange: Exchange = field(init=False)
    link: MqttLink = field(init=False)
    first_password: str | None = None
    """The one-time password of the first administrator, made at this very start; to be shown once."""
    ticked_at: datetime | None = None
    """When the programme was last looked at; long ago means that the runner hangs."""
    _tasks: Tasks = field(default_factory=Tasks)

    @classmethod
    @asynccontextmanager
    async def start(
        cls, settings: Settings, *, broker: BrokerAddress | None = None, clock: Clock = utc_now
    ) -> AsyncIterator["Runtime"]:
        """Migrate, build and run until the block ends. `broker` is where the embedded one listens.

        Raises Refused: server.database_newer, server.broker_unnamed, server.secret_missing, base.broker_url.
        """
        address = broker or broker_address(settings)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = SqlDatabase(
            settings.database_url, password=settings.database_password, pool_size=settings.database.pool_size
        )
        try:
            await migrate(database)
            runtime = build(settings, database, address, clock)
            async with runtime.running():
                yield runtime
        finally:
            await database.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run every part for the length of the block."""
        await self._begin()
        try:
            yield
        finally:
            await self._end()

    @property
    def uploads(self) -> Path:
        """A folder for uploads while they are looked at."""
        return self.settings.uploads_dir

    def __post_init__(self) -> None:
        self.sender = Sender(self.database, self.keys, self.clock, self._publish)
        self.blocks = Blocks(self.database, self.clock, StoredBytes(self.store), self.sender.send_down)
        self.ingest = Ingest(
            self.database,
            self.keys,
            self.clock,
            send_missing=self.sender.send_missing,
            send_down=self.sender.send_down,
            watch=self.hub.publish,
            on_want=self.blocks.add,
            on_refused=lambda kind, reason: self.metrics.refused.labels(kind, reason).inc(),
        )
        self.exchange = Exchange(self.database, self.keys, self.clock, self.ingest, self.blocks)
        self.link = MqttLink(
            client_id=f"loa-server-{secrets.token_hex(6)}",
            address=self.broker,
            subscriptions=[topics.ALL_UP],
            on_message=self.ingest.on_message,
            on_up=self._on_up,
            on_down=lambda: _log.warning("broker.lost", host=self.broker.host, port=self.broker.port),
        )

    def _publish(self, topic: str, payload: bytes, retain: bool) -> bool:  # noqa: FBT001 - the sender's port
        sent = self.link.publish(topic, payload, retain=retain)
        if sent:
            self.metrics.published.labels(topic.rpartition("/")[2]).inc()
        return sent

    def _on_up(self) -> None:
        """The broker is there (again): silence until now was ours, and what waited goes out at once."""
        _log.info("broker.connected", host=self.broker.host, port=self.broker.port)
        self.devices.listening_since(self.clock())
        self.sender.kick()
        self._tasks.once("beacons", self.sender.send_beacons)

    async def _begin(self) -> None:
        async with self.database.writing() as session:
            self.first_password = await ensure_administrator(session, self.clock)
            await audit.ensure_head(session)
        await asyncio.to_thread(self._sweep_files)
        async with self.database.reading() as session:
            await self.couriers.sweep_files(session)
        self._tasks.start("ingest", self.ingest.run)
        self._tasks.start("sender", self.sender.run)
        self._tasks.start("blocks", self.blocks.run)
        self._tasks.start("link", self.link.run)
        self._tasks.start("runner", self._run_jobs)

    async def _run_jobs(self) -> None:
        await Runner(jobs_of(self), clock=self.clock).run()

    def _sweep_files(self) -> None:
        """What a crash left unfinished."""
        self.store.sweep_temporaries()
        shutil.rmtree(self.uploads, ignore_errors=True)
        self.uploads.mkdir(mode=0o700)
        self.previews.sweep()

    async def _end(self) -> None:
        self.hub.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.sound_work.close()
                await self.drafts.close()
                await self._tasks.stop()
        except TimeoutError:
            _log.error("runtime.stop_timeout")


def broker_address(settings: Settings) -> BrokerAddress:
    """The broker the settings name. Raises Refused("server.broker_unnamed") when it was to be embedded."""
    if settings.broker.url == EMBEDDED:
        raise Refused("server.broker_unnamed")
    ca_file = settings.broker.ca_file
    return BrokerAddress.from_url(
        settings.broker.url,
        username=settings.broker.username,
        password=settings.broker_password,
        ca_file=str(ca_file) if ca_file else None,
    )


def build(settings: Settings, database: SqlDatabase, broker: BrokerAddress, clock: Clock) -> Runtime:
    """Every part, connected but not yet running."""
    keys, store, places = KeyStore(settings.keys_dir), ContentStore(settings.content_dir), Places()
    limits = AudioLimits(max_bytes=settings.limits.upload_bytes, max_duration_s=settings.limits.sound_s)
    speech = SpeechSettings(**dict(settings.speech), cache_folder=settings.spoken_dir)
    audio = AudioService(store, limits, build_engines(speech, limits), clock)
    devices = DeviceService(keys, clock, time.monotonic)
    announcements = AnnouncementService(audio, clock)
    ahead = settings.programme
    programme_settings = ProgrammeSettings(
        horizon_days=ahead.horizon_days,
        issue_days=ahead.issue_days,
        lead_s=ahead.lead_s,
        private_streams=settings.relays.private_networks,
    )
    return Runtime(
        settings=settings,
        clock=clock,
        database=database,
        places=places,
        keys=keys,
        store=store,
        audio=audio,
        drafts=Drafts(audio, settings.uploads_dir),
        dictionary=Dictionary(clock),
        sound_work=SoundWork(limits.workers),
        devices=devices,
        configurer=Configurer(keys, clock),
        announcements=announcements,
        signatures=SignatureDesk(audio, clock, FONTS),
        languages=Languages(devices, announcements),
        programme=ProgrammeService(devices, audio, announcements, clock, programme_settings),
        emergencies=EmergencyService(devices, audio, clock),
        couriers=CourierService(keys, clock, BundleFiles(settings.couriers_dir), store, settings.couriers.files_bytes),
        returns=ReturnDesk(clock),
        outlook=Outlook(),
        people=People(database, clock, places, SignInLimiter(settings.limits)),
        enrolments=EnrolmentLimiter(settings.limits),
        exchanges=ExchangeLimiter(settings.limits),
        hub=Hub(),
        metrics=Metrics(),
        broker=broker,
        previews=PreviewFiles(settings.previews_dir),
        trials=StreamTrials(settings.uploads_dir, private=settings.relays.private_networks),
    )
