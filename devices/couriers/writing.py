"""A bundle's file written from what was gathered; slow, needs no database, and runs in a thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO, Protocol

import structlog

from base.errors import Refused, Unavailable
from base.times import to_ms
from devices.couriers.choosing import Recipient, needed
from devices.couriers.files import BundleFiles
from devices.couriers.gathering import Gathered
from devices.models import OrderEntry
from devices.wire.bundle import write_bundle
from devices.wire.content import Rendition
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.orders import Order, renditions_in
from devices.wire.packing import MAX_ENTRIES
from devices.wire.trust import open_order

_log = structlog.get_logger(__name__)

STANDS = timedelta(days=30)
"""How long a bundle may be handed over; what is in it expires each at its own time."""


class ContentFiles(Protocol):
    """Where the bytes of contents come from, by SHA-256 in hex."""

    def has(self, sha256: str) -> bool: ...
    def open(self, sha256: str) -> BinaryIO: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle whose file is there."""

    id: str
    gathered: Gathered
    expires_at: datetime
    order_ids: tuple[str, ...]
    contents: int
    size: int
    sha256: str


def write(gathered: Gathered, bundle_id: str, files: BundleFiles, contents: ContentFiles) -> Written:
    """Choose the contents and write the file. Raises Refused("devices.bundle_too_large"),
    Unavailable("devices.content_spoilt"); then no file is left.
    """
    missing = gathered.missing
    blobs = [each for each in _contents(gathered) if _is_here(contents, each)]
    expires_at = gathered.at + STANDS
    if len(missing) + len(gathered.beacons) + len(gathered.acks) + len(blobs) > MAX_ENTRIES:
        raise Refused("devices.bundle_too_large")
    try:
        with files.writing(bundle_id) as (out, hashing):
            write_bundle(
                out,
                bundle_id=bundle_id,
                commune=gathered.commune_id,
                devices=[recipient.device_id for recipient in gathered.recipients],
                issued_ms=to_ms(gathered.at),
                expires_ms=to_ms(expires_at),
                orders=[entry.envelope for entry in missing],
                beacons=gathered.beacons,
                acks=gathered.acks,
                blobs=[(each.sha256, each.size, _opener(contents, each)) for each in blobs],
                key=gathered.key,
            )
    except BadBundle as error:
        if error.reason == "too_large":
            raise Refused("devices.bundle_too_large") from error
        raise Unavailable("devices.content_spoilt", name=error.detail) from error
    ids = tuple(entry.id for entry in missing)
    return Written(bundle_id, gathered, expires_at, ids, len(blobs), hashing.size, hashing.sha256)


def _contents(gathered: Gathered) -> list[Rendition]:
    """What the devices lack, each content once, the most urgent of each device first."""
    opened = ((entry.id, _open(entry, gathered)) for entry in gathered.entries)
    orders = {order_id: order for order_id, order in opened if order is not None}
    chosen = [
        rendition
        for recipient in gathered.recipients
        for rendition in needed(
            [orders[e.id] for e in gathered.entries if e.id in orders and e.log in gathered.logs[recipient.device_id]],
            _with_stored(recipient, gathered, orders),
            to_ms(gathered.at),
        )
    ]
    return list({each.sha256: each for each in chosen}.values())


def _open(entry: OrderEntry, gathered: Gathered) -> Order | None:
    """None for a row that was tampered with: no speaker will take it, and the others must not suffer for it."""
    try:
        return open_order(entry.envelope, gathered.publics.get, lambda _device: gathered.commune_id).order
    except BadMessage as error:
        _log.error("couriers.order_spoilt", order=entry.id, reason=error.reason)
        return None


def _with_stored(recipient: Recipient, gathered: Gathered, orders: Mapping[str, Order]) -> Recipient:
    stored = gathered.stored.get(recipient.device_id, frozenset())
    shown = {r.sha256 for order_id in stored & orders.keys() for r in renditions_in(orders[order_id].body)}
    return Recipient(
        recipient.device_id, recipient.hearers, recipient.codecs, recipient.held | shown, recipient.free_bytes
    )


def _is_here(contents: ContentFiles, rendition: Rendition) -> bool:
    """What the store has lost must not keep the rest of the bundle from its village."""
    here = contents.has(rendition.sha256.hex())
    if not here:
        _log.error("couriers.content_missing", sha256=rendition.sha256.hex())
    return here


def _opener(contents: ContentFiles, rendition: Rendition) -> Callable[[], BinaryIO]:
    return partial(contents.open, rendition.sha256.hex())
