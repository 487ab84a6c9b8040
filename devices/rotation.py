"""Keys of an authority follow one another: the next one is announced, taken into use, the old one retired.

Each step is an order in the authority's own log, so that a device that was away for a year learns it from its gaps.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.times import Clock, from_ms, to_ms
from devices import orderlog
from devices.keys import WARN_DAYS, KeyStore
from devices.models import AuthorityKey, OrderEntry
from devices.repository import followers
from devices.repository import keys as rows
from devices.repository import log as log_rows
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.config import Config
from devices.wire.keys import MAX_KEYS, KeyEntry, Keys
from devices.wire.orders import Hold

VALID_DAYS = 730
STANDS = timedelta(days=3_652)
"""How long a keys order is in force: a device that comes back later than that is enrolled again."""
URGENCY = 4
"""Above every emergency: what comes after it may be signed by a key that it makes known."""
STANDING = (Hold.type, Config.type)
"""Orders that stay in force for long; they are said again under a new key, so that the old one can be retired."""


class KeyState(StrEnum):
    """Where a key stands. TRUSTED: it signed once; what it signed is still obeyed."""

    ANNOUNCED = "announced"
    SIGNING = "signing"
    TRUSTED = "trusted"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as it is shown. held: whether its private half is on this server."""

    key: AuthorityKey
    state: KeyState
    held: bool
    expires_soon: bool

    @property
    def kid(self) -> str:
        """Its key id."""
        return trust.kid(self.key.authority_id, self.key.epoch)


async def key_views(
    session: AsyncSession, keys: KeyStore, now: datetime, authority_ids: Collection[str] | None = None
) -> list[KeyView]:
    """All keys of these authorities (of every one, when None), by authority and epoch."""
    found = await rows.all_keys(session, authority_ids)
    signing = {key.authority_id: key.epoch for key in found if _signs(key)}
    soon = now + timedelta(days=WARN_DAYS)
    return [
        KeyView(
            key,
            state := _state(key, signing.get(key.authority_id, 0)),
            keys.holds(key.authority_id, key.epoch),
            state is KeyState.SIGNING and key.expires_at < soon,
        )
        for key in found
    ]


async def announce(session: AsyncSession, keys: KeyStore, clock: Clock, authority_id: str) -> AuthorityKey:
    """Make the next key and tell every device of it, under the present one.

    Raises NotFound("devices.authority_unknown"), Conflict("devices.key_announced"), and as `orderlog.append` does.
    """
    known = await _known(session, keys, authority_id)
    waiting = next((key for key in known if _state(key, 0) is KeyState.ANNOUNCED), None)
    if waiting is not None:
        raise Conflict("devices.key_announced", kid=trust.kid(authority_id, waiting.epoch))
    epoch, now = max(key.epoch for key in known) + 1, clock()
    made = AuthorityKey(
        authority_id=authority_id,
        epoch=epoch,
        public=keys.create_authority_key(authority_id, epoch),
        made_at=now,
        expires_at=now + timedelta(days=VALID_DAYS),
    )
    entry = await _tell(session, keys, clock, [*known, made], retiring=())
    made.announced_seq = entry.seq
    await rows.add_key(session, made)
    return made


async def lacking(session: AsyncSession, authority_id: str) -> list[str]:
    """Devices heard of lately that have not shown that they know the announced key; they would refuse what it signs."""
    waiting = await _waiting(session, authority_id)
    return await followers.lacking(session, authority_id, waiting.announced_seq or 0)


async def use(
    session: AsyncSession, keys: KeyStore, clock: Clock, authority_id: str, *, force: bool = False
) -> AuthorityKey:
    """Sign with the announced key from now on; what is to stand for long is said again under it.

    Raises Refused: devices.key_none_announced, devices.key_not_everywhere (unless `force`).
    """
    await _known(session, keys, authority_id)
    waiting = await _waiting(session, authority_id)
    late = [] if force else await lacking(session, authority_id)
    if late:
        kid = trust.kid(authority_id, waiting.epoch)
        raise Refused("devices.key_not_everywhere", kid=kid, count=len(late), example=late[0])
    waiting.signing_from = clock()
    await rows.add_key(session, waiting)
    await _say_again(session, keys, clock, authority_id, waiting.epoch)
    return waiting


