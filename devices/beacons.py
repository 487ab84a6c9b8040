"""Where each log stands: the signed beacons, with what of a log nobody needs any more."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import to_ms
from devices.keys import KeyStore, current_keys
from devices.models import OrderLog
from devices.repository import log as rows
from devices.wire.beacon import Beacon
from devices.wire.envelope import Kind, sign
from devices.wire.haves import MAX_RANGES, Haves

Ranges = tuple[tuple[int, int], ...]


class Standing(NamedTuple):
    """Below `floor` nothing of a log is needed any more; `gone` are the inclusive ranges above it nobody needs either.

    Some orders stay in force for years (keys, the message bank): without `gone`, all that expired above them would be
    a gap in every device for as long.
    """

    floor: int
    gone: Ranges


async def standings(session: AsyncSession, logs: Mapping[str, OrderLog], now: datetime) -> dict[str, Standing]:
    """What of each log has long expired; one query for all."""
    runs = await rows.in_force_stretches(session, list(logs), now) if logs else {}
    return {name: _standing(log, runs.get(name, [])) for name, log in logs.items()}


async def signed_beacons(
    session: AsyncSession,
    keys: KeyStore,
    logs: Sequence[OrderLog],
    now: datetime,
    known: Mapping[str, Standing] | None = None,
) -> dict[str, bytes]:
    """Log → its signed beacon; logs whose key is not on this server are left out. known: standings just looked up."""
    stands = await standings(session, {log.log: log for log in logs}, now) if known is None else known
    signers = await current_keys(session, keys, {log.signer_id for log in logs})
    at_ms = to_ms(now)
    return {
        log.log: sign(
            Kind.BEACON,
            Beacon(log.log, log.head, stands[log.log].floor, log.tip, at_ms, stands[log.log].gone).to_map(),
            signers[log.signer_id],
        )
        for log in logs
        if log.signer_id in signers
    }


def behind(haves: Mapping[str, Haves], stands: Mapping[str, Standing]) -> Iterable[str]:
    """Logs of which the device still misses numbers that nobody needs."""
    return [log for log, held in haves.items() if log in stands and _heals(held, stands[log])]


def _heals(held: Haves, standing: Standing) -> bool:
    return held.raised(standing.floor).without(standing.gone) != held


def _standing(log: OrderLog, runs: Sequence[tuple[int, int]]) -> Standing:
    """With nothing in force, nothing at all is needed; what was raised once is never lowered."""
    if not runs:
        return Standing(max(log.floor, log.head + 1), ())
    floor = max(log.floor, runs[0][0])
    ends = [*(low for low, _ in runs[1:]), log.head + 1]
    gaps = ((max(floor, high + 1), begin - 1) for (_, high), begin in zip(runs, ends, strict=True))
    return Standing(floor, tuple((low, high) for low, high in gaps if low <= high)[:MAX_RANGES])
