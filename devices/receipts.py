"""Receipts into the database: each kept once, as it came; its number placed, its statement folded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import from_ms
from devices.beats import fit
from devices.delivery import fold
from devices.models import ReceiptEntry
from devices.repository import deliveries, uplink
from devices.uplink import Report
from devices.wire import trust
from devices.wire.reports import Receipt

NO_DIGEST = bytes(32)


@dataclass(slots=True)
class Filed:
    """What came of a batch of receipts.

    stored: device → digests of its receipts to acknowledge, old ones repeated included. series: device → its present
    series. proved: deliveries of which more is proved. foreign: devices that spoke for clusters not theirs.
    """

    stored: dict[str, set[bytes]] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    proved: list[deliveries.Standing] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)


async def file_receipts(
    session: AsyncSession, reports: Sequence[Report], series: Mapping[str, int], now: datetime, carrier: str = "mqtt"
) -> Filed:
    """Store the receipts that are new and fold them. `series`: the present one of each device that has a state.

    carrier: how they came.
    """
    filed = Filed(series={report.device_id: series.get(report.device_id, 0) for report in reports})
    fresh = await _place(session, reports, filed, now)
    for _, entry in fresh:
        entry.carrier = carrier
    await uplink.add_receipts(session, [entry for _, entry in fresh])
    await _fold(session, [receipt for receipt, _ in fresh], filed)
    return filed


async def _place(
    session: AsyncSession, reports: Sequence[Report], filed: Filed, now: datetime
) -> list[tuple[Receipt, ReceiptEntry]]:
    """Rows for the receipts not stored yet, each in its series; all are to be acknowledged."""
    book = await _Book.open(session, reports)
    fresh: list[tuple[Receipt, ReceiptEntry]] = []
    for report in reports:
        receipt = report.message
        if not isinstance(receipt, Receipt):
            continue
        digest = trust.digest(report.envelope)
        filed.stored.setdefault(receipt.device, set()).add(digest)
        if digest in book:
            continue
        filed.series[receipt.device] = series = book.place(digest, receipt, filed.series[receipt.device])
        fresh.append((receipt, _entry(report.envelope, receipt, series, now, chained=book.chained(receipt, series))))
    return fresh


class _Book:
    """Which number of which series holds which receipt, as far as this batch needs it."""

    def __init__(self, rows: Sequence[tuple[bytes, str, int, int]]) -> None:
        self._stored = {digest for digest, *_ in rows}
        self._digests = {(device_id, series, n): digest for digest, device_id, series, n in rows}

    @classmethod
    async def open(cls, session: AsyncSession, reports: Sequence[Report]) -> "_Book":
        numbers: dict[str, set[int]] = {}
        for report in reports:
            if isinstance(report.message, Receipt):
                numbers.setdefault(report.device_id, set()).update({report.message.n, report.message.n - 1})
        digests = [trust.digest(report.envelope) for report in reports]
        return cls(await uplink.stored_receipts(session, digests, numbers))

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._stored

    def place(self, digest: bytes, receipt: Receipt, series: int) -> int:
        """The present series, or the next when another receipt already has this number: the device began anew."""
        if (receipt.device, series, receipt.n) in self._digests:
            series += 1
        self._stored.add(digest)
        self._digests[receipt.device, series, receipt.n] = digest
        return series

    def chained(self, receipt: Receipt, series: int) -> bool:
        """Whether it names the receipt before it; true while that one has not come."""
        before = self._digests.get((receipt.device, series, receipt.n - 1))
        if receipt.n == 1:
            before = NO_DIGEST
        return before is None or before == receipt.prev


def _entry(envelope: bytes, receipt: Receipt, series: int, now: datetime, *, chained: bool) -> ReceiptEntry:
    return ReceiptEntry(
        digest=trust.digest(envelope),
        device_id=receipt.device,
        series=series,
        n=receipt.n,
        order_id=receipt.order,
        occurrence_id=receipt.occurrence,
        state=receipt.state.value,
        at=from_ms(receipt.at_ms),
        bound_ms=fit(receipt.bound_ms),
        received_at=now,
        chained=chained,
        envelope=envelope,
    )


async def _fold(session: AsyncSession, receipts: Sequence[Receipt], filed: Filed) -> None:
    told = [receipt for receipt in receipts if receipt.occurrence is not None and receipt.clusters]
    if not told:
        return
    occurrences = {str(receipt.occurrence) for receipt in told}
    before = await deliveries.standings(session, occurrences, {c for receipt in told for c in receipt.clusters})
    after = dict(before)
    for receipt in told:
        for cluster_id in receipt.clusters:
            key = str(receipt.occurrence), cluster_id
            standing = after.get(key)
            if standing is None:
                continue
            if receipt.device not in standing.devices:
                filed.foreign.add(receipt.device)
                continue
            after[key] = standing._replace(proof=fold(standing.proof, receipt, wireless=standing.wireless))
    filed.proved = [standing for key, standing in after.items() if standing.proof != before[key].proof]
    await deliveries.save_proofs(session, filed.proved)
