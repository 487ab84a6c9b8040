"""Urgent orders sent again to connected devices that do not show them, by `devices.resend`'s rounds."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import structlog

from base.database import Database
from base.times import Clock
from devices.models import OrderEntry
from devices.quietlog import living_on
from devices.repository import followers, log
from devices.resend import URGENT, Resend, Watched
from devices.wire.down import Frame, frames_of_orders
from devices.wire.haves import Haves

_log = structlog.get_logger(__name__)

PAGE = 500
"""Devices looked at in one query; others get a turn on the event loop in between."""

Send = Callable[[str, Frame, Sequence[str]], bool]
"""Hands a frame to the broker for one device, with the ids of the orders in it."""


def _steady_s() -> float:
    return asyncio.get_running_loop().time()


class Resender:
    """One per sender. `run` works until cancelled."""

    def __init__(self, database: Database, clock: Clock, send: Send) -> None:
        self._database, self._clock, self._send = database, clock, send
        self._resend = Resend()
        self._moved = asyncio.Event()

    def published(self, entry: OrderEntry) -> None:
        """An order was handed to the broker; if it is urgent, see that it arrives."""
        if entry.urgency >= URGENT:
            self._resend.watch(_watched(entry), _steady_s())
            self._moved.set()

    async def run(self) -> None:
        """Look who lacks what, round after round, until cancelled. What was urgent before a restart is so still."""
        with living_on(_log, "devices.resend_failed"):
            async with self._database.reading() as session:
                for entry in await log.urgent_in_force(session, URGENT, self._clock()):
                    self.published(entry)
        while True:
            await self._wait()
            with living_on(_log, "devices.resend_failed"):
                await self.look()

    def next_at_s(self) -> float | None:
        """When the next look is due, by the event loop's clock; None when there is nothing to look after."""
        return self._resend.next_at_s()

    async def look(self, at_s: float | None = None) -> None:
        """One round: send what is due to who lacks it. at_s: instead of the loop's own time."""
        due = self._resend.due(_steady_s() if at_s is None else at_s, self._clock())
        by_log = groupby(sorted(due, key=lambda order: (order.log, order.seq)), key=lambda order: order.log)
        for name, group in by_log:
            await self._look_at(name, list(group))

    async def _wait(self) -> None:
        """Until the next look is due, or another order is published."""
        at_s = self._resend.next_at_s()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(at_s):
                await self._moved.wait()
        self._moved.clear()

    async def _look_at(self, name: str, orders: Sequence[Watched]) -> None:
        lacking: dict[str, set[str]] = {order.id: set() for order in orders}
        async with self._database.reading() as session:
            envelopes = await log.envelopes(session, lacking)
            async for page in followers.connected(session, name, _only(orders), self._clock(), PAGE):
                for device_id, haves in page:
                    missing = [order for order in orders if _lacks(order, device_id, haves)]
                    for order in missing:
                        lacking[order.id].add(device_id)
                    self._send_to(device_id, missing, envelopes)
        for order_id, device_ids in lacking.items():
            self._resend.looked(order_id, device_ids)
        if any(lacking.values()):
            _log.info("devices.sent_again", log=name, devices=len(set().union(*lacking.values())))

    def _send_to(self, device_id: str, orders: Iterable[Watched], envelopes: Mapping[str, bytes]) -> None:
        known = [order.id for order in orders if order.id in envelopes]
        for frame in frames_of_orders([envelopes[order_id] for order_id in known]):
            self._send(device_id, frame, known)


def _watched(entry: OrderEntry) -> Watched:
    return Watched(entry.id, entry.log, entry.seq, entry.type, entry.occurrence_id, entry.expires_at)


def _only(orders: Sequence[Watched]) -> set[str] | None:
    """The devices worth a look; None for all, when one of the orders was not looked after yet."""
    lacking = [order.lacking for order in orders]
    known = [each for each in lacking if each is not None]
    return set().union(*known) if len(known) == len(lacking) else None


def _lacks(order: Watched, device_id: str, haves: Haves) -> bool:
    return (order.lacking is None or device_id in order.lacking) and order.seq not in haves
