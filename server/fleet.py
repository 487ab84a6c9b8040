"""Work on a fleet for the command line and the demo: sites, enrolment, device files, the broker's files."""

import asyncio
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import Clock
from devices.broker_files import HEALTH_USER, BrokerDevice, mosquitto_files
from devices.devicefile import Sound
from devices.enrolment import Enrolled, broker_devices, device_files, enrol
from devices.keys import KeyStore, ensure_authority
from devices.repository import fleet as rows
from devices.site import Site, enrol_site, import_site
from schedules.policy import Rules
from server.files import OWNER_AND_GROUP, write_files

OWN_PASSWORD = "server.password"  # noqa: S105 - a file's name
HEALTH_PASSWORD = "health.password"  # noqa: S105 - a file's name


def sound_of(
    rules: Rules, now: datetime, *, broker_url: str, content_url: str, storage_root: str, ca_file: str = ""
) -> Sound:
    """What all device files of a place share, by its policy. ca_file: beside the device file, or an absolute path."""
    offset = now.astimezone(rules.zone).utcoffset()
    return Sound(
        broker_url=broker_url,
        content_urls=(f"{content_url}/content",),
        exchange_urls=(f"{content_url}/exchange",),
        storage_root=storage_root,
        ca_file=ca_file,
        hours=tuple((_clock(low), _clock(high)) for low, high in rules.spans),
        offset_min=0 if offset is None else int(offset.total_seconds() // 60),
        volume_max=rules.volume_max,
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


async def bring_in(session: AsyncSession, site: Site, keys: KeyStore, clock: Clock) -> None:
    """A site's places and clusters, and a signing key for each authority above it that has none."""
    await import_site(session, site)
    await session.flush()
    for authority_id in site.authority_ids:
        await ensure_authority(session, keys, authority_id, clock)


async def enrolled_with_files(
    session: AsyncSession, site: Site, folder: Path, keys: KeyStore, clock: Clock
) -> Sequence[Enrolled]:
    """Every device of a site: those with a device file in `folder` keep their identity, the others are enrolled."""
    known = {device.id: device for device in await rows.devices_of(session, list(site.sounds))}
    kept = []
    for device_id, device in known.items():
        seed = seed_in(folder / f"{device_id}.toml")
        if seed is not None and device.revoked_at is None:
            kept.append(Enrolled(device, seed, keys.device_secrets(device_id, device.generation)))
    lost = set(site.sounds) - {each.device.id for each in kept}
    fresh = await enrol_site(session, site, keys=keys, clock=clock, only=lost) if lost else []
    return [*kept, *fresh]


async def enrol_one(
    session: AsyncSession,
    *,
    keys: KeyStore,
    clock: Clock,
    device_id: str,
    commune_id: str,
    cluster_ids: Sequence[str],
    transmitter_khz: int | None,
    sound: Sound,
) -> str:
    """Enrol one device and give the text of its device file, the only place its seed is ever written to."""
    enrolled = await enrol(
        session,
        keys=keys,
        clock=clock,
        device_id=device_id,
        commune_id=commune_id,
        cluster_ids=cluster_ids,
        transmitter_khz=transmitter_khz,
    )
    texts = await device_files(session, [enrolled], sound)
    return texts[device_id]


def seed_in(path: Path) -> bytes | None:
    """The private seed a device file holds, or None when there is no such file or it cannot be read."""
    try:
        return bytes.fromhex(tomllib.loads(path.read_text("utf-8"))["keys"]["seed"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def write_mosquitto_files(session: AsyncSession, keys: KeyStore, folder: Path) -> bool:
    """Credentials and permissions of all devices for an outside Mosquitto; False when nothing was different.

    Mosquitto runs as another user of our group, so the group may read them.
    """
    health = BrokerDevice(HEALTH_USER, keys.device_secrets(HEALTH_USER, 1).broker_password, ())
    password = keys.server_password()
    secrets = {OWN_PASSWORD: f"{password}\n", HEALTH_PASSWORD: f"{health.password}\n"}
    # In a thread: hashing the passwords of 10,000 devices takes a second.
    texts = await asyncio.to_thread(mosquitto_files, [*await broker_devices(session, keys), health], password)
    return await asyncio.to_thread(write_files, folder, secrets | texts, OWNER_AND_GROUP)
