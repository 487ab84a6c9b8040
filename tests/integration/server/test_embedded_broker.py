"""The broker beside the server, with both programs it may be."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from base.errors import Unavailable
from base.mqtt import BrokerAddress
from devices.broker_files import BrokerDevice
from server import broker as broker_module
from server.broker import BrokerPlan, EmbeddedBroker, find_mosquitto, find_nats, free_port, listening
from server.i18n import translate_error
from tests.support.commands import processes_naming, wait_until_gone
from tests.support.mqtt import connected, refused
from tests.support.until import until

OLD, NEW = (BrokerDevice(name, f"password-of-{name}", ("bao-nhai",)) for name in ("bn-s01", "bn-s02"))


@pytest.fixture(params=["mosquitto", "nats"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With each program in turn; neither is ever missing where the tests run."""
    if request.param == "nats":
        monkeypatch.setattr(broker_module, "find_mosquitto", lambda: None)
    return str(request.param)


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[BrokerPlan]:
    yield BrokerPlan(tmp_path / "broker", "127.0.0.1", free_port(), (OLD,), "server-password")
    wait_until_gone(tmp_path)


def address(plan: BrokerPlan, device: BrokerDevice) -> BrokerAddress:
    return replace(plan.address, username=device.device_id, password=device.password)


def process_ids(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(int(entry.name))
    return found


async def test_it_serves_the_server_and_its_devices_and_leaves_nothing(plan: BrokerPlan, kind: str) -> None:
    async with EmbeddedBroker.running(plan) as broker:
        assert ("Mosquitto" in broker.description) == (kind == "mosquitto")
        async with (
            connected(broker.address, "server", "loa/1/d/+/up/+") as server,
            connected(address(plan, OLD), "bn-s01") as device,
        ):
            await server.hears(device, "loa/1/d/bn-s01/up/hello")
        assert await refused(address(plan, NEW), "bn-s02")
        assert len(process_ids(plan.folder)) == 1
    assert not processes_naming(plan.folder)
    assert not listening("127.0.0.1", plan.port)


async def test_its_files_are_closed_to_strangers(plan: BrokerPlan, kind: str) -> None:
    async with EmbeddedBroker.running(plan):
        assert plan.folder.stat().st_mode & 0o777 == 0o700
        files = [path for path in plan.folder.iterdir() if path.is_file() and path.name != "broker.log"]
        assert files, kind
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


async def test_killed_it_is_started_again_and_the_server_comes_back(plan: BrokerPlan, kind: str) -> None:
    async with EmbeddedBroker.running(plan) as broker, connected(broker.address, "server") as server:
        (before,) = process_ids(plan.folder)
        os.kill(before, signal.SIGKILL)
        await until(lambda: server.downs)
        await until(lambda: len(server.ups) > 1 and server.link.connected)
        assert process_ids(plan.folder) != [before], kind


async def test_a_device_enrolled_meanwhile_may_connect_and_nobody_is_disturbed(plan: BrokerPlan, kind: str) -> None:
    async with (
        EmbeddedBroker.running(plan) as broker,
        connected(broker.address, "server", "loa/1/d/+/up/+") as server,
        connected(address(plan, OLD), "bn-s01", *OLD.subscribes) as old,
    ):
        await broker.reload([OLD, NEW])
        async with connected(address(plan, NEW), "bn-s02") as new:
            await server.hears(new, "loa/1/d/bn-s02/up/hello")
        await old.hears(server, "loa/1/a/bao-nhai/orders")
        assert not server.downs, kind
        assert not old.downs, kind


async def test_a_revoked_device_is_shut_out_at_once(plan: BrokerPlan, kind: str) -> None:
    everybody = replace(plan, devices=(OLD, NEW))
    async with (
        EmbeddedBroker.running(everybody) as broker,
        connected(broker.address, "server") as server,
        connected(address(plan, NEW), "bn-s02") as revoked,
        connected(address(plan, OLD), "bn-s01") as kept,
    ):
        await broker.reload([OLD])
        await until(lambda: revoked.downs)
        await until(lambda: revoked.link.refusal)
        assert not kept.downs, kind
        assert not server.downs, kind


async def test_reloading_what_is_the_same_disturbs_nobody(plan: BrokerPlan, kind: str) -> None:
    async with (
        EmbeddedBroker.running(plan) as broker,
        connected(broker.address, "server") as server,
        connected(address(plan, OLD), "bn-s01", *OLD.subscribes) as old,
    ):
        await broker.reload([OLD])
        await broker.reload([OLD])
        await old.hears(server, "loa/1/d/bn-s01/down")
        assert not old.downs, kind


async def test_with_neither_program_it_says_what_to_do(plan: BrokerPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "find_mosquitto", lambda: None)
    monkeypatch.setattr(broker_module, "find_nats", lambda: None)
    with pytest.raises(Unavailable) as caught:
        async with EmbeddedBroker.running(plan):
            pass
    assert caught.value.code == "server.no_broker"
    assert "--broker" in translate_error("en", caught.value)


async def test_a_stranger_on_its_port_is_not_taken_for_it(
    plan: BrokerPlan, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "PORT_TRIES", 3)
    stranger = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", plan.port)
    try:
        with pytest.raises(Unavailable) as caught:
            async with EmbeddedBroker.running(plan):
                pass
    finally:
        stranger.close()
        await stranger.wait_closed()
    assert caught.value.code == "server.broker_port_taken"
    assert str(plan.port) in translate_error("vi", caught.value), kind


async def test_a_port_about_to_be_free_is_waited_for(plan: BrokerPlan, kind: str) -> None:
    stranger = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", plan.port)
    asyncio.get_running_loop().call_later(0.3, stranger.close)
    async with EmbeddedBroker.running(plan) as broker, connected(broker.address, "server") as server:
        assert server.link.connected, kind


async def test_a_broker_that_ends_at_once_is_not_waited_for_and_its_words_are_named(plan: BrokerPlan) -> None:
    impossible = replace(plan, host="192.0.2.1")
    with pytest.raises(Unavailable) as caught:
        async with EmbeddedBroker.running(impossible):
            pass
    assert caught.value.code == "server.broker_silent"
    log = plan.folder / "broker.log"
    assert caught.value.params["log"] == str(log)
    assert log.read_text()


async def test_called_off_while_it_starts_it_leaves_nothing(plan: BrokerPlan, kind: str) -> None:
    async def run() -> None:
        async with EmbeddedBroker.running(plan):
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await until(lambda: process_ids(plan.folder))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not process_ids(plan.folder), kind


def test_both_programs_are_found_here() -> None:
    assert find_mosquitto() is not None
    assert find_nats() is not None
