"""Return files taken in: in any order, twice, from whoever brings them."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from base.times import Clock
from devices.beats import State
from devices.changes import DeliveryChanged, DeviceChange
from devices.couriers.knowledge import after_return, clock_of, judge_return
from devices.couriers.models import CourierReturn, HandOver, LastReturn
from devices.couriers.repository import bundles as bundle_rows
from devices.couriers.repository import returns as rows
from devices.delivery import has_order
from devices.freshness import Freshness
from devices.intake import Intake
from devices.repository import deliveries, uplink
from devices.uplink import MAX_COUNT, Checker, Identity, Report
from devices.wire import trust
from devices.wire.envelope import CheckingKey, Kind, signer
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.haves import Haves
from devices.wire.packing import read_first
from devices.wire.reports import Heartbeat, Receipt
from devices.wire.returns import FIRST, MAX_RETURN_BYTES, Return, ReturnFile, read_return
from devices.wire.topics import Up, Uplink

CARRIER = "courier"
"""How these receipts are noted to have come."""
PART = 500
"""Receipts one transaction takes in: an emergency may have to wait for it."""
OVERHEAD_BYTES = 32 << 20
"""What headers and padding add to the receipts themselves, at most."""


@dataclass(frozen=True, slots=True)
class OpenedReturn:
    """A return file whose device vouches for it. refused: receipts in it that do not hold."""

    identity: Identity
    digest: bytes
    report: Return
    receipts: tuple[Report, ...]
    refused: int

    def parts(self) -> Iterator[Sequence[Report]]:
        """The receipts, a transaction's worth at a time."""
        for at in range(0, len(self.receipts), PART):
            yield self.receipts[at : at + PART]


@dataclass(frozen=True, slots=True)
class TakenReturn:
    """What came of a return file. again: it came before. latest: it told more of the device than was known.

    handed: bundles of which it proves that the device took them.
    """

    device_id: str
    commune_id: str
    clock_at: datetime | None
    receipts: int
    refused: int
    again: bool
    latest: bool
    handed: tuple[str, ...]
    changes: tuple[DeviceChange, ...]