async def retire(session: AsyncSession, keys: KeyStore, clock: Clock, authority_id: str) -> list[AuthorityKey]:
    """Tell every device to trust no key any more that signed before the present one.

    Raises Refused: devices.key_none_old, devices.key_bound while what they signed is still to be obeyed.
    """
    known = await _known(session, keys, authority_id)
    signing = max(key.epoch for key in known if _signs(key))
    old = [key for key in known if _state(key, signing) is KeyState.TRUSTED]
    if not old:
        raise Refused("devices.key_none_old", authority_id=authority_id)
    epochs = [key.epoch for key in old]
    count, until = await log_rows.still_bound(session, authority_id, epochs, [Keys.type], clock())
    if until is not None:
        raise Refused("devices.key_bound", kid=trust.kid(authority_id, epochs[-1]), count=count, until=_utc(until))
    entry = await _tell(session, keys, clock, known, retiring=epochs)
    for key in old:
        key.retired_at, key.retired_seq = clock(), entry.seq
        await rows.add_key(session, key)
    return old


async def _known(session: AsyncSession, keys: KeyStore, authority_id: str) -> list[AuthorityKey]:
    """All its keys, its log locked so that two who rotate follow one another."""
    if not await rows.all_keys(session, [authority_id]):
        raise NotFound("devices.authority_unknown", authority_id=authority_id)
    await orderlog.lock(session, keys, authority_id)
    return await rows.all_keys(session, [authority_id])


async def _waiting(session: AsyncSession, authority_id: str) -> AuthorityKey:
    known = await rows.all_keys(session, [authority_id])
    found = next((key for key in known if _state(key, 0) is KeyState.ANNOUNCED), None)
    if found is None:
        raise Refused("devices.key_none_announced", authority_id=authority_id)
    return found


async def _tell(
    session: AsyncSession, keys: KeyStore, clock: Clock, known: Sequence[AuthorityKey], retiring: Collection[int]
) -> OrderEntry:
    old = [key for key in known if key.retired_at is not None or key.epoch in retiring]
    trusted = [key for key in known if key not in old]
    body = Keys(tuple(map(_entry, trusted)), tuple(map(_entry, old[-MAX_KEYS:])))
    return await orderlog.append(
        session,
        keys=keys,
        clock=clock,
        log=known[0].authority_id,
        body=body,
        audience=Audience(),
        expires_at=clock() + STANDS,
        kind=Keys.type,
        urgency=URGENCY,
    )


async def _say_again(session: AsyncSession, keys: KeyStore, clock: Clock, authority_id: str, epoch: int) -> None:
    """Standing orders under the new key, in the order they had, through all logs: of two configs in two logs the later
    issued holds. The old ones count as expired.
    """
    older = [key.epoch for key in await rows.all_keys(session, [authority_id]) if key.epoch < epoch]
    standing = await log_rows.signed_and_in_force(session, authority_id, older, STANDING, clock())
    read = [(entry, await orderlog.read_order(session, entry)) for entry in standing]
    last: datetime | None = None
    for entry, order in sorted(read, key=lambda each: (each[1].issued_ms, each[0].log, each[0].seq)):
        said = await orderlog.append(
            session,
            keys=keys,
            clock=clock,
            log=entry.log,
            body=order.body,
            audience=order.audience,
            expires_at=entry.expires_at,
            kind=entry.kind,
            urgency=entry.urgency,
            after=last,
        )
        last = from_ms((await orderlog.read_order(session, said)).issued_ms)
    await log_rows.supersede(session, [entry.id for entry in standing], clock())


def _entry(key: AuthorityKey) -> KeyEntry:
    return KeyEntry(key.epoch, key.public, to_ms(key.expires_at))


def _signs(key: AuthorityKey) -> bool:
    return key.signing_from is not None and key.retired_at is None


def _state(key: AuthorityKey, signing: int) -> KeyState:
    if key.retired_at is not None:
        return KeyState.RETIRED
    if key.signing_from is None:
        return KeyState.ANNOUNCED
    return KeyState.SIGNING if key.epoch >= signing else KeyState.TRUSTED


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
