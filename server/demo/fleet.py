"""Prepares the demo's folder: tables, the site, its people, its device files; a second time it changes little."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import utc_now
from devices.broker_files import BrokerDevice
from devices.devicefile import Sound
from devices.enrolment import broker_devices, device_files
from devices.keys import KeyStore
from devices.site import Site
from schedules.models import Policy
from schedules.policy import Rules
from server.auth import repository as accounts
from server.auth.models import EVERYWHERE, Role
from server.auth.passwords import hash_password
from server.auth.users import create_user, set_password
from server.db import SqlDatabase
from server.files import write_private
from server.fleet import bring_in, enrolled_with_files, sound_of
from server.migrations import migrate
from server.places import Places
from server.settings import Settings

PEOPLE = (
    (Role.OPERATOR, "lan", "Nguyễn Thị Lan"),
    (Role.APPROVER, "chu-tich", "Trần Văn Hùng"),
    (Role.EMERGENCY, "truc", "Giàng A Páo"),
    (Role.TECHNICIAN, "ky-thuat", "Lò Văn Minh"),
    (Role.ADMINISTRATOR, "admin", "Quản trị"),
)
EVERY_HOUR = "Trình diễn: được phát mọi giờ"


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """What the demo needs to start: where the device files are, who may connect to the broker, who may sign in."""

    fleet_dir: Path
    broker_devices: Sequence[BrokerDevice]
    server_password: str
    password: str


async def prepare(settings: Settings, site: Site, *, broker_url: str) -> DemoFleet:
    """Make or renew everything in the data folder; the broker's address and ours may have changed since last time."""
    folder = settings.data_dir
    fleet_dir = folder / "fleet"
    password = _password(folder / "people.json")
    database = SqlDatabase(settings.database_url)
    keys = KeyStore(settings.keys_dir)
    try:
        await migrate(database)
        hashed = await hash_password(password)
        async with database.writing() as session:
            await bring_in(session, site, keys, utc_now)
            rules = await _every_hour(session, site.commune_id)
            await _people(session, site.commune_id, hashed)
            enrolled = await enrolled_with_files(session, site, fleet_dir, keys, utc_now)
            texts = await device_files(session, enrolled, _sound(settings, rules, broker_url))
            devices = await broker_devices(session, keys)
    finally:
        await database.close()
    for device_id, text in texts.items():
        write_private(fleet_dir / f"{device_id}.toml", text)
    return DemoFleet(fleet_dir, devices, keys.server_password(), password)


def _sound(settings: Settings, rules: Rules, broker_url: str) -> Sound:
    sound = sound_of(
        rules,
        utc_now(),
        broker_url=broker_url,
        content_url=settings.public_url,
        storage_root=str((settings.data_dir / "speakers").resolve()),
    )
    # Server and speakers run on this machine and have its one clock, which containers often leave unvouched for.
    return replace(sound, trust_clock=True)


async def _every_hour(session: AsyncSession, commune_id: str) -> Rules:
    """The demo has to sound whenever somebody starts it, also at night; it says so where the policy is shown."""
    await session.merge(Policy(place_id=commune_id, hours=[], volume_max=100, source=EVERY_HOUR))
    await session.flush()
    tree = await Places().tree(session)
    return Rules.of(ZoneInfo(tree.zone_name(commune_id)), (), EVERY_HOUR)


async def _people(session: AsyncSession, commune_id: str, hashed: str) -> None:
    """One person a role; all with the demo's password, which the demo prints."""
    for role, login, name in PEOPLE:
        user = await accounts.user_by_login(session, login)
        if user is None:
            place_id = EVERYWHERE if role is Role.ADMINISTRATOR else commune_id
            grants = [(role, place_id)]
            await create_user(
                session, utc_now, name=name, login=login, password_hash=hashed, grants=grants, must_change=False
            )
        elif user.must_change:
            await set_password(session, user.id, hashed, must_change=False)


def _password(path: Path) -> str:
    """This demo's password, made at its first start and kept in a file of its folder."""
    if path.exists():
        password: str = json.loads(path.read_text("utf-8"))["password"]
        return password
    password = f"loa-{secrets.token_hex(3)}-{secrets.token_hex(3)}"
    write_private(path, json.dumps({"password": password}) + "\n")
    return password
