"""Devices enrolled and revoked; what each needs to know is written into its device file, and kept nowhere else."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import is_name
from base.times import Clock, utc_now
from devices.broker_files import OWN_PREFIX, BrokerDevice
from devices.devicefile import DeviceFile, Sound, Trusted
from devices.enrolment_code import fingerprint
from devices.keys import DeviceSecrets, KeyStore
from devices.models import Cluster, ClusterKind, Device
from devices.repository import enrolment as rows
from devices.repository import fleet, places
from devices.repository import keys as key_rows
from devices.wire import trust

SEED_BYTES = 32
KEEP_EXPIRED = timedelta(days=7)
"""So long a code that ran out is still known, to tell whoever types it."""


@dataclass(frozen=True, slots=True, repr=False)
class Enrolled:
    """A device just enrolled. `seed` is its private Ed25519 seed: it goes into the device file and is forgotten.

    None: the device made its key itself, and its seed never left it.
    """

    device: Device
    seed: bytes | None
    secrets: DeviceSecrets


async def enrol(
    session: AsyncSession,
    *,
    keys: KeyStore,
    clock: Clock,
    device_id: str,
    commune_id: str,
    cluster_ids: Sequence[str] = (),
    transmitter_khz: int | None = None,
    model: str = "",
) -> Enrolled:
    """Give a device its identity, and the clusters it sounds or transmits for.

    Enrolling again replaces key and secrets: whoever holds the old ones is shut out.
    Raises Refused: devices.name_bad, devices.name_reserved; Conflict("devices.device_foreign");
    NotFound("devices.cluster_unknown").
    """
    seed = secrets.token_bytes(SEED_BYTES)
    device = await identify(
        session,
        clock=clock,
        device_id=device_id,
        commune_id=commune_id,
        public=_public(seed),
        cluster_ids=cluster_ids,
        transmitter_khz=transmitter_khz,
        model=model,
    )
    return Enrolled(device, seed, keys.device_secrets(device_id, device.generation))


async def identify(
    session: AsyncSession,
    *,
    clock: Clock,
    device_id: str,
    commune_id: str,
    public: bytes,
    cluster_ids: Sequence[str],
    transmitter_khz: int | None,
    model: str,
    spare: bytes = b"",
) -> Device:
    """Let this key speak for the device from now on; its codes but `spare` are void. Raises as `enrol` does."""
    now = clock()
    check_name(device_id)
    device = await fleet.device(session, device_id)
    if device is None:
        device = Device(id=device_id, commune_id=commune_id, public=public, enrolled_at=now, generation=1, model=model)
    elif device.commune_id != commune_id:
        raise Conflict("devices.device_foreign", device_id=device_id, commune_id=device.commune_id)
    else:
        device.public, device.generation = public, device.generation + 1
        device.enrolled_at, device.revoked_at = now, None
        device.model = model or device.model
        await rows.begin_anew(session, device_id)
    device.transmitter_khz = transmitter_khz
    await rows.save_device(session, device)
    await rows.drop_codes(session, device_id, now - KEEP_EXPIRED, but=spare)
    await check_clusters(session, commune_id, cluster_ids)
    await rows.assign_clusters(session, device_id, cluster_ids)
    return device


def check_name(device_id: str) -> None:
    """Raises Refused: devices.name_bad, devices.name_reserved."""
    if not is_name(device_id):
        raise Refused("devices.name_bad", name=device_id)
    if device_id.startswith(OWN_PREFIX):
        raise Refused("devices.name_reserved", name=device_id, prefix=OWN_PREFIX)


async def revoke(session: AsyncSession, device_id: str, *, clock: Clock = utc_now) -> None:
    """Believe nothing more this device says. The broker learns it when its files are written again.

    Raises NotFound("devices.device_unknown").
    """
    device = await fleet.device(session, device_id)
    if device is None:
        raise NotFound("devices.device_unknown", device_id=device_id)
    now = clock()
    device.revoked_at = device.revoked_at or now
    await rows.save_device(session, device)
    await rows.drop_codes(session, device_id, now - KEEP_EXPIRED)


async def broker_devices(session: AsyncSession, keys: KeyStore) -> list[BrokerDevice]:
    """Every device that may connect, with its password and the authorities it follows."""
    devices = await fleet.devices_of(session)
    lines = await places.lineages(session, {device.commune_id for device in devices})
    return [
        BrokerDevice(
            device.id, keys.device_secrets(device.id, device.generation).broker_password, lines[device.commune_id]
        )
        for device in devices
    ]


async def device_files(session: AsyncSession, enrolled: Sequence[Enrolled], sound: Sound) -> dict[str, str]:
    """Device → its device file (TOML), the only place its seed is ever written to."""
    return {name: file.to_toml(sound) for name, file in (await described(session, enrolled)).items()}


async def described(session: AsyncSession, enrolled: Sequence[Enrolled]) -> dict[str, DeviceFile]:
    """Device → all that it must be told."""
    devices = [each.device for each in enrolled]
    communes = {device.commune_id for device in devices}
    clusters = await places.clusters_of_devices(session, [device.id for device in devices])
    villages = {cluster.village_id for group in clusters.values() for cluster in group}
    lines = await places.lineages(session, communes | villages)
    zones = await places.zones_of_clusters(session, {c.id for group in clusters.values() for c in group})
    trusted = await _trusted(session, {name for commune in communes for name in lines[commune]})
    return {each.device.id: _file(each, clusters.get(each.device.id, []), lines, zones, trusted) for each in enrolled}


async def trust_fingerprint(session: AsyncSession, commune_id: str) -> str:
    """By which somebody at a board and somebody at the console compare whom the board will obey."""
    line = (await places.lineages(session, {commune_id}))[commune_id]
    return fingerprint((key.kid, key.public) for key in await _trusted(session, set(line)))


async def _trusted(session: AsyncSession, authorities: Collection[str]) -> list[Trusted]:
    """What counts now, and what once counted: orders by that are still in the logs, and must leave no gap."""
    return [
        Trusted(trust.kid(key.authority_id, key.epoch), key.public, key.authority_id, key.expires_at, key.retired_seq)
        for key in await key_rows.all_keys(session, authorities)
        if key.retired_at is None or key.retired_seq is not None
    ]


def _file(
    enrolled: Enrolled,
    clusters: Sequence[Cluster],
    lines: Mapping[str, tuple[str, ...]],
    zones: Mapping[str, Sequence[str]],
    trusted: Sequence[Trusted],
) -> DeviceFile:
    device = enrolled.device
    follows = lines[device.commune_id]
    return DeviceFile(
        device=device,
        seed=enrolled.seed,
        secrets=enrolled.secrets,
        follows=follows,
        own=next((cluster for cluster in clusters if cluster.kind is ClusterKind.SMART), None),
        children=tuple(cluster for cluster in clusters if cluster.kind is ClusterKind.WIRELESS),
        lines=lines,
        zones=zones,
        trusted=tuple(key for key in trusted if key.authority_id in follows),
    )


async def check_clusters(session: AsyncSession, commune_id: str, cluster_ids: Sequence[str]) -> None:
    """Raises NotFound("devices.cluster_unknown") for one that is not the commune's."""
    owners = await places.cluster_owners(session, cluster_ids)
    for cluster_id in cluster_ids:
        if owners.get(cluster_id) != commune_id:
            raise NotFound("devices.cluster_unknown", cluster_id=cluster_id)


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
