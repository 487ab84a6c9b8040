"""From the log to the broker: new orders at once, beacons after them and every 30 s; urgent ones until they arrive.

A crash between publishing and noting it only means that an order is sent again; devices drop what they hold.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from base.database import Database
from base.times import Clock
from devices.beacons import signed_beacons
from devices.catchup import CatchUp
from devices.keys import KeyStore
from devices.models import OrderEntry
from devices.quietlog import living_on
from devices.repository import log as rows
from devices.resending import Resender
from devices.wire import topics
from devices.wire.down import Frame
from devices.wire.haves import Haves

_log = structlog.get_logger(__name__)

LOOK_PERIOD_S = 1.0
BEACON_PERIOD_S = 30.0
MARK_PERIOD_S = 0.1
MAX_ROUND = 200


class Publish(Protocol):
    """Hands a message to the broker, as `base.mqtt.MqttLink.publish` does; False when nothing was sent."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool) -> bool: ...


class Sender:
    """One per server process. `run` works until cancelled."""

    def __init__(self, database: Database, keys: KeyStore, clock: Clock, publish: Publish) -> None:
        self._database, self._keys, self._clock, self._publish = database, keys, clock, publish
        self._kicked = asyncio.Event()
        # What was committed before we came must not wait a second for its first look.
        self._kicked.set()
        self._published: dict[str, datetime] = {}
        self._moved: set[str] = set()
        self._to_mark = asyncio.Event()
        self.catch_up = CatchUp(database, keys, clock, self.send_down)
        self.resender = Resender(database, clock, self._send_again)

    def kick(self) -> None:
        """Something was committed to a log: publish it now."""
        self._kicked.set()

    def send(self, entries: Iterable[OrderEntry]) -> None:
        """Publish orders committed this very moment, without looking them up again; whatever else waits follows."""
        self.kick()
        self._send_orders(sorted(entries, key=lambda entry: (-entry.urgency, entry.seq)), self._clock())

    async def run(self) -> None:
        """Publish, mark, catch devices up and send beacons, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._orders_loop())
            group.create_task(self._mark_loop())
            group.create_task(self.catch_up.run())
            group.create_task(self.resender.run())
            group.create_task(self.run_beacons())

    async def run_beacons(self) -> None:
        """The head of every authority's log, every 30 s, until cancelled."""
        while True:
            with living_on(_log, "devices.beacons_failed"):
                await self.send_beacons()
            await asyncio.sleep(BEACON_PERIOD_S)

    async def send_beacons(self, logs: Collection[str] | None = None) -> None:
        """Publish the signed, retained head of these logs, or of every authority's log."""
        async with self._database.reading() as session:
            found = (
                list(await rows.authority_logs(session))
                if logs is None
                else list((await rows.logs(session, logs)).values())
            )
            beacons = await signed_beacons(session, self._keys, found, self._clock())
        for log, beacon in beacons.items():
            self._publish(topics.head(log), beacon, retain=True)

    async def send_missing(self, device_id: str, haves: Mapping[str, Haves], *, fresh: bool = False) -> None:
        """Note that a device lacks something; it is sent in a moment, together with what others lack.

        haves: of every log the device follows. fresh: it has only just connected, so nothing is on its way to it.
        """
        self.catch_up.add(device_id, haves, fresh=fresh)

    def send_down(self, device_id: str, frame: bytes) -> bool:
        """Hand a frame for one device to the broker."""
        return self._publish(topics.down(device_id), frame, retain=False)

    def _send_again(self, device_id: str, frame: Frame, order_ids: Sequence[str]) -> bool:
        for order_id in order_ids:
            self.catch_up.sent(device_id, order_id)
        return self.send_down(device_id, frame.to_bytes())

    async def _orders_loop(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_PERIOD_S):
                    await self._kicked.wait()
            self._kicked.clear()
            with living_on(_log, "devices.sending_failed"):
                while await self._send_unsent() == MAX_ROUND:
                    pass

    async def _send_unsent(self) -> int:
        now = self._clock()
        async with self._database.reading() as session:
            entries = await rows.unsent(session, now, list(self._published), MAX_ROUND)
        sent = self._send_orders(entries, now)
        moved, self._moved = self._moved, set()
        if moved:
            await self.send_beacons(moved)
        return sent

    def _send_orders(self, entries: Iterable[OrderEntry], now: datetime) -> int:
        """How many were handed to the broker, up to the first that could not be."""
        sent = 0
        for entry in entries:
            if entry.id in self._published:  # by `send`, while the loop looked, or the other way round
                continue
            if not self._send_order(entry):
                break
            self._published[entry.id] = now
            self.resender.published(entry)
            if topics.log_device(entry.log) is None:
                self._moved.add(entry.log)
            self._to_mark.set()
            sent += 1
        return sent

    def _send_order(self, entry: OrderEntry) -> bool:
        device_id = topics.log_device(entry.log)
        if device_id is None:
            return self._publish(topics.orders(entry.log), entry.envelope, retain=False)
        return self.send_down(device_id, Frame(orders=(entry.envelope,)).to_bytes())

    async def _mark_loop(self) -> None:
        """Noting what was sent must never hold up what is to be sent next, so it has a loop of its own."""
        while True:
            await self._to_mark.wait()
            await asyncio.sleep(MARK_PERIOD_S)
            self._to_mark.clear()
            with living_on(_log, "devices.marking_failed"):
                await self._mark(dict(self._published))

    async def _mark(self, sent: Mapping[str, datetime]) -> None:
        try:
            async with self._database.writing() as session:
                await rows.mark_sent(session, sent)
        except BaseException:
            self._to_mark.set()
            raise
        for order_id in sent:
            self._published.pop(order_id, None)
