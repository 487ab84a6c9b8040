"""What a rule works with: the device under test, its authorities and logs, its broker and content, and what it said."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from base.ids import id_to_bytes, new_id
from base.mqtt import MqttLink
from conformance import names
from conformance.airing import PATIENCE_S, Airing
from conformance.authorities import Key, Signed
from conformance.content import Contents
from conformance.ears import Ears, Told
from conformance.gate import Gate
from conformance.httpd import HttpServer
from conformance.logs import Logs, now_ms
from conformance.options import Options
from conformance.process import Power
from conformance.standing import Standing
from conformance.stations import Stations
from conformance.verdict import Broken
from devices.wire import topics
from devices.wire.config import Config, Hours
from devices.wire.content import Tone
from devices.wire.down import Frame, frames_of_orders
from devices.wire.envelope import Kind, sign
from devices.wire.haves import Haves
from devices.wire.orders import Play
from devices.wire.reports import Ack

T = TypeVar("T")
BEAT_S = 5
"""The heartbeat period the kit sets: the shortest there is."""
ACK_GRACE_S = 2.0
RECONNECT_S = 50.0
"""The longest pause of a device that was refused, and some."""


def tone(duration_ms: int = 400) -> Tone:
    """A short plain tone."""
    return Tone(((440, 440, duration_ms, 0),))


@dataclass
class World:
    """One device. `acking` and `catching_up`: the server's part, which a rule may suspend."""

    options: Options
    logs: Logs
    key: Key
    mac: bytes
    contents: Contents
    stations: Stations
    http: HttpServer
    power: Power
    gate: Gate
    standing: Standing
    config: Config
    bound_file: Any
    local_url: str = ""
    acking: bool = True
    catching_up: bool = True
    airings: list[Airing] = field(default_factory=list)
    link: MqttLink = field(init=False)
    ears: Ears = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _forbidden: dict[str, tuple[str, str]] = field(default_factory=dict)
    _acked_s: dict[bytes, list[float]] = field(default_factory=dict)
    rule: str = ""
    configured: bool = False
    exchanges: int = 0

    def __post_init__(self) -> None:
        self.ears = Ears(self.key, self.mac, self.standing, self._heard)

    # --- orders

    def order(
        self, kind: str, body: dict[str, Any], *, log: str = names.COMMUNE, carrier: str = "orders", **changes: Any
    ) -> Signed:
        """The next order of a log, sent by `orders` or `down`, or by nothing ("")."""
        order = self.logs.append(log, kind, body, **changes)
        self.send(order, carrier=carrier)
        return order

    def send(self, *orders: Signed, carrier: str = "orders") -> None:
        """Send orders again; those of the device's own log go in a frame."""
        for order in orders:
            if not carrier:
                continue
            self.logs.sent(order)
            if carrier == "down" or order.log == names.OWN_LOG:
                self.down(orders=[order.envelope])
            else:
                self.publish(topics.orders(order.log), order.envelope)

    def play(self, *, occurrence: str | None = None, order: dict[str, Any] | None = None, **said: Any) -> Airing:
        """Order a play: by default a short tone, of normal class, now. order: what `order` takes."""
        where = {name: said.pop(name) for name in ("log", "carrier") if name in said}
        values: dict[str, Any] = {"parts": (tone(),), "volume": 10, "start_ms": None} | said
        play = Play(occurrence=occurrence or new_id(), **values)
        signed = self.order("play", play.to_map(), **where, **(order or {}))
        airing = Airing(self, play.occurrence, signed)
        self.airings.append(airing)
        return airing

    def cancel(self, *airings: Airing, kind: str = "cancel", **where: Any) -> Signed:
        body: dict[str, Any] = {"occs": [id_to_bytes(airing.occurrence) for airing in airings]}
        return self.order(kind, body | ({"reason": ""} if kind == "cancel" else {}), **where)

    def configure(self, config: Config, **where: Any) -> Signed:
        """Order how the device is to behave until the end of the rule."""
        self.configured = True
        return self.order("config", config.to_map(), **where)

    def hours_shut(self) -> Hours:
        """Permitted hours that are over, whatever time of day it is: local time is put at noon."""
        minute = now_ms() // 60_000 % 1_440
        return Hours(((0, 60),), 720 - minute)

    # --- what goes down

    def publish(self, topic: str, payload: bytes) -> None:
        """Raises Broken when the kit has lost its own broker."""
        if not self.link.publish(topic, payload, retain=topic.endswith("/head")):
            raise Broken("the kit has lost its broker")

    def down(self, **parts: Sequence[Any]) -> None:
        """A frame: orders, acks, beacons, blocks."""
        frame = Frame(**{name: tuple(values) for name, values in parts.items()})
        self.publish(topics.down(names.DEVICE), frame.to_bytes())

    def beacon(self, log: str = names.COMMUNE, **changes: Any) -> None:
        self.publish(topics.head(log), self.logs[log].beacon(now_ms(), **changes))

    def ack(self, *digests: bytes, key: Key | None = None, device: str = names.DEVICE) -> bytes:
        """An acknowledgement, signed by the commune."""
        signer = key or self.logs.authorities[names.COMMUNE].key
        return sign(Kind.ACK, Ack(device, digests).to_map(), signer.signing)

    # --- what comes up

    def _heard(self, kind: Kind) -> None:
        self._news.set()
        self._look_for_forbidden()
        if kind in {Kind.HELLO, Kind.HEARTBEAT} and self.catching_up and self.link.connected:
            lacking = self.logs.lacking(self.ears.haves, anew=kind is Kind.HELLO)
            for frame in frames_of_orders(lacking):
                self.publish(topics.down(names.DEVICE), frame.to_bytes())
        if kind is Kind.RECEIPT:
            self._receipt_heard()

    def _receipt_heard(self) -> None:
        newest = max(self.ears.told.values(), key=lambda told: told.at_s[-1])
        acks = self._acked_s.get(newest.digest, [])
        if len(acks) > 1:  # one may have been lost with the power or the link
            late_s = newest.at_s[-1] - acks[1]
            why = f"receipt {newest.receipt.n} was told {late_s:.1f} s after its second acknowledgement"
            self.standing.judge("receipts.silent_after_ack", late_s < ACK_GRACE_S, why)
        elif acks:
            self.standing.judge("receipts.silent_after_ack", kept=True, why="")
        if self.acking and self.link.connected:
            self.acknowledge(newest)

    def acknowledge(self, *told: Told) -> None:
        """Tell the device that these are stored."""
        self.stored(*told)
        self.down(acks=[self.ack(*(each.digest for each in told))])

    def stored(self, *told: Told) -> None:
        """These are acknowledged from now on."""
        for each in told:
            self._acked_s.setdefault(each.digest, []).append(time.monotonic())

    @property
    def unacknowledged(self) -> list[Told]:
        return [told for told in self.ears.told.values() if told.digest not in self._acked_s]

    def forbid(self, occurrence: str, why: str) -> None:
        """From now on to the end of the run, this must not sound; the rule of the moment is broken if it does."""
        self._forbidden[occurrence] = (self.rule, why)

    def _look_for_forbidden(self) -> None:
        if not self.ears.beats:
            return
        for occurrence in self.ears.beats[-1].beat.playing:
            if occurrence in self._forbidden:
                rule, why = self._forbidden[occurrence]
                self.standing.breaches.setdefault(rule, f"{why}, and a heartbeat says that it sounds")

    def close(self) -> None:
        """Judge what only the whole shows."""
        for occurrence, (rule, why) in self._forbidden.items():
            airing = Airing(self, occurrence, Signed("", "", 0, 0, b""))
            if airing.sounded:
                self.standing.breaches.setdefault(rule, f"{why}, and it sounded later: {airing.told}")
        self.standing.close()

    # --- waiting

    async def until(
        self, holds: Callable[[], T | None], missing: str | Callable[[], str], within_s: float = PATIENCE_S
    ) -> T:
        """Wait for a condition; gives what made it true. Raises Broken with what is missing."""
        end_s = time.monotonic() + self.waits_s(within_s)
        while True:
            self._news.clear()
            if value := holds():
                return value
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise Broken(missing if isinstance(missing, str) else missing())
            self.power.check()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, 0.05)):
                    await self._news.wait()

    def waits_s(self, within_s: float) -> float:
        """How long is really waited for what should happen within so many seconds."""
        return within_s * self.options.patience

    async def fence(self, log: str = names.COMMUNE, carrier: str = "orders") -> Signed:
        """Wait until the device has dealt with everything sent before: it answers an order of no known type."""
        order = self.order("kit-fence", {}, log=log, carrier=carrier)
        await self.until(lambda: self.ears.about(order.id) or self._held(order), "the device does not answer any more")
        return order

    async def holds(self, order: Signed, within_s: float = PATIENCE_S) -> None:
        """Wait until the device says that it holds an order."""
        await self.until(
            lambda: self._held(order), f"number {order.seq} of {order.log} is not among its haves", within_s
        )

    def _held(self, order: Signed) -> bool:
        return order.seq in self.ears.haves.get(order.log, Haves())

    # --- power and clock

    async def on(self) -> None:
        """Power on, and wait for its hello."""
        seen = len(self.ears.hellos)
        await self.power.on()
        await self.until(
            lambda: len(self.ears.hellos) > seen, "no hello after its power came back", self.options.boot_s
        )

    async def power_cycle(self) -> None:
        """A power cut and power again, until it says hello."""
        await self.power.cut()
        await self.on()

    def clock_off_by(self, bound_ms: int | None) -> None:
        """What the device's time keeper states: the bound of the clock's error, or nothing."""
        if bound_ms is None:
            self.bound_file.unlink(missing_ok=True)
        else:
            spare = self.bound_file.with_suffix(".new")
            spare.write_text(f"{bound_ms}\n", encoding="ascii")
            spare.replace(self.bound_file)

    # --- the server's part, suspended

    @contextmanager
    def without(self, *parts: str) -> Iterator[None]:
        """Suspend `acking` or `catching_up`; afterwards what waited is acknowledged."""
        for part in parts:
            setattr(self, part, False)
        try:
            yield
        finally:
            for part in parts:
                setattr(self, part, True)
            if self.link.connected and (waiting := self.unacknowledged):
                for at in range(0, len(waiting), 50):
                    self.acknowledge(*waiting[at : at + 50])

    @contextmanager
    def without_carrier(self) -> Iterator[None]:
        """While the HTTP carrier hands over what came: it answers by itself."""
        before = self.acking, self.catching_up
        self.acking = self.catching_up = False
        try:
            yield
        finally:
            self.acking, self.catching_up = before

    async def settle(self) -> None:
        """At the end: let the device tell what it has not told, and know it for stored."""
        with suppress(Broken):
            await self.fence()
            await self.until(lambda: not self.unacknowledged, "")

    async def tidy(self) -> None:
        """After a rule: end what is still to sound, put the config back, refuse nothing any more."""
        self.acking = self.catching_up = True
        await self.gate.open()
        await self.http.open()
        with suppress(Broken):
            await self.until(lambda: self.gate.used, "", RECONNECT_S)
        open_ones = [airing for airing in self.airings if airing.final is None]
        self.airings.clear()
        if self.configured:
            self.configure(self.config)
            self.configured = False
        if open_ones:
            self.cancel(*open_ones, log=names.COUNTRY)
            with suppress(Broken):
                await self.until(lambda: all(airing.final for airing in open_ones), "", 3.0)


def new_device_key() -> Key:
    return Key(names.DEVICE, os.urandom(32))


@asynccontextmanager
async def linked(world: World, address: Any) -> AsyncIterator[None]:
    """The kit's own connection to the broker, as the server."""
    up = asyncio.Event()
    world.link = MqttLink(
        client_id="loa-conformance",
        address=address,
        subscriptions=[topics.ALL_UP],
        on_message=world.ears.hear,
        on_up=up.set,
        jitter=lambda: 0.0,
    )
    task = asyncio.create_task(world.link.run())
    try:
        async with asyncio.timeout(15):
            await up.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
