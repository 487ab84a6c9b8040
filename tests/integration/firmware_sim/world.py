"""A broker, a content server, device files and a listener that plays the server's part."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from base.mqtt import BrokerAddress, MqttLink
from devices.wire import topics
from devices.wire.blocks import BLOCK_BYTES, Block, Want
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, unseal, verify
from devices.wire.reports import Heartbeat, Hello, Receipt
from firmware_sim.settings import DeviceFile
from tests.unit.firmware_sim.rig import SEEDS, Server, public_of

DEVICE_FILE = """
device = "{name}"
commune = "bao-nhai"
follows = ["bao-nhai", "lao-cai", "vn"]
[cluster]
id = "{name}"
places = ["bn-v01", "bao-nhai", "lao-cai"]
languages = ["vi"]
{extra}
[broker]
url = "mqtt://127.0.0.1:{port}"
[content]
urls = ["{content}"]
[keys]
seed = "{seed}"
mac = "{mac}"
{trust}
[clock]
trust_system = true
[storage]
dir = "{folder}"
capacity_mib = 64
"""
GATEWAY = """
[[children]]
id = "bn-w01"
places = ["bn-v02", "bao-nhai", "lao-cai"]
languages = ["vi"]
code = "0101"
[transmitter]
frequency_khz = 54300
"""


def device_text(name: str, port: int, folder: Path, *, content: str = "http://127.0.0.1:9", extra: str = "") -> str:
    """A device file with the rig's keys."""
    trust = "".join(
        f'[[trust]]\nkid = "{authority}#1"\npublic = "{public_of(SEEDS[authority]).hex()}"\n'
        for authority in ("bao-nhai", "lao-cai", "vn")
    )
    seed, mac = SEEDS["device"].hex(), SEEDS["mac"].hex()
    return DEVICE_FILE.format(
        name=name, port=port, folder=folder, content=content, extra=extra, trust=trust, seed=seed, mac=mac
    )


def device_file(name: str, port: int, folder: Path, **options: str) -> DeviceFile:
    return DeviceFile.model_validate(tomllib.loads(device_text(name, port, folder, **options)))


@dataclass
class Hub:
    """Listens to every uplink, checks it with the device's keys, and publishes what the server would."""

    link: MqttLink
    server: Server = field(default_factory=Server)
    hellos: list[Hello] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    byes: list[str] = field(default_factory=list)
    contents: dict[bytes, bytes] = field(default_factory=dict)
    wants: list[Want] = field(default_factory=list)

    def hear(self, topic: str, payload: bytes) -> None:
        device, kind = topics.parse_up(topic)
        public = CheckingKey.from_public(device, public_of(SEEDS["device"]))
        match kind:
            case topics.Up.HELLO:
                self.hellos.append(Hello.from_map(verify(Kind.HELLO, payload, lambda _: public).payload))
            case topics.Up.HEARTBEAT:
                secret = CheckingKey.from_secret(device, SEEDS["mac"])
                self.heartbeats.append(Heartbeat.from_map(unseal(Kind.HEARTBEAT, payload, lambda _: secret).payload))
            case topics.Up.RECEIPT:
                receipt = Receipt.from_map(verify(Kind.RECEIPT, payload, lambda _: public).payload)
                if receipt not in self.receipts:
                    self.receipts.append(receipt)
            case topics.Up.WANT:
                secret = CheckingKey.from_secret(device, SEEDS["mac"])
                self._send_blocks(Want.from_map(unseal(Kind.WANT, payload, lambda _: secret).payload))
            case topics.Up.BYE:
                self.byes.append(device)

    def _send_blocks(self, want: Want) -> None:
        """What a server does; every third frame is lost on its way."""
        self.wants.append(want)
        data = self.contents[want.sha256]
        blocks = [Block(want.sha256, n, data[n * BLOCK_BYTES : (n + 1) * BLOCK_BYTES]) for n in want.blocks()]
        if len(self.wants) % 3:
            self.link.publish(topics.down(want.device), Frame(blocks=tuple(blocks)).to_bytes())

    def states(self, occurrence: str) -> list[str]:
        return [r.state.value for r in sorted(self.receipts, key=lambda r: r.n) if r.occurrence == occurrence]

    def order(self, body: Any, log: str = "bao-nhai", **changes: Any) -> bytes:
        """Publish a signed order to all who follow."""
        data = self.server.order(body, log, **changes)
        self.link.publish(topics.orders(log), data)
        return data


@asynccontextmanager
async def hub(port: int) -> AsyncIterator[Hub]:
    up = asyncio.Event()
    heard: list[Hub] = []
    link = MqttLink(
        client_id="server",
        address=BrokerAddress("127.0.0.1", port),
        subscriptions=[topics.ALL_UP],
        on_message=lambda topic, payload: heard[0].hear(topic, payload),  # noqa: PLW0108 - made after the link
        on_up=up.set,
        jitter=lambda: 0.0,
    )
    heard.append(Hub(link))
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(60):
            await up.wait()
        yield heard[0]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
