"""One speaker against a real broker, a real content server and real flash."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.wire import topics
from devices.wire.content import Rendition, Speech, Tone, Version
from devices.wire.down import Frame
from devices.wire.envelope import Kind, sign
from devices.wire.haves import Haves
from devices.wire.orders import AllClear, Body, PlayClass, Repeat
from firmware_sim import duty, events
from firmware_sim.device import Device
from firmware_sim.encoders.simulated import SimulatedDriver
from firmware_sim.status import Status
from firmware_sim.swarm import MakeParts, open_parts
from tests.integration.base.brokers import MOSQUITTO, Broker
from tests.integration.firmware_sim.breaking import break_writes, mend_writes
from tests.integration.firmware_sim.content_server import ContentServer, serving
from tests.integration.firmware_sim.world import GATEWAY, Hub, device_file, hub
from tests.support.until import until
from tests.unit.firmware_sim.rig import DEVICE, ENEMY, ack, play

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
BEEP = Tone(((800, 800, 300, 0),))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class World:
    broker: Broker
    content: ContentServer
    hub: Hub
    make: MakeParts
    folder: Path
    status: Status

    def device(self, extra: str = "") -> Device:
        file = device_file("bn-s01", self.broker.port, self.folder, content=self.content.url, extra=extra)
        return Device(file, self.make(file, self.status))

    def order(self, body: Body, **changes: Any) -> bytes:
        return self.hub.order(body, **({"issued_ms": now_ms(), "expires_ms": now_ms() + 3_600_000} | changes))


@asynccontextmanager
async def _running(device: Device) -> AsyncIterator[Device]:
    await device.start()
    try:
        yield device
    finally:
        await device.stop()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    broker = Broker(tmp_path)
    await broker.start()
    try:
        async with serving() as content, hub(broker.port) as heard, open_parts(tmp_path / "state") as make:
            yield World(broker, content, heard, make, tmp_path, Status())
    finally:
        broker.kill()


async def test_an_order_goes_in_and_receipts_come_out(world: World):
    data = os.urandom(30_000)
    sha = world.content.put(data)
    speech = Speech((Version("vi", (Rendition(sha, len(data), "opus16", 400),)),))
    async with _running(world.device()):
        await until(lambda: bool(world.hub.hellos))
        item = play(None, parts=(BEEP, speech))
        world.order(item)
        await until(lambda: "played" in world.hub.states(item.occurrence))
        await until(lambda: any(beat.haves["bao-nhai"] == Haves(1) for beat in world.hub.heartbeats))
    assert world.hub.states(item.occurrence) == ["stored", "started", "played"]
    assert world.status.receipts["played"] == 1
    await until(lambda: world.hub.byes == ["bn-s01"])


async def test_a_forged_order_plays_nowhere(world: World):
    async with _running(world.device()) as device:
        await until(lambda: device.online)
        forged = world.order(play(None, play_class=PlayClass.EMERGENCY), key=ENEMY)
        world.hub.link.publish(topics.down("bn-s01"), Frame(orders=(forged,)).to_bytes())
        world.hub.link.publish(topics.down("bn-s01"), b"\x00" * 70_000)
        world.hub.link.publish(topics.head("vn"), b"nonsense")
        await until(lambda: sum(device.speaker.refused.values()) == 4)
        assert device.speaker.playing == ()
        assert device.speaker.refused == {"bad_signature": 2, "too_large": 1, "malformed": 1}
    assert world.hub.receipts == []
    assert world.status.starts == {}


async def test_receipts_come_until_they_are_acknowledged(world: World):
    async with _running(world.device()) as device:
        await until(lambda: device.online)
        world.order(play(None, parts=(BEEP,)))
        await until(lambda: len(world.hub.receipts) == 3)
        assert device.speaker.receipts_pending == 3
        world.hub.link.publish(
            topics.down("bn-s01"), ack(*(sign(Kind.RECEIPT, r.to_map(), DEVICE) for r in world.hub.receipts))
        )
        await until(lambda: device.speaker.receipts_pending == 0)


async def test_after_a_power_cut_an_emergency_goes_on(world: World):
    device = world.device()
    await device.start()
    await until(lambda: device.online)
    item = play(None, parts=(BEEP,), play_class=PlayClass.EMERGENCY, repeat=Repeat(0, 200))
    world.order(item)
    await until(lambda: "started" in world.hub.states(item.occurrence))
    await device.cut()
    assert not device.powered
    async with _running(device):
        await until(lambda: "resumed" in world.hub.states(item.occurrence))
        await until(lambda: len(world.hub.hellos) == 2)
        world.order(AllClear((item.occurrence,)))
        await until(lambda: world.hub.states(item.occurrence)[-1] == "played")
    assert [hello.boot for hello in world.hub.hellos] == [1, 2]
    assert [r.n for r in world.hub.receipts] == [1, 2, 3, 4]


async def test_a_power_cut_tells_the_broker_nothing(world: World):
    device = world.device()
    await device.start()
    await until(lambda: device.online)
    await device.cut()
    world.hub.link.publish(topics.up("bn-s99", topics.Up.BYE), b"")
    await until(lambda: bool(world.hub.byes))
    assert world.hub.byes == ["bn-s99"], "ours would have come before"
    device._carriers.let_go()
    await until(lambda: world.hub.byes == ["bn-s99", "bn-s01"])


async def test_when_the_broker_dies_the_programme_goes_on_and_receipts_follow_later(world: World):
    async with _running(world.device()) as device:
        await until(lambda: device.online)
        item = play(now_ms() + 1_500, parts=(BEEP,))
        world.order(item)
        await until(lambda: "stored" in world.hub.states(item.occurrence))
        world.broker.kill()
        await until(lambda: world.status.receipts["played"] == 1)
        await world.broker.start()
        await until(lambda: "played" in world.hub.states(item.occurrence))
    assert world.hub.states(item.occurrence) == ["stored", "started", "played"]


async def test_a_gateway_transmits_and_does_not_claim_that_it_played(world: World):
    device = world.device(GATEWAY)
    async with _running(device):
        await until(lambda: device.online)
        item = play(None, parts=(BEEP,))
        world.order(item)
        await until(lambda: sum(r.state.final for r in world.hub.receipts) == 2)
        radio = device._parts.transmitter
    assert radio is not None
    assert isinstance(radio.driver, SimulatedDriver)
    await until(lambda: len(radio.driver.log) == 2)
    assert [(entry.on_air.codes, entry.began) for entry in radio.driver.log] == [(("0101",), True), (("0101",), False)]
    finals = sorted((r.clusters, r.state.value) for r in world.hub.receipts if r.state.final)
    assert finals == [(("bn-s01",), "played"), (("bn-w01",), "transmitted")]
    assert world.hub.hellos[0].clusters == ("bn-s01", "bn-w01")


async def test_a_gateway_whose_encoder_fails_says_so_and_claims_no_transmission(world: World):
    device = world.device(GATEWAY)
    async with _running(device):
        await until(lambda: device.online)
        await device.set_fault("transmitter", present=True)
        world.order(play(None, parts=(BEEP,)))
        await until(lambda: sum(r.state.final for r in world.hub.receipts) == 2)
        await until(lambda: world.hub.heartbeats[-1].faults == ("transmitter",))
        assert world.hub.heartbeats[-1].children == {"bn-w01": "no_transmitter"}
        await device.set_fault("transmitter", present=False)
        await until(lambda: world.hub.heartbeats[-1].children == {"bn-w01": "assumed"})
    finals = sorted((r.clusters, r.state.value, r.reason) for r in world.hub.receipts if r.state.final)
    assert finals == [(("bn-s01",), "played", ""), (("bn-w01",), "interrupted", "transmitter")]


async def test_faults_show_in_the_next_heartbeat(world: World):
    async with _running(world.device()) as device:
        await until(lambda: bool(world.hub.heartbeats))
        await device.set_fault("amplifier", present=True)
        await until(lambda: world.hub.heartbeats[-1].faults == ("amplifier",))
        await device.set_fault("amplifier", present=False)
        await until(lambda: world.hub.heartbeats[-1].faults == ())
        assert world.hub.heartbeats[-1].storage_total_kib == 64 * 1_024


async def test_when_flash_fails_an_emergency_still_sounds_and_nothing_else_does(world: World):
    async with _running(world.device()) as device:
        await until(lambda: device.online)
        await break_writes(device._parts.flash)
        normal, urgent = play(None, parts=(BEEP,)), play(None, parts=(BEEP,), play_class=PlayClass.EMERGENCY)
        world.order(normal)
        await until(lambda: world.status.receipts["interrupted"] == 1)
        world.order(urgent)
        await until(lambda: world.status.receipts["played"] == 1)
    assert list(world.status.starts) == [urgent.occurrence]
    assert world.hub.receipts == [], "nothing is told that was not kept"


async def test_a_write_that_failed_is_made_up_for_and_silences_nothing_but_its_receipts(world: World):
    device = world.device()
    async with _running(device):
        await until(lambda: bool(world.hub.heartbeats))
        await break_writes(device._parts.flash)
        siren = play(None, parts=(BEEP,), play_class=PlayClass.EMERGENCY)
        world.order(siren)
        await until(lambda: world.status.receipts["played"] == 1)
        await until(lambda: world.hub.heartbeats[-1].faults == ("storage",))
        beats = len(world.hub.heartbeats)
        device.feed(events.LinkUp())
        await until(lambda: len(world.hub.hellos) == 2 and len(world.hub.heartbeats) > beats)
        assert world.hub.receipts == [], "not even told again is what was not kept"
        await mend_writes(device._parts.flash)
        await until(lambda: world.hub.heartbeats[-1].faults == ())
        await until(lambda: world.hub.states(siren.occurrence) == ["stored", "started", "played"])
    async with _running(device):
        assert device.speaker.receipts_pending == 3


async def test_without_its_link_it_plays_on_and_catches_up(world: World):
    async with _running(world.device()) as device:
        await until(lambda: device.online)
        item = play(now_ms() + 1_000, parts=(BEEP,))
        world.order(item)
        await until(lambda: "stored" in world.hub.states(item.occurrence))
        await device.set_fault("no-link", present=True)
        assert not device.online
        await until(lambda: world.status.receipts["played"] == 1)
        assert "played" not in world.hub.states(item.occurrence)
        await device.set_fault("no-link", present=False)
        await until(lambda: "played" in world.hub.states(item.occurrence))


async def test_a_rested_link_is_closed_in_good_order_and_comes_back(world: World):
    async with _running(world.device()) as device:
        await until(lambda: len(world.hub.hellos) == 1)  # connected is sooner: a hello waits for its mark on flash
        await device._carriers.rest(resting=True)
        assert device.carrier == ""
        world.hub.link.publish(topics.up("bn-s99", topics.Up.BYE), b"")
        await until(lambda: bool(world.hub.byes))
        assert world.hub.byes == ["bn-s99"], "an orderly end leaves no will"
        await device._carriers.rest(resting=False)
        await until(lambda: len(world.hub.hellos) == 2)
        assert device.carrier == "mqtt"


async def test_a_device_on_a_duty_cycle_takes_its_link_down_by_itself(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(duty, "START_MS", 1_500)
    # Two hours ago: a span that is over, whatever the hour of the test.
    start = (now_ms() // 60_000 + 420 - 120) % 1_440
    spans = [[f"{start // 60:02}:{start % 60:02}", f"{(start + 1) // 60:02}:{(start + 1) % 60:02}"]]
    device = world.device(f"[duty]\nonline = {spans}")
    async with _running(device):
        await until(lambda: bool(world.hub.heartbeats))
        await until(lambda: not device.online)
        await until(lambda: world.hub.heartbeats[-1].quiet_until_ms is not None)
        assert world.hub.heartbeats[-1].wake
        quiet_ms = world.hub.heartbeats[-1].quiet_until_ms
        assert quiet_ms is not None
        assert 21 * 3_600_000 < quiet_ms - now_ms() < 23 * 3_600_000
