"""What a bundle will be made of, read in one go: what the devices are known to hold, and all that is in force."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from devices.beacons import signed_beacons
from devices.couriers.choosing import Hearer, Recipient
from devices.couriers.models import LastReturn
from devices.couriers.repository import returns, sources
from devices.couriers.signing import Trusting, common_epochs
from devices.keys import KeyStore, current_key
from devices.models import Cluster, Device, DeviceState, OrderEntry
from devices.repository import log as log_rows
from devices.repository import places
from devices.wire import topics, trust
from devices.wire.audience import Listener
from devices.wire.bundle import MAX_DEVICES
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign
from devices.wire.haves import Haves
from devices.wire.reports import MAX_ACKNOWLEDGED, Ack


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a bundle is made of, except its contents' bytes.

    logs: device → the logs it follows. haves: device → what it is taken to hold of them. entries: all orders in force
    of all those logs, each log in its order. stored: device → orders whose sounds it has proved to hold.
    """

    commune_id: str
    at: datetime
    recipients: tuple[Recipient, ...]
    logs: Mapping[str, tuple[str, ...]]
    haves: Mapping[str, Mapping[str, Haves]]
    entries: tuple[OrderEntry, ...]
    stored: Mapping[str, frozenset[str]]
    publics: Mapping[str, CheckingKey]
    beacons: tuple[bytes, ...]
    acks: tuple[bytes, ...]
    key: SigningKey

    @property
    def missing(self) -> list[OrderEntry]:
        """The orders that at least one of the devices is not known to hold."""
        return [
            entry
            for entry in self.entries
            if any(
                entry.log in self.logs[device_id] and entry.seq not in haves.get(entry.log, Haves())
                for device_id, haves in self.haves.items()
            )
        ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the devices; nothing when all is to be brought anew.

    lasts: only return files of the identity a device has now; before, it may have been another board.
    """

    states: Mapping[str, DeviceState]
    lasts: Mapping[str, LastReturn]
    whole: bool

    def haves(self, device_id: str) -> dict[str, Haves]:
        state = self.states.get(device_id)
        if state is None or self.whole:
            return {}
        return {log: Haves.from_wire(value) for log, value in state.haves.items()}

    def held(self, device_id: str) -> frozenset[bytes]:
        last = self.lasts.get(device_id)
        return frozenset() if last is None or self.whole else frozenset(map(bytes.fromhex, last.held))

    def free_bytes(self, device_id: str) -> int | None:
        state = self.states.get(device_id)
        return None if state is None or not state.storage_total_kib else (state.storage_free_kib or 0) * 1024

    def counts(self, device_id: str, series: int, at: datetime) -> bool:
        """Whether a receipt of that series and time still tells what the device holds now."""
        state, last = self.states.get(device_id), self.lasts.get(device_id)
        if self.whole or state is None or series != state.receipt_series:
            return False
        return last is None or last.clock_at is None or at > last.clock_at


async def gather(
    session: AsyncSession, keys: KeyStore, now: datetime, *, commune_id: str, device_ids: Collection[str], whole: bool
) -> Gathered:
    """Read what a bundle for these devices of one commune takes. whole: as if nothing were known to be there.

    Raises Refused("devices.bundle_nobody" | "devices.bundle_too_many"), NotFound("devices.authority_unknown"),
    Unavailable("devices.key_missing").
    """
    devices = [device for device in await sources.devices(session, device_ids) if device.commune_id == commune_id]
    if not devices:
        raise Refused("devices.bundle_nobody")
    if len(devices) > MAX_DEVICES:
        raise Refused("devices.bundle_too_many", most=MAX_DEVICES)
    ids = [device.id for device in devices]
    line = (await places.lineages(session, [commune_id]))[commune_id]
    logs = {device_id: (*line, topics.device_log(device_id)) for device_id in ids}
    names = list(dict.fromkeys(log for followed in logs.values() for log in followed))
    known = _Known(await sources.states(session, ids), await _lasts(session, devices), whole)
    entries = await sources.in_force(session, names, now)
    found = await log_rows.logs(session, names)
    key = await _signing_key(session, keys, commune_id, devices, known)
    return Gathered(
        commune_id=commune_id,
        at=now,
        recipients=await _recipients(session, devices, line, known),
        logs=logs,
        haves={device_id: known.haves(device_id) for device_id in ids},
        entries=tuple(entries),
        stored=await _stored(session, ids, entries, known),
        publics=await _publics(session, line),
        beacons=tuple((await signed_beacons(session, keys, list(found.values()), now)).values()),
        acks=tuple([ack async for ack in _acks(session, ids, known, key)]),
        key=key,
    )


async def _lasts(session: AsyncSession, devices: Sequence[Device]) -> dict[str, LastReturn]:
    generations = {device.id: device.generation for device in devices}
    found = await returns.last_returns(session, generations)
    return {device_id: last for device_id, last in found.items() if last.generation == generations[device_id]}


async def _signing_key(
    session: AsyncSession, keys: KeyStore, commune_id: str, devices: Sequence[Device], known: _Known
) -> SigningKey:
    """The newest that all of the devices know; where there is none in common, the present one."""
    present = await current_key(session, keys, commune_id)
    trusting = [Trusting(device.enrolled_at, known.haves(device.id).get(commune_id, Haves())) for device in devices]
    epochs = common_epochs(await sources.public_keys(session, [commune_id]), trusting)
    usable = [epoch for epoch in epochs if keys.holds(commune_id, epoch)]
    return keys.signing_key(commune_id, usable[0]) if usable else present


async def _recipients(
    session: AsyncSession, devices: Sequence[Device], line: tuple[str, ...], known: _Known
) -> tuple[Recipient, ...]:
    clusters = await places.clusters_of_devices(session, [device.id for device in devices])
    zones = await places.zones_of_clusters(session, [each.id for rows in clusters.values() for each in rows])
    return tuple(
        Recipient(
            device.id,
            tuple(_hearer(cluster, line, zones.get(cluster.id, ())) for cluster in clusters.get(device.id, ())),
            frozenset(device.codecs),
            known.held(device.id),
            known.free_bytes(device.id),
        )
        for device in devices
    )


def _hearer(cluster: Cluster, line: tuple[str, ...], zones: Collection[str]) -> Hearer:
    return Hearer(
        Listener(cluster.id, frozenset({*line, cluster.village_id}), frozenset(zones)), tuple(cluster.languages)
    )


async def _stored(
    session: AsyncSession, device_ids: Sequence[str], entries: Sequence[OrderEntry], known: _Known
) -> dict[str, frozenset[str]]:
    proved: dict[str, set[str]] = {}
    for device_id, order_id, series, at in await sources.stored_orders(session, device_ids, [e.id for e in entries]):
        if known.counts(device_id, series, at):
            proved.setdefault(device_id, set()).add(order_id)
    return {device_id: frozenset(orders) for device_id, orders in proved.items()}


async def _publics(session: AsyncSession, authority_ids: Collection[str]) -> dict[str, CheckingKey]:
    rows = await sources.public_keys(session, authority_ids)
    named = [(trust.kid(row.authority_id, row.epoch), row.public) for row in rows]
    return {kid: CheckingKey.from_public(kid, public) for kid, public in named}


async def _acks(
    session: AsyncSession, device_ids: Sequence[str], known: _Known, key: SigningKey
) -> AsyncIterator[bytes]:
    """What each device's last return showed as not acknowledged, and what came after it."""
    for device_id in device_ids:
        last, state = known.lasts.get(device_id), known.states.get(device_id)
        if last is None or not last.first_n:
            continue
        digests = await sources.receipts_from(session, device_id, state.receipt_series if state else 0, last.first_n)
        for at in range(0, len(digests), MAX_ACKNOWLEDGED):
            yield sign(Kind.ACK, Ack(device_id, tuple(digests[at : at + MAX_ACKNOWLEDGED])).to_map(), key)
