"""Where MQTT does not pass everything goes by HTTP; where only that passes, content comes in blocks too."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from devices.wire import topics
from devices.wire.blocks import BLOCK_BYTES
from devices.wire.content import Rendition, Speech, Tone, Version
from devices.wire.envelope import Kind, seal
from firmware_sim import block_fetcher, carriers, exchange, outage
from firmware_sim.device import Device
from firmware_sim.settings import ContentPart, DeviceFile
from firmware_sim.swarm import open_parts
from tests.integration.base.brokers import MOSQUITTO, Broker
from tests.integration.firmware_sim.exchange_server import ExchangeServer, exchanging
from tests.integration.firmware_sim.test_device import now_ms
from tests.integration.firmware_sim.world import device_file, hub
from tests.support.until import until
from tests.unit.firmware_sim.rig import play

BEEP = Tone(((800, 800, 300, 0),))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits, shorter."""
    monkeypatch.setattr(carriers, "FALL_BACK_S", 0.3)
    monkeypatch.setattr(exchange, "GATHER_S", 0.02)
    monkeypatch.setattr(exchange, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(outage, "OUTAGE_S", 0.2)
    monkeypatch.setattr(block_fetcher, "PATIENCE_S", 0.5)


def _file(folder: Path, server: ExchangeServer, *, port: int = 9, broker: bool = True) -> DeviceFile:
    file = device_file("bn-s01", port, folder)
    content = ContentPart(urls=("http://127.0.0.1:9/content",), exchange=(server.url,))
    return file.model_copy(update={"content": content} | ({} if broker else {"broker": None}))


@asynccontextmanager
async def running(file: DeviceFile, state: Path) -> AsyncIterator[Device]:
    async with open_parts(state) as make:
        device = Device(file, make(file, None))
        await device.start()
        try:
            yield device
        finally:
            await device.stop()


@pytest.mark.parametrize("broker", [True, False])
async def test_everything_goes_by_http_when_there_is_no_broker(tmp_path: Path, broker: bool):
    async with exchanging() as server:
        item = play(None, parts=(BEEP,))
        server.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
        async with running(_file(tmp_path, server, broker=broker), tmp_path / "state") as device:
            await until(lambda: server.states(item.occurrence) == ["stored", "started", "played"])
            await until(lambda: device.speaker.receipts_pending == 0)
            assert device.carrier == "http"
            assert server.heartbeats[-1].haves["bao-nhai"].upto == 1
    assert server.kinds[0][0] == "hello"
    assert all("heartbeat" in kinds for kinds in server.kinds), "every request has one"
    assert all(kinds.count("heartbeat") == 1 for kinds in server.kinds)
    assert set(server.paths) == {"POST /exchange/bn-s01 HTTP/1.1"}


async def test_nothing_is_asked_in_vain_between_the_beats(tmp_path: Path):
    async with exchanging() as server, running(_file(tmp_path, server, broker=False), tmp_path / "state"):
        await until(lambda: len(server.heartbeats) >= 1)
        await asyncio.sleep(3)
        assert len(server.kinds) <= 3


async def test_what_failed_is_told_again_from_the_beginning(tmp_path: Path):
    async with exchanging() as server:
        server.faults = ["503", "close", "404"]
        item = play(None, parts=(BEEP,))
        server.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
        async with running(_file(tmp_path, server, broker=False), tmp_path / "state") as device:
            await until(lambda: "played" in server.states(item.occurrence))
            await until(lambda: device.speaker.receipts_pending == 0)
    assert len(server.hellos) == 1


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
async def test_it_goes_back_to_mqtt_when_that_is_there_and_to_http_when_it_is_not(tmp_path: Path):
    broker = Broker(tmp_path)
    await broker.start()
    async with exchanging() as server, hub(broker.port) as heard:
        file = _file(tmp_path, server, port=broker.port)
        async with running(file, tmp_path / "state") as device:
            await until(lambda: bool(heard.hellos))
            assert (device.carrier, server.kinds) == ("mqtt", [])
            broker.kill()
            await until(lambda: device.carrier == "http")
            await broker.start()
            await until(lambda: device.carrier == "mqtt")
            await until(lambda: heard.link.connected)
            asked = len(server.kinds)
            item = play(None, parts=(BEEP,))
            heard.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
            await until(lambda: heard.states(item.occurrence) == ["stored", "started", "played"])
            assert len(server.kinds) <= asked + 1
    broker.kill()


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
async def test_by_mqtt_too_content_comes_in_blocks_when_http_does_not_pass(tmp_path: Path):
    broker = Broker(tmp_path)
    await broker.start()
    async with hub(broker.port) as heard:
        data = os.urandom(30 * BLOCK_BYTES + 1)
        sha = hashlib.sha256(data).digest()
        heard.contents[sha] = data
        speech = Speech((Version("vi", (Rendition(sha, len(data), "opus16", 400),)),))
        async with running(device_file("bn-s01", broker.port, tmp_path), tmp_path / "state"):
            await until(lambda: bool(heard.hellos))
            item = play(None, parts=(speech,))
            heard.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
            await until(lambda: heard.states(item.occurrence) == ["stored", "started", "played"])
        assert (tmp_path / "state" / "content" / sha.hex()).read_bytes() == data
        assert len(heard.wants) > 3
    broker.kill()


def _content(server: ExchangeServer, size: int) -> Rendition:
    data = os.urandom(size)
    sha = hashlib.sha256(data).digest()
    server.contents[sha] = data
    return Rendition(sha, size, "opus16", 400)


async def _until_asked(server: ExchangeServer, wanted: Callable[[], bool]) -> None:
    await until(lambda: bool(server.wants) and wanted())


async def test_content_comes_in_blocks_and_what_was_lost_is_asked_for_again(tmp_path: Path):
    async with exchanging() as server:
        rendition = _content(server, 70 * BLOCK_BYTES + 5)
        server.lose = {3, 15, 16, 70}
        item = play(None, parts=(BEEP, Speech((Version("vi", (rendition,)),))))
        server.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
        async with running(_file(tmp_path, server, broker=False), tmp_path / "state") as device:
            await _until_asked(server, lambda: "played" in server.states(item.occurrence))
            kept = device._contents.locate(rendition.sha256)
            assert kept is not None
            assert kept.read_bytes() == server.contents[rendition.sha256]
    assert all(len(want.blocks()) <= 15 for want in server.wants)
    assert [want.n for want in server.wants] == list(range(1, len(server.wants) + 1))
    assert list((tmp_path / "state" / "content" / "parts").iterdir()) == []


async def test_a_power_cut_costs_no_block_twice(tmp_path: Path):
    async with exchanging() as server:
        rendition = _content(server, 400 * BLOCK_BYTES)
        item = play(now_ms() + 60_000, parts=(Speech((Version("vi", (rendition,)),)),))
        server.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 3_600_000)
        file = _file(tmp_path, server, broker=False)
        async with open_parts(tmp_path / "state") as make:
            device = Device(file, make(file, None))
            await device.start()
            await _until_asked(server, lambda: server.wants[-1].first > 60)
            await device.cut()
            before = server.wants[-1].first
            again = len(server.wants)
            await device.start()
            await until(lambda: "stored" in server.states(item.occurrence))
            await device.stop()
        assert server.wants[again].first >= before
        assert server.wants[again].boot == 2
        assert server.blocks_sent <= 400 + 2 * 15


