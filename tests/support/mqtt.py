"""A connection to a broker, over the same link the server and the speakers use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from base.mqtt import BrokerAddress, MqttLink
from tests.support.until import until


@dataclass
class Client:
    """One connection, what came over it, and how often it was lost."""

    link: MqttLink
    got: list[tuple[str, bytes]] = field(default_factory=list)
    ups: list[bool] = field(default_factory=list)
    downs: list[bool] = field(default_factory=list)

    def say(self, topic: str, payload: bytes) -> None:
        assert self.link.publish(topic, payload)

    async def hears(self, teller: "Client", topic: str, payload: bytes = b"ready") -> None:
        """Wait until what `teller` says there arrives here: a subscription takes its time."""

        def heard() -> bool:
            teller.say(topic, payload)
            return (topic, payload) in self.got

        await until(heard)


@asynccontextmanager
async def dialled(address: BrokerAddress, client_id: str, *topics: str) -> AsyncIterator[Client]:
    """Keep trying to connect until the block ends; the link reconnects by itself."""
    client: Client

    link = MqttLink(
        client_id=client_id,
        address=address,
        subscriptions=topics,
        on_message=lambda topic, payload: client.got.append((topic, payload)),
        on_up=lambda: client.ups.append(True),
        on_down=lambda: client.downs.append(True),
        jitter=lambda: 0.0,
    )
    client = Client(link)
    task = asyncio.create_task(link.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def connected(address: BrokerAddress, client_id: str, *topics: str) -> AsyncIterator[Client]:
    """The same, once the broker has accepted it."""
    async with dialled(address, client_id, *topics) as client:
        await until(lambda: client.link.connected)
        yield client


async def refused(address: BrokerAddress, client_id: str) -> str:
    """What the broker says when it refuses; a test waits in vain when it accepts."""
    async with dialled(address, client_id) as client:
        await until(lambda: client.link.refusal)
        assert not client.ups
        return client.link.refusal
