"""What was ordered to sound: the play orders of occurrences, read from the log and checked as a speaker does it."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.models import AuthorityKey, OrderEntry
from devices.wire import trust
from devices.wire.envelope import CheckingKey
from devices.wire.errors import BadMessage
from devices.wire.orders import Play

_PLAY = Play.type


async def ordered(session: AsyncSession, occurrence_ids: Collection[str]) -> set[str]:
    """Of these occurrences, those whose play was ever ordered."""
    query = select(col(OrderEntry.occurrence_id)).where(
        col(OrderEntry.occurrence_id).in_(occurrence_ids), col(OrderEntry.kind) == _PLAY
    )
    return {each for each in await session.scalars(query) if each is not None}


async def envelopes(session: AsyncSession, occurrence_ids: Collection[str]) -> dict[str, bytes]:
    """Occurrence → the signed order of its play, for those that have one."""
    query = select(col(OrderEntry.occurrence_id), col(OrderEntry.envelope)).where(
        col(OrderEntry.occurrence_id).in_(occurrence_ids), col(OrderEntry.kind) == _PLAY
    )
    return {str(occurrence_id): envelope for occurrence_id, envelope in await session.execute(query)}


async def keyring(session: AsyncSession, authority_ids: Collection[str]) -> dict[str, CheckingKey]:
    """Every key these authorities ever had, also retired ones: what they signed was good then."""
    query = select(AuthorityKey).where(col(AuthorityKey.authority_id).in_(authority_ids))
    names = {trust.kid(row.authority_id, row.epoch): row.public for row in await session.scalars(query)}
    return {name: CheckingKey.from_public(name, public) for name, public in names.items()}


def read_play(envelope: bytes, keys: Mapping[str, CheckingKey]) -> Play | None:
    """The play an order carries; None when nobody known signed it, or it is none."""
    try:
        body = trust.open_order(envelope, keys.get, lambda _device: None).order.body
    except BadMessage:
        return None
    return body if isinstance(body, Play) else None
