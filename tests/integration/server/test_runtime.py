"""The whole server against a real broker: connects, sends, hears, survives the broker, stops quickly."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlmodel import select

from base.mqtt import BrokerAddress, MqttLink
from devices.broker_files import BrokerDevice
from devices.models import OrderEntry, Place, PlaceKind
from devices.wire import topics
from schedules.models import EmergencyTemplate, TemplateKind
from schedules.service import EmergencyService, PreparedTemplate
from server.auth.models import Role
from tests.integration.server.conftest import Station, running_station
from tests.support.mosquitto import free_port, running_mosquitto

COMMUNE = "bao-nhai"


async def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


SPEAKER = BrokerDevice("bn-s01", "password-of-bn-s01", (COMMUNE,))


class Listener:
    """A device at the broker that hears what its commune says."""

    def __init__(self, address: BrokerAddress) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.link = MqttLink(
            client_id="listener",
            address=BrokerAddress(address.host, address.port, username=SPEAKER.device_id, password=SPEAKER.password),
            subscriptions=SPEAKER.subscribes,
            on_message=lambda topic, payload: self.heard.append((topic, payload)),
        )
        self._task = asyncio.create_task(self.link.run())

    def on(self, topic: str) -> list[bytes]:
        return [payload for heard, payload in self.heard if heard == topic]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def _emergency(station: Station) -> tuple[AsyncClient, str]:
    async with station.runtime.database.writing() as session:
        templates = await station.runtime.emergencies.ensure_templates(session, COMMUNE)
    alarm = next(each for each in templates if each.kind is TemplateKind.ALARM)
    person = await station.person((Role.EMERGENCY, COMMUNE))
    answer = await person.post("/api/v1/emergencies", json={"template_id": alarm.id, "status": "actual"})
    assert answer.status_code == 201, answer.text
    return person, answer.json()["occurrence_id"]


async def _envelope(station: Station, occurrence_id: str) -> bytes:
    async with station.runtime.database.reading() as session:
        entries = list(await session.scalars(select(OrderEntry)))
    return next(entry.envelope for entry in entries if entry.occurrence_id == occurrence_id)


async def test_an_emergency_is_on_the_wire_once_its_request_is_answered(tmp_path: Path):
    async with (
        running_mosquitto(tmp_path / "broker", [SPEAKER]) as broker,
        running_station(tmp_path, broker=broker) as station,
    ):
        await until(lambda: station.runtime.link.connected, "the server is connected")
        listener = Listener(broker)
        await until(lambda: listener.link.connected, "the listener is connected")
        _, occurrence_id = await _emergency(station)
        envelope = await _envelope(station, occurrence_id)
        await until(lambda: envelope in listener.on(topics.orders(COMMUNE)), "the order is published")
        await until(lambda: bool(listener.on(topics.head(COMMUNE))), "the head is published")
        await listener.close()


async def test_orders_given_while_the_broker_is_away_go_out_when_it_comes_back(tmp_path: Path):
    port = free_port()
    nowhere = BrokerAddress("127.0.0.1", port, username="loa-server", password="server-password-for-tests")
    async with running_station(tmp_path, broker=nowhere) as station:
        _, occurrence_id = await _emergency(station)
        envelope = await _envelope(station, occurrence_id)
        assert not station.runtime.link.connected
        async with running_mosquitto(tmp_path / "broker", [SPEAKER], port=port) as broker:
            listener = Listener(broker)
            await until(lambda: envelope in listener.on(topics.orders(COMMUNE)), "the order is published")
            await listener.close()


async def test_health_says_what_is_missing_and_is_well_when_nothing_is(tmp_path: Path):
    port = free_port()
    address = BrokerAddress("127.0.0.1", port, username="loa-server", password="server-password-for-tests")
    async with running_station(tmp_path, broker=address) as station:
        client = await station.client()
        await until(lambda: station.runtime.ticked_at is not None, "the runner ticked")
        missing = await client.get("/healthz")
        assert missing.status_code == 503
        state = {"live": True, "ready": False, "database": True, "broker": False, "runner": True, "warnings": []}
        assert missing.json() == state
        assert (await client.get("/healthz/live")).status_code == 204
        async with running_mosquitto(tmp_path / "broker", port=port):
            await until(lambda: station.runtime.link.connected, "the server is connected")
            assert (await client.get("/healthz")).json()["ready"] is True


async def test_figures_count_requests_and_refused_messages(tmp_path: Path):
    async with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_station(tmp_path, broker=broker) as station,
    ):
        await until(lambda: station.runtime.link.connected, "the server is connected")
        station.runtime.ingest.on_message("loa/1/d/bn-s01/up/heartbeat", b"forged")
        await asyncio.wait_for(station.runtime.ingest.settled(), 60)
        person = await station.person((Role.TECHNICIAN, COMMUNE))
        figures = (await person.get("/metrics")).text
        assert 'loa_messages_refused_total{kind="heartbeat"' in figures
        assert 'loa_devices{presence="never"} 38.0' in figures
        assert "loa_broker_connected 1.0" in figures
        assert (await (await station.client()).get("/metrics")).status_code == 401


async def test_templates_are_spoken_and_held_by_the_server_itself(tmp_path: Path):
    from server.jobs import keep_templates

    async with running_station(tmp_path) as station:
        await keep_templates(station.runtime)
        async with station.runtime.database.reading() as session:
            templates = await station.runtime.emergencies.templates(session, COMMUNE)
            holds = [entry for entry in await session.scalars(select(OrderEntry)) if entry.type == "hold"]
        assert {template.key for template in templates} == {"flood", "storm", "all-clear"}
        assert all(template.assets and template.held_at for template in templates)
        assert len(holds) == 3
        await keep_templates(station.runtime)
        async with station.runtime.database.reading() as session:
            again = [entry for entry in await session.scalars(select(OrderEntry)) if entry.type == "hold"]
        assert len(again) == 3


async def test_one_communes_trouble_leaves_no_other_without_its_alarms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from server.jobs import keep_templates

    async with running_station(tmp_path) as station:
        runtime, prepare = station.runtime, EmergencyService.prepare_template
        async with runtime.database.writing() as session:
            for name in ("aa", "zz"):
                session.add(Place(id=name, kind=PlaceKind.COMMUNE, parent_id="lao-cai", name=name, languages=["vi"]))

        async def prepare_or_fail(
            self: EmergencyService, template: EmergencyTemplate, words: Mapping[str, str]
        ) -> PreparedTemplate:
            if template.place_id != COMMUNE:
                raise OSError("no space left on device")
            return await prepare(self, template, words)

        monkeypatch.setattr(EmergencyService, "prepare_template", prepare_or_fail)
        await keep_templates(runtime)
        async with runtime.database.reading() as session:
            assert all(template.assets for template in await runtime.emergencies.templates(session, COMMUNE))


async def test_a_second_start_continues_where_the_first_was(tmp_path: Path):
    async with running_station(tmp_path, anew=True) as station:
        assert station.runtime.first_password is not None
        _, occurrence_id = await _emergency(station)
    async with running_station(tmp_path) as station:
        assert station.runtime.first_password is None
        async with station.runtime.database.reading() as session:
            occurrence = await station.runtime.programme.occurrence(session, occurrence_id)
        assert occurrence.title


async def test_it_stops_in_time_with_the_broker_hanging_and_leaves_no_task(tmp_path: Path):
    before = len(asyncio.all_tasks())
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with running_station(tmp_path, broker=BrokerAddress("127.0.0.1", port)) as station:
        assert station.runtime.link.connected is False
        began = time.monotonic()
    assert time.monotonic() - began < 5
    server.close()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= before + 1
