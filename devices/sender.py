"""From the log to the broker: new orders at once, beacons after them and every 30 s, and to each device what it lacks.

A crash between publishing and noting it only means that an order is sent again; devices drop what they hold.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from base.times import Clock, to_ms
from devices.keys import KeyStore, current_keys
from devices.missing import Missing, Want, lowest_held
from devices.models import OrderEntry, OrderLog
from devices.repository import log as rows
from devices.wire import topics
from devices.wire.beacon import Beacon
from devices.wire.down import Frame, frames_of_orders
from devices.wire.envelope import Kind, sign
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
        self._wants: dict[str, Want] = {}
        self._wanted = asyncio.Event()
        self._missing = Missing()

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
            group.create_task(self._catch_up_loop())
            group.create_task(self.run_beacons())

    async def run_beacons(self) -> None:
        """The head of every authority's log, every 30 s, until cancelled."""
        while True:
            with _logged("devices.beacons_failed"):
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
            beacons = await self._beacons(session, found)
        for log, beacon in beacons.items():
            self._publish(topics.head(log), beacon, retain=True)

    async def send_missing(self, device_id: str, haves: Mapping[str, Haves], *, fresh: bool = False) -> None:
        """Note that a device lacks something; it is sent in a moment, together with what others lack.

        haves: of every log the device follows. fresh: it has only just connected, so nothing is on its way to it.
        """
        earlier = self._wants.get(device_id)
        self._wants[device_id] = Want(haves, fresh or (earlier is not None and earlier.fresh))
        self._wanted.set()

    def send_down(self, device_id: str, frame: bytes) -> bool:
        """Hand a frame for one device to the broker."""
        return self._publish(topics.down(device_id), frame, retain=False)

    async def _orders_loop(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_PERIOD_S):
                    await self._kicked.wait()
            self._kicked.clear()
            with _logged("devices.sending_failed"):
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
            with _logged("devices.marking_failed"):
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

    async def _catch_up_loop(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            with _logged("devices.catch_up_failed"):
                await self._catch_up()

    async def _catch_up(self) -> None:
        wants, self._wants = self._wants, {}
        now = self._clock()
        lowest = lowest_held(wants.values())
        async with self._database.reading() as session:
            orders = await rows.in_force_above(session, lowest, now)
            chosen = {
                device_id: self._missing.choose(device_id, want, orders, now) for device_id, want in wants.items()
            }
            envelopes = await rows.envelopes(session, {order.id for each in chosen.values() for order in each})
            logs = await rows.logs(session, lowest)
            floors = await self._floors(session, logs, now)
            behind = {log for want in wants.values() for log in _behind(want.haves, floors)}
            beacons = await self._beacons(session, [logs[log] for log in behind])
        for device_id, want in wants.items():
            self._send_frames(
                device_id,
                [envelopes[order.id] for order in chosen[device_id]],
                [beacons[log] for log in _behind(want.haves, floors) if log in beacons],
            )
        self._missing.forget(now)

    def _send_frames(self, device_id: str, orders: Sequence[bytes], beacons: Sequence[bytes]) -> None:
        if beacons:
            self.send_down(device_id, Frame(beacons=tuple(beacons)).to_bytes())
        for frame in frames_of_orders(orders):
            self.send_down(device_id, frame.to_bytes())

    async def _beacons(self, session: AsyncSession, logs: Sequence[OrderLog]) -> dict[str, bytes]:
        now = self._clock()
        floors = await self._floors(session, {log.log: log for log in logs}, now)
        signers = await current_keys(session, self._keys, {log.signer_id for log in logs})
        return {
            log.log: sign(
                Kind.BEACON,
                Beacon(log.log, log.head, floors[log.log], log.tip, to_ms(now)).to_map(),
                signers[log.signer_id],
            )
            for log in logs
            if log.signer_id in signers
        }

    async def _floors(self, session: AsyncSession, logs: Mapping[str, OrderLog], now: datetime) -> dict[str, int]:
        """Below its first order in force, nothing of a log is needed any more; with none in force, nothing at all."""
        first = await rows.first_in_force(session, list(logs), now) if logs else {}
        return {name: max(log.floor, first.get(name, log.head + 1)) for name, log in logs.items()}


def _behind(haves: Mapping[str, Haves], floors: Mapping[str, int]) -> Iterable[str]:
    """Logs of which the device still misses numbers that nobody needs."""
    return [log for log, held in haves.items() if log in floors and held.upto < floors[log] - 1]


@contextlib.contextmanager
def _logged(event: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 - a loop that sends must live on; what failed is tried again
        _log.exception(event)
