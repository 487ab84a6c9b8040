"""The ways to the server: by MQTT when that can be had, by HTTP when it cannot, by none while the link is to rest."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import httpx
import structlog

from base.mqtt import BrokerAddress
from firmware_sim import events
from firmware_sim.exchange import ExchangeLink
from firmware_sim.identity import Identity
from firmware_sim.link import DeviceLink

FALL_BACK_S = 60.0
"""So long without MQTT, and HTTP is tried; the time the link rests does not count, nor does it begin anew after it."""
_log = structlog.get_logger(__name__)


class Carriers:
    """One device's. address: None for one that was given no broker. bases: addresses of the HTTP carrier in force."""

    def __init__(
        self,
        identity: Identity,
        address: BrokerAddress | None,
        *,
        client: httpx.AsyncClient,
        bases: Callable[[], Sequence[str]],
        feed: Callable[[events.Event], None],
        period_s: Callable[[], float],
        jitter: Callable[[], float],
        hindered: bool = False,
    ) -> None:
        self._identity, self._address, self._bases = identity, address, bases
        self._feed, self._jitter = feed, jitter
        self._exchange = ExchangeLink(
            identity.device, client=client, bases=bases, feed=feed, period_s=period_s, jitter=jitter
        )
        self._mqtt = self._new_mqtt()
        self._left: DeviceLink | None = None
        self._mqtt_task: asyncio.Task[None] | None = None
        self._exchange_task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since_s = self._waited_s = 0.0
        self.hindered = hindered
        self._started = self._resting = False

    @property
    def carrier(self) -> str:
        """By which way the server can be reached now: mqtt, http, or empty."""
        if self._mqtt is not None and self._mqtt.connected:
            return "mqtt"
        return "http" if self._exchange.connected else ""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to whichever way there is; False when there is none."""
        if self._mqtt is not None and self._mqtt.publish(topic, payload):
            return True
        return self._exchange.publish(topic, payload)

    def start(self) -> None:
        """Look for a way, from now on."""
        self._started = True
        self._go()

    async def rest(self, *, resting: bool) -> None:
        """Take the link down in good order, or have it again: a device on a duty cycle."""
        if resting is self._resting:
            return
        self._resting = resting
        if resting:
            await self._exchange.settle()
            if not self._resting:
                return  # wanted again meanwhile
            await self._halt()
        self._go()

    async def hinder(self, *, hindered: bool) -> None:
        """Cut every way, as when the antenna is gone, or let them be again."""
        self.hindered = hindered
        if hindered:
            self._cut_off()
            await self._halt()
        self._go()

    async def stop(self) -> None:
        """An orderly end, with a farewell."""
        self._started = False
        self.let_go()
        if self._mqtt is not None:
            await self._mqtt.say_bye()
        await self._halt(told=False)

    async def cut(self) -> None:
        """Lose power: the broker learns nothing."""
        self._started = False
        self._cut_off()
        await self._halt(told=False)

    def let_go(self) -> None:
        """Close what `cut` left half-open."""
        if self._left is not None:
            self._left.let_go()
            self._left = None

    def _go(self) -> None:
        if not self._started or self._resting or self.hindered:
            return
        if self._mqtt is None:
            self._fall_back()
        elif self._mqtt_task is None:
            self.let_go()
            self._mqtt_task = asyncio.get_running_loop().create_task(self._mqtt.run())
            self._wait_for_mqtt()

    def _hear(self, event: events.Event) -> None:
        """From MQTT: while it is there, HTTP is not needed."""
        if isinstance(event, events.LinkUp):
            self._rest_timer()
            self._waited_s = 0.0
            self._end_exchange()
        elif isinstance(event, events.LinkDown) and self._mqtt_task is not None:
            self._wait_for_mqtt()
        self._feed(event)

    def _wait_for_mqtt(self) -> None:
        self._rest_timer()
        loop = asyncio.get_running_loop()
        self._waiting_since_s = loop.time()
        self._timer = loop.call_later(max(0.0, FALL_BACK_S - self._waited_s), self._fall_back)

    def _fall_back(self) -> None:
        self._timer = None
        if self._exchange_task is not None:
            return
        if self._bases():
            self._waited_s = FALL_BACK_S
            _log.info("link.by_http", device=self._identity.device)
            self._exchange_task = asyncio.get_running_loop().create_task(self._exchange.run())
        else:
            self._waited_s = 0.0
            self._wait_for_mqtt()  # a config may name an address any time

    def _end_exchange(self) -> None:
        if self._exchange_task is not None:
            self._exchange_task.cancel()
            self._exchange_task = None

    def _rest_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _new_mqtt(self) -> DeviceLink | None:
        return None if self._address is None else DeviceLink(self._identity, self._address, self._hear, self._jitter)

    def _cut_off(self) -> None:
        """Leave the connection half-open behind; the next one is a new one."""
        if self._mqtt is not None:
            self._mqtt.cut()
            self._left, self._mqtt = self._mqtt, self._new_mqtt()

    async def _halt(self, *, told: bool = True) -> None:
        """End both ways. told: the machine learns of it."""
        if self._timer is not None:
            self._waited_s += asyncio.get_running_loop().time() - self._waiting_since_s
        self._rest_timer()
        tasks = [task for task in (self._mqtt_task, self._exchange_task) if task is not None]
        self._mqtt_task = self._exchange_task = None
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if told:
            self._feed(events.LinkDown())
