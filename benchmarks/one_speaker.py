"""One reference speaker: from the bytes of an emergency's order to the call that begins its sound, flash included."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import new_id
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.content import Tone
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign
from devices.wire.orders import Cancel, Order, Play, PlayClass, Repeat
from firmware_sim import settings
from firmware_sim.device import Device
from firmware_sim.effects import Sound
from firmware_sim.events import OrderReceived
from firmware_sim.player import Locate, OnEnd, VirtualPlayer
from firmware_sim.swarm import open_parts

ROUNDS = 300
COMMUNE = "bao-nhai"
SEED = bytes(range(32))
DEVICE_FILE = """
device = "bench"
commune = "bao-nhai"
model = "bench"
follows = ["bao-nhai"]
[cluster]
id = "bench"
places = ["v", "bao-nhai"]
zones = []
languages = ["vi"]
[broker]
url = "mqtt://127.0.0.1:9"
username = "bench"
password = "nobody-listens"
ca_file = ""
[content]
urls = ["http://127.0.0.1:9/content"]
[keys]
seed = "{seed}"
mac = "{seed}"
[[trust]]
kid = "bao-nhai#1"
public = "{public}"
[hours]
spans = []
offset_min = 420
[site]
power = "grid"
link = "4g"
[clock]
trust_system = true
[player]
output = "virtual"
volume_max = 100
[storage]
dir = "{folder}"
capacity_mib = 64
"""


class Ear(VirtualPlayer):
    """Notes when a sound begins."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()
        self.at = 0.0

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        self.at = time.perf_counter()
        self.began.set()
        super().sound(sound, locate, on_end)


async def one_speaker() -> dict[str, float]:
    """Milliseconds: p50 and p99 of bytes to sound, and of verification alone."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        path = Path(name) / "bench.toml"
        public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
        path.write_text(DEVICE_FILE.format(seed=SEED.hex(), public=public.hex(), folder=name))
        ear = Ear()
        file = settings.load(path)
        async with open_parts(Path(name) / "state", lambda _file: ear) as make:
            device = Device(file, make(file, None))
            await device.start()
            try:
                log = Log()
                delays = [await _one(device, ear, log) for _ in range(ROUNDS)]
            finally:
                await device.stop()
    delays.sort()
    return {"p50_ms": statistics.median(delays), "p99_ms": _p99(delays), "verify_ms": _verification(public)}


class Log:
    """An order log as a commune keeps it: numbered, chained, signed."""

    def __init__(self) -> None:
        self._seq = 0
        self._tip = bytes(32)

    def signed(self, body: Play | Cancel) -> bytes:
        """The next order's bytes."""
        self._seq += 1
        now_ms = int(time.time() * 1000)
        order = Order(new_id(), COMMUNE, self._seq, self._tip, now_ms, now_ms + 3_600_000, Audience(), body)
        data = sign(Kind.ORDER, order.to_map(), SigningKey.from_seed(trust.kid(COMMUNE, 1), SEED))
        self._tip = trust.digest(data)
        return data


def _siren() -> Play:
    tone = Tone(((600, 900, 2_000, 1),))
    return Play(new_id(), None, (tone,), play_class=PlayClass.EMERGENCY, repeat=Repeat(0))


async def _one(device: Device, ear: Ear, log: Log) -> float:
    ear.began.clear()
    siren = _siren()
    data = log.signed(siren)
    begin = time.perf_counter()
    device.feed(OrderReceived(data))
    await asyncio.wait_for(ear.began.wait(), 5)
    delay = (ear.at - begin) * 1000
    device.feed(OrderReceived(log.signed(Cancel((siren.occurrence,)))))
    while device.speaker.playing:  # noqa: ASYNC110 - the device tells nobody when it falls silent
        await asyncio.sleep(0.001)
    return delay


def _verification(public: bytes) -> float:
    key = CheckingKey.from_public(trust.kid(COMMUNE, 1), public)
    data = Log().signed(_siren())
    begin = time.perf_counter()
    for _ in range(1_000):
        trust.open_order(data, lambda _kid: key, lambda _device: None)
    return time.perf_counter() - begin


def _p99(ranked: Sequence[float]) -> float:
    return ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]
