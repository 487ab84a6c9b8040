"""What is forgotten: histories past forty days, contents no order names any more, and floors of the logs raised."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from devices import beacons
from devices.repository import log as log_rows
from devices.repository import uplink as rows

HISTORY = timedelta(days=40)


async def prune(session: AsyncSession, now: datetime) -> None:
    """Forget what is past its time. Orders, deliveries and receipts are proof and stay."""
    await rows.prune_slots(session, now - HISTORY)
    await rows.prune_changes(session, now - HISTORY)
    await rows.prune_contents(session, now)
    await _raise_floors(session, now)


async def _raise_floors(session: AsyncSession, now: datetime) -> None:
    logs = {log.log: log for log in await log_rows.all_logs(session)}
    standings = await beacons.standings(session, logs, now)
    await log_rows.raise_floors(
        session, {name: standings[name].floor for name, log in logs.items() if standings[name].floor > log.floor}
    )
