"""Signing keys of authorities and the secrets of devices: private halves are files, public ones rows."""

import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused, Unavailable
from base.ids import is_name
from base.times import Clock
from devices.models import AuthorityKey
from devices.repository import keys as rows
from devices.repository import log as log_rows
from devices.wire import trust
from devices.wire.envelope import SigningKey

_log = structlog.get_logger(__name__)

SECRET_BYTES = 32
WARN_DAYS = 60
"""Days before a key's expiry from which every use of it warns."""


@dataclass(frozen=True, slots=True, repr=False)
class DeviceSecrets:
    """What a device and its server share: the broker password, and the key of the heartbeats' codes (32 bytes)."""

    broker_password: str
    mac_key: bytes


class KeyStore:
    """Private keys as files 0600 under a directory of mode 0700; nothing of it reaches the database or a log."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = _read_or_make(directory / "device-root.key")
        self._signing: dict[tuple[str, int], SigningKey] = {}

    def create_authority_key(self, authority_id: str, epoch: int) -> bytes:
        """The public half of this epoch's key, made now unless its file is there already."""
        seed = _read_or_make(self._seed_path(authority_id, epoch))
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    def holds(self, authority_id: str, epoch: int) -> bool:
        """Whether the private half is here."""
        return (authority_id, epoch) in self._signing or self._seed_path(authority_id, epoch).exists()

    def signing_key(self, authority_id: str, epoch: int) -> SigningKey:
        """The key that signs for an authority. Raises Unavailable("devices.key_missing")."""
        known = self._signing.get((authority_id, epoch))
        if known is None:
            known = self._signing[authority_id, epoch] = self._load(authority_id, epoch)
        return known

    def device_secrets(self, device_id: str, generation: int) -> DeviceSecrets:
        """A device's secrets, derived (HKDF-SHA256) from the root key, so that none needs to be kept."""
        password = self._derive(f"loa/1/broker/{device_id}/{generation}")
        return DeviceSecrets(password.hex(), self._derive(f"loa/1/mac/{device_id}/{generation}"))

    def server_password(self) -> str:
        """The server's own password at a broker it runs or writes the files for."""
        return self._derive("loa/1/broker-server").hex()

    def enrolment_key(self) -> bytes:
        """What one-time codes of enrolment are digested under."""
        return self._derive("loa/1/enrolment")

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), SECRET_BYTES, salt=None, info=purpose.encode()).derive(self._root)

    def _load(self, authority_id: str, epoch: int) -> SigningKey:
        kid = trust.kid(authority_id, epoch)
        try:
            seed = bytes.fromhex(self._seed_path(authority_id, epoch).read_text("ascii"))
            return SigningKey.from_seed(kid, seed)
        except (OSError, ValueError) as error:
            raise Unavailable("devices.key_missing", kid=kid) from error

    def _seed_path(self, authority_id: str, epoch: int) -> Path:
        if not is_name(authority_id):
            raise Refused("devices.name_bad", name=authority_id)
        return self._directory / f"authority-{authority_id}-{epoch}.seed"


async def ensure_authority(
    session: AsyncSession, keys: KeyStore, place_id: str, clock: Clock, valid_days: int = 730
) -> AuthorityKey:
    """The authority's present key; its first epoch and its order log are made when it has none."""
    present = await rows.present_key(session, place_id)
    if present is not None:
        return present
    now = clock()
    made = AuthorityKey(
        authority_id=place_id,
        epoch=1,
        public=keys.create_authority_key(place_id, 1),
        made_at=now,
        signing_from=now,
        expires_at=now + timedelta(days=valid_days),
    )
    await rows.add_key(session, made)
    await log_rows.create_log(session, place_id, place_id)
    return made


async def current_key(
    session: AsyncSession, keys: KeyStore, authority_id: str, clock: Clock | None = None
) -> SigningKey:
    """What signs for an authority now: its newest key that was taken into use.

    A key near or past its expiry is used with a loud warning: an old key must never silence an emergency.
    Raises NotFound("devices.authority_unknown"), Unavailable("devices.key_missing").
    """
    present = await rows.present_key(session, authority_id)
    if present is None:
        raise NotFound("devices.authority_unknown", authority_id=authority_id)
    if clock is not None and present.expires_at - clock() < timedelta(days=WARN_DAYS):
        _log.warning("devices.key_expires", authority=authority_id, expires_at=present.expires_at.isoformat())
    return keys.signing_key(authority_id, present.epoch)


async def current_keys(session: AsyncSession, keys: KeyStore, authority_ids: Collection[str]) -> dict[str, SigningKey]:
    """What signs for each of these authorities; those whose private key is not on this server are left out."""
    found = await rows.unretired_keys(session, authority_ids)
    present = {row.authority_id: row.epoch for row in found if row.signing_from is not None}
    return {name: keys.signing_key(name, epoch) for name, epoch in present.items() if keys.holds(name, epoch)}


async def trusted_keys(session: AsyncSession, authority_ids: Collection[str]) -> list[AuthorityKey]:
    """The keys a device that follows these authorities is to trust: every epoch that is not retired."""
    return await rows.unretired_keys(session, authority_ids)


def _read_or_make(path: Path) -> bytes:
    """Read 32 secret bytes, or make them; whole on the disk before they are used, even through a power cut."""
    if not path.exists():
        _write_durably(path, secrets.token_bytes(SECRET_BYTES).hex())
    secret = bytes.fromhex(path.read_text("ascii"))
    if len(secret) != SECRET_BYTES:
        raise Unavailable("devices.key_missing", kid=path.name)
    return secret


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, not a rename: whoever comes second must not replace a secret that is already in use.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
