"""A device's MQTT connection: what it subscribes to, its last will, and how bytes become events."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

from base.mqtt import BrokerAddress, MqttLink, Will
from devices.wire import topics
from firmware_sim import events
from firmware_sim.identity import Identity


class DeviceLink(MqttLink):
    """Connects for ever while `run` runs; hands every message on as an event."""

    def __init__(
        self,
        identity: Identity,
        address: BrokerAddress,
        on_event: Callable[[events.Event], None],
        jitter: Callable[[], float],
    ) -> None:
        self._on_event = on_event
        self._down_topic = topics.down(identity.device)
        self._bye_topic = topics.up(identity.device, topics.Up.BYE)
        self._left: socket.socket | None = None
        follows = [topic(name) for name in identity.follows for topic in (topics.orders, topics.head)]
        super().__init__(
            client_id=identity.device,
            address=address,
            subscriptions=[self._down_topic, *follows],
            on_message=self._hand_on,
            on_up=lambda: on_event(events.LinkUp()),
            on_down=lambda: on_event(events.LinkDown()),
            will=Will(self._bye_topic, b""),
            jitter=jitter,
        )

    def _hand_on(self, topic: str, payload: bytes) -> None:
        if topic == self._down_topic:
            self._on_event(events.FrameReceived(payload))
        elif topic.endswith("/orders"):
            self._on_event(events.OrderReceived(payload))
        elif topic.endswith("/head"):
            self._on_event(events.BeaconReceived(payload))

    async def say_bye(self) -> None:
        """Tell the server of an orderly end."""
        if self.publish(self._bye_topic, b""):
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Lose power: no farewell reaches the broker, which is left with a half-open connection."""
        sock = self._client.socket()
        if sock is not None and self._up:
            # The duplicate keeps the connection open when ours is closed, so that the broker learns nothing.
            self._left = socket.socket(fileno=os.dup(sock.fileno()))
            self._up = False
        self._drop()

    def let_go(self) -> None:
        """Close what `cut` left half-open."""
        if self._left is not None:
            with contextlib.suppress(OSError):
                self._left.close()
            self._left = None