class ReturnDesk:
    """Where return files are given up. Nothing commits: the caller opens a file in a reading session, files its
    receipts part by part, and takes what it says of the device last, so that a file cut short can simply come again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checker = Checker(lambda _device, _generation: bytes(32))

    async def open(self, session: AsyncSession, file: BinaryIO, size: int) -> OpenedReturn:
        """Verify and read a file. Raises BadBundle, Refused("devices.return_unknown")."""
        if size > MAX_RETURN_BYTES + OVERHEAD_BYTES:
            raise BadBundle("too_large")
        device_id, digest = await asyncio.to_thread(_claimed, file)
        identity = (await uplink.identities(session, [device_id])).get(device_id)
        if identity is None or identity.revoked:
            raise Refused("devices.return_unknown", device_id=device_id)
        opened = await asyncio.to_thread(_read, file, identity)
        if max(opened.report.heartbeat.boot, opened.report.heartbeat.n) > MAX_COUNT:
            raise BadBundle("altered", "count")
        receipts = await asyncio.to_thread(lambda: list(self._receipts(opened, identity)))
        return OpenedReturn(identity, digest, opened.report, tuple(receipts), len(opened.receipts) - len(receipts))

    async def file(self, session: AsyncSession, opened: OpenedReturn, part: Sequence[Report]) -> list[DeviceChange]:
        """Put some of its receipts where those of the network go; what changed, to be told after the commit."""
        communes = {opened.identity.device_id: opened.identity.commune_id}
        return (await Intake(session, communes, self._clock(), CARRIER).take(part)).changes

    async def take(self, session: AsyncSession, opened: OpenedReturn, user_id: str | None) -> TakenReturn:
        """Take what the file says of its device; an older one never overwrites what is known."""
        now, identity, beat = self._clock(), opened.identity, opened.report.heartbeat
        again = await rows.is_taken(session, opened.digest)
        clock_at = clock_of(beat)
        state = (await uplink.states(session, [identity.device_id])).get(identity.device_id)
        last = (await rows.last_returns(session, [identity.device_id])).get(identity.device_id)
        freshness = judge_return(beat, identity.generation, last, state, now)
        changes: list[DeviceChange] = []
        if freshness is not Freshness.OLD:
            changes = await self._learn(session, opened, state or State(identity.device_id), freshness, now)
        handed = await bundle_rows.hand_over(
            session, opened.report.bundles, identity.device_id, clock_at or now, proof=HandOver.RETURN, outcome="taken"
        )
        await rows.add_return(session, _row(opened, now, user_id, latest=freshness is not Freshness.OLD))
        return TakenReturn(
            identity.device_id,
            identity.commune_id,
            clock_at,
            len(opened.receipts),
            opened.refused,
            again,
            freshness is not Freshness.OLD,
            tuple(handed),
            tuple(changes),
        )

    async def _learn(
        self, session: AsyncSession, opened: OpenedReturn, state: State, freshness: Freshness, now: datetime
    ) -> list[DeviceChange]:
        beat = opened.report.heartbeat
        at = clock_of(beat) or now
        told = after_return(state, beat, at)
        if freshness is Freshness.ANEW:
            told.receipt_series += 1
        await uplink.save_states(session, [told])
        await rows.save_last_return(session, _last(opened, now))
        return await _fold_haves(session, beat, at, now)

    def _receipts(self, opened: ReturnFile, identity: Identity) -> Iterator[Report]:
        """Those that hold; one that does not (of an identity the device had before) must not spoil the others."""
        for envelope in opened.receipts:
            try:
                yield self._checker.open(Uplink(opened.device, Up.RECEIPT), envelope, identity)
            except BadMessage:
                continue


async def _fold_haves(session: AsyncSession, beat: Heartbeat, at: datetime, now: datetime) -> list[DeviceChange]:
    """What its haves prove: the device has the order."""
    awaited = await deliveries.awaited(session, [beat.device], now)
    proved = [
        each.standing._replace(proof=has_order(each.standing.proof, at))
        for each in awaited
        if each.seq in beat.haves.get(each.log, Haves())
    ]
    await deliveries.save_proofs(session, proved)
    return [
        DeliveryChanged(commune_id, occurrence_id, clusters)
        for (commune_id, occurrence_id), clusters in deliveries.changed(proved).items()
    ]


def _claimed(file: BinaryIO) -> tuple[str, bytes]:
    """The device a file says it is of, and the digest of its first entry. Raises BadBundle."""
    file.seek(0)
    first = read_first(file, FIRST, Kind.RETURN.max_bytes)
    try:
        return signer(first), trust.digest(first)
    except BadMessage as error:
        raise BadBundle("altered", error.reason) from error


def _read(file: BinaryIO, identity: Identity) -> ReturnFile:
    """Raises BadBundle."""
    file.seek(0)
    key = CheckingKey.from_public(identity.device_id, identity.public)
    return read_return(file, keyring=lambda kid: key if kid == identity.device_id else None)


def _row(opened: OpenedReturn, now: datetime, user_id: str | None, *, latest: bool) -> CourierReturn:
    beat = opened.report.heartbeat
    return CourierReturn(
        digest=opened.digest,
        device_id=beat.device,
        boot=beat.boot,
        n=beat.n,
        clock_at=clock_of(beat),
        latest=latest,
        receipts=len(opened.receipts),
        received_at=now,
        received_by=user_id,
    )


def _last(opened: OpenedReturn, now: datetime) -> LastReturn:
    beat = opened.report.heartbeat
    numbers = [report.message.n for report in opened.receipts if isinstance(report.message, Receipt)]
    return LastReturn(
        device_id=beat.device,
        generation=opened.identity.generation,
        boot=beat.boot,
        n=beat.n,
        clock_at=clock_of(beat),
        clock_state=beat.clock.state.value,
        received_at=now,
        held=[sha.hex() for sha in opened.report.held],
        first_n=min(numbers, default=0),
    )
