"""The order log: append, under a lock and behind fences, exactly once."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock, to_ms
from devices.keys import KeyStore, current_key
from devices.models import OrderEntry, OrderLog, PublishedContent
from devices.repository import keys as key_rows
from devices.repository import log as rows
from devices.wire import topics, trust
from devices.wire.audience import Audience
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign, signer, verify
from devices.wire.errors import BadMessage
from devices.wire.orders import Body, Order, renditions_in

_APPENDED = "loa_orders_appended"


async def append(
    session: AsyncSession,
    *,
    keys: KeyStore,
    clock: Clock,
    log: str,
    body: Body,
    audience: Audience,
    expires_at: datetime,
    kind: str,
    occurrence_id: str | None = None,
    urgency: int = 1,
    after: datetime | None = None,
) -> OrderEntry:
    """Sign an order as the log's next and publish the contents it names, all in the caller's transaction.

    after: an order of another log that speakers must take for the earlier of the two, by when it was issued.
    Raises Conflict("devices.already_ordered") when this kind of order exists for the occurrence,
    Refused("devices.order_expired" | "devices.order_too_large" | "devices.order_refused").
    """
    now = clock()
    if expires_at <= now:
        raise Refused("devices.order_expired")
    place = await _locked(session, keys, log)
    key = await current_key(session, keys, place.signer_id, clock)
    issued_at = _later(_later(now, place.issued_at), after)
    order = Order(new_id(), log, place.head + 1, place.tip, to_ms(issued_at), to_ms(expires_at), audience, body)
    envelope = _signed(order, key)
    entry = OrderEntry(
        id=order.id,
        log=log,
        seq=order.seq,
        type=body.type,
        kind=kind,
        occurrence_id=occurrence_id,
        urgency=urgency,
        epoch=trust.epoch_of(key.kid),
        issued_at=now,
        expires_at=expires_at,
        audience=audience.to_map(),
        envelope=envelope,
    )
    if not await rows.insert_entry(session, entry):
        raise Conflict("devices.already_ordered", kind=kind)
    if not await rows.advance_log(session, log, place.head, trust.digest(envelope), issued_at):
        raise Conflict("devices.log_moved", log=log)
    await rows.publish_contents(session, _contents(body, expires_at))
    if not session.in_nested_transaction():  # what a savepoint may still take back is not sure to be committed
        session.info.setdefault(_APPENDED, []).append(entry)
    return entry


def appended(session: AsyncSession) -> list[OrderEntry]:
    """The orders that are in the log for sure once this session's transaction is committed; not those of savepoints."""
    found: list[OrderEntry] = session.info.get(_APPENDED, [])
    return found


async def read_order(session: AsyncSession, entry: OrderEntry) -> Order:
    """The order inside an entry of our own log. Raises BadMessage when the row was tampered with."""
    authority, _, epoch = signer(entry.envelope).partition("#")
    public = await key_rows.public_key(session, authority, int(epoch or 0))
    key = None if public is None else CheckingKey.from_public(trust.kid(authority, int(epoch)), public)
    return Order.from_map(verify(Kind.ORDER, entry.envelope, lambda _kid: key).payload)


async def lock(session: AsyncSession, keys: KeyStore, log: str) -> OrderLog:
    """The log, kept from other writers until the transaction ends. Raises as `append` does."""
    return await _locked(session, keys, log)


async def _locked(session: AsyncSession, keys: KeyStore, log: str) -> OrderLog:
    found = await rows.lock_log(session, log)
    if found is None:
        signer_id = await _signer_of(session, log)
        await current_key(session, keys, signer_id)
        await rows.create_log(session, log, signer_id)
        found = await rows.lock_log(session, log)
    if found is None:
        raise Conflict("devices.log_moved", log=log)
    return found


def _later(now: datetime, last: datetime | None) -> datetime:
    """The present, or just after the log's last order: speakers go by which of two was issued later, and a stop or a
    setting must count for later although the server's clock was set back in between.
    """
    return now if last is None else max(now, last + timedelta(milliseconds=1))


async def _signer_of(session: AsyncSession, log: str) -> str:
    device_id = topics.log_device(log)
    if device_id is None:
        return log
    commune_id = await rows.commune_of_device(session, device_id)
    if commune_id is None:
        raise NotFound("devices.device_unknown", device_id=device_id)
    return commune_id


def _signed(order: Order, key: SigningKey) -> bytes:
    """The signed bytes, having been read as a speaker will read them: what none would accept is never signed."""
    payload = order.to_map()
    try:
        Order.from_map(payload)
        return sign(Kind.ORDER, payload, key)
    except BadMessage as error:
        if error.reason == "too_large":
            raise Refused("devices.order_too_large", max_size=Kind.ORDER.max_bytes) from error
        raise Refused("devices.order_refused", reason=f"{error.reason} {error.detail}") from error


def _contents(body: Body, until: datetime) -> list[PublishedContent]:
    return [
        PublishedContent(sha256=rendition.sha256.hex(), size=rendition.size, codec=rendition.codec, until=until)
        for rendition in renditions_in(body)
    ]
