"""What every world begins with: the town's database, keys, sounds and people, made once a process, the same in each."""

import asyncio
import contextlib
import gc
import hashlib
import random
import sqlite3
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from audio.models import AudioAsset, Rendition
from audio.renditions import RENDITIONS
from base.ids import new_id
from base.times import to_ms
from devices.devicefile import Sound
from devices.enrolment import device_files
from devices.keys import KeyStore
from devices.site import enrol_site, read_site
from devices.wire.orders import Level, PlayClass
from firmware_sim.settings import DeviceFile
from schedules.composition import Composition, Item, Music, Relay, Source
from schedules.emergency import DRILL_VARIANT
from schedules.models import Announcement, AnnouncementState, AnnouncementVersion, EmergencyTemplate, Policy
from schedules.templates import FIRST_TEMPLATES, TemplateDraft
from server import audit, tables
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.fleet import bring_in
from simulation import town
from simulation.database import Gate, VirtualDatabase, database_at, lay_down
from simulation.edges import Edges
from simulation.seeding import logs_silenced, seed_everything
from simulation.thrift import Thrift

BORN = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
"""Midnight in the town, a Monday: when every world begins."""
BORN_MS = to_ms(BORN)
LENGTHS_MS = (12_000, 25_000, 40_000, 75_000)
"""How long the announcements are. Short ones: what a long one could show, a short one shows as well."""
ALARM_LASTS_S = 240
_BEFORE = BORN - timedelta(days=1)
assert tables.metadata.tables


@dataclass(slots=True)
class Template:
    """A finished beginning. announcements: id → class, approved and ready to air. alarms: place → template ids."""

    folder: Path
    database: VirtualDatabase
    device_files: Mapping[str, DeviceFile]
    user: User
    announcements: Mapping[str, PlayClass]
    alarms: Mapping[str, Sequence[str]]
    key_files: frozenset[str]
    thrift: Thrift
    _keeper: "tempfile.TemporaryDirectory[str]"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def database_path(self) -> Path:
        """Where a world's database is."""
        return self.folder / "world.db"

    def lay_down(self) -> None:
        """Bring database and keys back to the beginning; nothing may be connected to the database."""
        lay_down(self.folder / "template.db", self.database_path)
        for path in (self.data_dir / "keys").iterdir():
            if path.name not in self.key_files:
                path.unlink()

    def close(self) -> None:
        self._keeper.cleanup()


def make_template() -> Template:
    """Make it, in about a second."""
    shared_memory = Path("/dev/shm")  # noqa: S108 - a folder of our own below it; without it the disk will do
    keeper = tempfile.TemporaryDirectory(prefix="loa-sim-", dir=shared_memory if shared_memory.is_dir() else None)
    edges = Edges()
    # The same keys and ids in every process, on purpose: a seed must replay anywhere.
    seed_everything(edges, random.Random(0), lambda: to_ms(_BEFORE))  # noqa: S311
    try:
        with logs_silenced():
            return asyncio.run(_make(keeper))
    finally:
        edges.restore()
        gc.collect()
        gc.freeze()  # modules and mappers stay for ever: no search for garbage need look at them again


async def _make(keeper: "tempfile.TemporaryDirectory[str]") -> Template:
    folder = Path(keeper.name)
    database = database_at(folder / "world.db")
    database.begin_anew(Gate(lambda: None))
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    keys = KeyStore(folder / "data" / "keys")
    user = User(id=new_id(), login="operator", name="Operator", password_hash="", created_at=_BEFORE)
    async with database.writing() as session:
        session.add(user)
        await session.flush()
        session.add(RoleGrant(user_id=user.id, role=Role.ADMINISTRATOR, place_id=EVERYWHERE))
        session.add(Policy(place_id=town.COMMUNE, hours=[list(span) for span in town.HOURS], source="sim"))
        await audit.ensure_head(session)
        files = await _devices(session, keys)
        announcements = await _announcements(session, user.id)
        alarms = {place: await _alarms(session, place) for place in (town.COMMUNE, town.PROVINCE)}
    async with database.reading() as session:
        # The first connection of an engine asks the database who it is; no world must be the one that does.
        await session.execute(text("SELECT 1"))
        thrift = Thrift()
        await thrift.learn(session, (town.COUNTRY, town.PROVINCE, town.COMMUNE, *town.VILLAGES), list(files))
    await database.close()
    with contextlib.closing(sqlite3.connect(folder / "world.db")) as plain:
        plain.execute("VACUUM INTO ?", [str(folder / "template.db")])
    key_files = frozenset(path.name for path in (folder / "data" / "keys").iterdir())
    return Template(folder, database, files, user, announcements, alarms, key_files, thrift, keeper)


