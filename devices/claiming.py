"""Enrolment by code: an operator makes a code for a device, a board brings it with the key it made for itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.times import Clock
from devices.enrolment import KEEP_EXPIRED, Enrolled, check_clusters, check_name, identify
from devices.enrolment_code import LIFETIME, EnrolmentCode, digest, meant, new_code, proof_input
from devices.keys import KeyStore
from devices.repository import enrolment as rows
from devices.repository import fleet, places


@dataclass(frozen=True, slots=True, repr=False)
class IssuedCode:
    """A code just made: it is shown once and kept nowhere."""

    code: str
    device_id: str
    commune_id: str
    expires_at: datetime


async def issue_code(
    session: AsyncSession,
    *,
    keys: KeyStore,
    clock: Clock,
    device_id: str,
    cluster_ids: Sequence[str] = (),
    transmitter_khz: int | None = None,
    made_by: str | None = None,
) -> IssuedCode:
    """Make a code for a device; one made before it is void. A device that works goes on until the new one is used.

    Without clusters: those it has now. Raises as `enrol` does, and Refused("devices.code_for_nothing").
    """
    check_name(device_id)
    known = await fleet.device(session, device_id)
    clusters = list(cluster_ids) or await rows.clusters_of(session, device_id)
    if not clusters:
        raise Refused("devices.code_for_nothing", device_id=device_id)
    commune_id = await _commune(session, clusters)
    if known is not None and known.commune_id != commune_id:
        raise Conflict("devices.device_foreign", device_id=device_id, commune_id=known.commune_id)
    now, code = clock(), new_code()
    await rows.drop_codes(session, device_id, now - KEEP_EXPIRED)
    row = EnrolmentCode(
        digest=digest(keys.enrolment_key(), meant(code) or ""),
        device_id=device_id,
        commune_id=commune_id,
        cluster_ids=clusters,
        transmitter_khz=transmitter_khz if transmitter_khz is not None or known is None else known.transmitter_khz,
        made_by=made_by,
        made_at=now,
        expires_at=now + LIFETIME,
    )
    await rows.save_code(session, row)
    return IssuedCode(code, device_id, commune_id, row.expires_at)


async def claim(
    session: AsyncSession, *, keys: KeyStore, clock: Clock, typed: str, public: bytes, proof: bytes, model: str = ""
) -> Enrolled:
    """Enrol the board that brings a code. The same key may bring it again: the answer may have been lost on its way.

    Raises Refused: devices.code_unknown, devices.code_expired, devices.code_used, devices.proof_wrong.
    """
    code = meant(typed)
    row = None if code is None else await rows.code(session, digest(keys.enrolment_key(), code))
    if row is None or code is None:
        raise Refused("devices.code_unknown")
    if not _proves(public, proof_input(code, public), proof):
        raise Refused("devices.proof_wrong")
    now = clock()
    if now >= row.expires_at:
        raise Refused("devices.code_expired")
    if row.used_at is not None:
        return await _again(session, keys, row, public)
    device = await identify(
        session,
        clock=clock,
        device_id=row.device_id,
        commune_id=row.commune_id,
        public=public,
        cluster_ids=row.cluster_ids,
        transmitter_khz=row.transmitter_khz,
        model=model,
        spare=row.digest,
    )
    row.used_at, row.public = now, public
    await rows.save_code(session, row)
    return Enrolled(device, None, keys.device_secrets(device.id, device.generation))


async def _again(session: AsyncSession, keys: KeyStore, row: EnrolmentCode, public: bytes) -> Enrolled:
    """What the board was told before, as long as it is still the one that is enrolled."""
    device = await fleet.device(session, row.device_id)
    if row.public != public or device is None or device.public != public or device.revoked_at is not None:
        raise Refused("devices.code_used")
    return Enrolled(device, None, keys.device_secrets(device.id, device.generation))


async def _commune(session: AsyncSession, cluster_ids: Sequence[str]) -> str:
    """The commune all of them belong to."""
    owners = await places.cluster_owners(session, cluster_ids)
    commune_id: str | None = owners.get(cluster_ids[0])
    if commune_id is None:
        raise NotFound("devices.cluster_unknown", cluster_id=cluster_ids[0])
    await check_clusters(session, commune_id, cluster_ids)
    return commune_id


def _proves(public: bytes, said: bytes, proof: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(proof, said)
    except (InvalidSignature, ValueError):
        return False
    return True
