"""To each device what it lacks: in force, most urgent first, many devices in one look."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from base.times import Clock
from devices.beacons import behind, signed_beacons, standings
from devices.keys import KeyStore
from devices.missing import Missing, Want, lowest_held
from devices.quietlog import living_on
from devices.repository import log as rows
from devices.wire.down import Frame, frames_of_orders
from devices.wire.haves import Haves

_log = structlog.get_logger(__name__)

SendDown = Callable[[str, bytes], bool]
"""Hands a frame to the broker for one device; False when there is no connection."""


class Lack(NamedTuple):
    """What one device is to be sent: signed orders, the most urgent first, and signed beacons that heal its gaps."""

    orders: Sequence[bytes]
    beacons: Sequence[bytes]


async def lacking(
    session: AsyncSession, keys: KeyStore, wants: Mapping[str, Want], missing: Missing, now: datetime
) -> dict[str, Lack]:
    """Device → what it lacks; the same few queries for one and for a thousand."""
    lowest = lowest_held(wants.values())
    logs = await rows.logs(session, lowest)
    orders = await rows.in_force_above(session, lowest, now)
    chosen = {device_id: missing.choose(device_id, want, orders, now) for device_id, want in wants.items()}
    envelopes = await rows.envelopes(session, {order.id for each in chosen.values() for order in each})
    stands = await standings(session, logs, now)
    heals = {device_id: behind(want.haves, stands) for device_id, want in wants.items()}
    moved = {log for each in heals.values() for log in each}
    beacons = await signed_beacons(session, keys, [logs[log] for log in moved], now, stands)
    return {
        device_id: Lack(
            [envelopes[order.id] for order in chosen[device_id]],
            [beacons[log] for log in heals[device_id] if log in beacons],
        )
        for device_id in wants
    }


class CatchUp:
    """Gathers who lacks something, and sends it. `run` works until cancelled."""

    def __init__(self, database: Database, keys: KeyStore, clock: Clock, send_down: SendDown) -> None:
        self._database, self._keys, self._clock, self._send_down = database, keys, clock, send_down
        self._wants: dict[str, Want] = {}
        self._wanted = asyncio.Event()
        self._missing = Missing()

    def add(self, device_id: str, haves: Mapping[str, Haves], *, fresh: bool) -> None:
        """A device lacks something. haves: of every log it follows. fresh: it has only just connected."""
        earlier = self._wants.get(device_id)
        self._wants[device_id] = Want(haves, fresh or (earlier is not None and earlier.fresh))
        self._wanted.set()

    def sent(self, device_id: str, order_id: str) -> None:
        """It was sent an order by another way just now."""
        self._missing.note(device_id, order_id, self._clock())

    async def run(self) -> None:
        """Send what is lacking, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            with living_on(_log, "devices.catch_up_failed"):
                await self.send()

    async def send(self) -> None:
        """One round."""
        wants, self._wants = self._wants, {}
        now = self._clock()
        async with self._database.reading() as session:
            found = await lacking(session, self._keys, wants, self._missing, now)
        for device_id, lack in found.items():
            if lack.beacons:
                self._send_down(device_id, Frame(beacons=tuple(lack.beacons)).to_bytes())
            for frame in frames_of_orders(lack.orders):
                self._send_down(device_id, frame.to_bytes())
        self._missing.forget(now)