async def _devices(session: AsyncSession, keys: KeyStore) -> Mapping[str, DeviceFile]:
    site = read_site(town.described())
    await bring_in(session, site, keys, lambda: _BEFORE)
    enrolled = await enrol_site(session, site, keys=keys, clock=lambda: _BEFORE)
    sound = Sound(
        broker_url="mqtt://world:1883",
        content_urls=("http://world/content",),
        storage_root="/world",
        hours=town.HOURS,
        offset_min=town.OFFSET_MIN,
    )
    texts = await device_files(session, enrolled, sound)
    return {device: _file(device, toml) for device, toml in sorted(texts.items())}


def _file(device: str, toml: str) -> DeviceFile:
    file = tomllib.loads(toml)
    if device in town.SCHOOLS:
        file["hours"]["spans"] = town.SCHOOL_HOURS
    if device in town.SOLAR:
        file["duty"] = {"online": town.SOLAR[device]}
    return DeviceFile.model_validate(file)


async def _announcements(session: AsyncSession, user_id: str) -> Mapping[str, PlayClass]:
    made: dict[str, PlayClass] = {}
    for play_class in (PlayClass.BACKGROUND, PlayClass.NORMAL, PlayClass.PRIORITY):
        for length_ms in LENGTHS_MS:
            announcement = _approved(f"{play_class.name} {length_ms}", play_class, user_id)
            session.add(announcement)
            await session.flush()
            made[announcement.id] = play_class
            for language in town.LANGUAGES[: 1 + length_ms % 3]:
                asset = await _asset(session, town.COMMUNE, length_ms)
                version = AnnouncementVersion(announcement_id=announcement.id, language=language, asset_id=asset)
                session.add(version)
    composed = _approved("SESSION", PlayClass.NORMAL, user_id)
    composed.composition = _session_of(list(made)).to_map()
    session.add(composed)
    await session.flush()
    return made | {composed.id: PlayClass.NORMAL}


def _session_of(announcement_ids: Sequence[str]) -> Composition:
    """The shortest announcement of each class: the first as identification and as music up to a fixed time, the second
    twice and in the place of a station that may be dead, the third at its time.
    """
    who, one, two = announcement_ids[:: len(LENGTHS_MS)]
    vov = Source("VOV1", "http://10.0.0.9/vov1", 8, int(Level.COUNTRY), fallback_id=one)
    items = (Item(one), Music(who), Item(two, at_s=75), Relay("vov1", 40, 3_000, source=vov), Item(one, 0))
    return Composition("station", who, items, "closing")


def _approved(title: str, play_class: PlayClass, user_id: str) -> Announcement:
    return Announcement(
        id=new_id(),
        place_id=town.COMMUNE,
        title=title,
        play_class=int(play_class),
        state=AnnouncementState.APPROVED,
        created_by=user_id,
        created_at=_BEFORE,
        changed_at=_BEFORE,
    )


async def _alarms(session: AsyncSession, place_id: str) -> Sequence[str]:
    rows = [await _alarm(session, place_id, draft) for draft in FIRST_TEMPLATES]
    session.add_all(rows)
    await session.flush()
    return [row.id for row in rows if row.key != "all-clear"]


async def _alarm(session: AsyncSession, place_id: str, draft: TemplateDraft) -> EmergencyTemplate:
    assets = {key: await _asset(session, place_id, 14_000) for key in draft.texts}
    assets |= {key + DRILL_VARIANT: await _asset(session, place_id, 6_000) for key in draft.texts}
    return EmergencyTemplate(
        id=new_id(),
        place_id=place_id,
        key=draft.key,
        kind=draft.kind,
        titles=dict(draft.titles),
        tone=draft.tone,
        texts=dict(draft.texts),
        assets=assets,
        repeat_count=draft.repeat_count,
        repeat_gap_s=draft.repeat_gap_s,
        lasts_s=min(draft.lasts_s, ALARM_LASTS_S),
    )


async def _asset(session: AsyncSession, place_id: str, length_ms: int) -> str:
    asset_id = new_id()
    digests = {spec.codec: hashlib.sha256(f"{asset_id} {spec.codec}".encode()).hexdigest() for spec in RENDITIONS}
    session.add(
        AudioAsset(
            id=asset_id,
            commune_id=place_id,
            title=asset_id,
            original_name="sim.wav",
            original_sha256=digests["opus16"],
            mastered_sha256=digests["opus16"],
            duration_ms=length_ms,
            lufs=-16.0,
            true_peak_dbtp=-1.0,
            source="upload",
            created_at=_BEFORE,
        )
    )
    await session.flush()
    for spec in RENDITIONS:
        size = spec.bitrate // 8 * length_ms // 1_000
        session.add(
            Rendition(asset_id=asset_id, codec=spec.codec, sha256=digests[spec.codec], size=size, duration_ms=length_ms)
        )
    return asset_id