@pytest.mark.parametrize("answered", [True, False])
async def test_before_it_rests_it_hands_over_what_is_to_be_told(tmp_path: Path, answered: bool):
    """Also when the very first request has not been answered yet."""
    async with exchanging() as server, running(_file(tmp_path, server, broker=False), tmp_path / "state") as device:
        server.may.clear()
        await until(lambda: len(server.heartbeats) >= 1)
        if answered:
            server.may.set()
            await until(lambda: device.carrier == "http")
        silence = device._speaker._vitals.report(device._speaker._state(), device.now, quiet_until_ms=now_ms() + 9_000)
        device._carriers.publish(
            topics.up("bn-s01", topics.Up.HEARTBEAT), seal(Kind.HEARTBEAT, silence.to_map(), device._keys.mac)
        )
        resting = asyncio.create_task(device._carriers.rest(resting=True))
        await asyncio.sleep(0.05)
        server.may.set()
        await resting
        assert server.heartbeats[-1].quiet_until_ms == silence.quiet_until_ms
        assert device.carrier == ""


async def test_before_it_rests_it_hands_over_also_what_waits_for_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    begun, may = asyncio.Event(), asyncio.Event()
    have_heartbeat = exchange.ExchangeLink._have_heartbeat

    async def held_up(link: exchange.ExchangeLink) -> None:
        begun.set()
        await may.wait()
        await have_heartbeat(link)

    monkeypatch.setattr(exchange.ExchangeLink, "_have_heartbeat", held_up)
    async with exchanging() as server, running(_file(tmp_path, server, broker=False), tmp_path / "state") as device:
        await begun.wait()
        silence = device._speaker._vitals.report(device._speaker._state(), device.now, quiet_until_ms=now_ms() + 9_000)
        assert device._carriers.publish(
            topics.up("bn-s01", topics.Up.HEARTBEAT), seal(Kind.HEARTBEAT, silence.to_map(), device._keys.mac)
        )
        resting = asyncio.create_task(device._carriers.rest(resting=True))
        await asyncio.sleep(0.05)
        may.set()
        await resting
        assert [each.quiet_until_ms for each in server.heartbeats] == [silence.quiet_until_ms]


async def test_an_address_that_is_none_does_not_keep_the_next_from_being_tried(tmp_path: Path):
    async with exchanging() as server:
        file = _file(tmp_path, server, broker=False)
        content = file.content.model_copy(update={"exchange": ("http://xn--/exchange", server.url)})
        async with running(file.model_copy(update={"content": content}), tmp_path / "state") as device:
            await until(lambda: device.carrier == "http")


async def test_a_link_that_is_up_for_moments_only_comes_to_http_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(carriers, "FALL_BACK_S", 1.0)
    async with exchanging() as server, running(_file(tmp_path, server), tmp_path / "state") as device:
        spells = 0
        while device.carrier != "http":
            spells += 1
            assert spells < 20
            await device._carriers.rest(resting=True)
            await device._carriers.rest(resting=False)
            await asyncio.sleep(0.3)
        assert len(server.hellos) == 1


async def test_an_answer_without_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "ANSWER_S", 0.3)
    asked = 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    listener = await asyncio.start_server(drip, "127.0.0.1", 0)
    server = ExchangeServer(port=listener.sockets[0].getsockname()[1])
    async with listener, running(_file(tmp_path, server, broker=False), tmp_path / "state"):
        await until(lambda: asked >= 2)
