"""mosquitto.conf and deploy/mosquitto.sh with a real Mosquitto: TLS, credentials, permissions, news, the end."""

import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.broker_files import HEALTH_USER, SERVER_USER, BrokerDevice, mosquitto_files
from server.broker import free_port
from server.certificates import SERVER_DAYS, ensure_certificates
from server.files import OWNER_AND_GROUP, write_files
from tests.support.commands import wait_until_gone
from tests.support.deployment import Deployed, deployed, start
from tests.support.mqtt import connected, dialled, refused
from tests.support.until import until

S1, S2 = (BrokerDevice(name, f"password-of-{name}", ("bao-nhai", "vn")) for name in ("bn-s01", "bn-s02"))
HEALTH = BrokerDevice(HEALTH_USER, "password-of-health", ())
SERVER_PASSWORD = "password-of-server"


def write_broker_files(folder: Path, devices: Sequence[BrokerDevice]) -> None:
    (folder / "broker").mkdir(exist_ok=True)
    write_files(folder / "broker", mosquitto_files([*devices, HEALTH], SERVER_PASSWORD), OWNER_AND_GROUP)


def _children_of(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Deployed]:
    ensure_certificates(tmp_path / "tls", "127.0.0.1", datetime.now(UTC))
    write_broker_files(tmp_path, [S1])
    async with deployed(tmp_path) as running:
        yield running


async def test_a_speaker_over_tls_and_the_server_inside_hear_each_other(broker: Deployed) -> None:
    async with (
        connected(broker.inside(SERVER_USER, SERVER_PASSWORD), "server", "loa/1/d/+/up/+") as server,
        connected(broker.outside(S1.device_id, S1.password), "whatever", *S1.subscribes) as speaker,
    ):
        await server.hears(speaker, "loa/1/d/bn-s01/up/hello")
        for topic in (*S1.subscribes[:-1], "loa/1/live/session-1"):
            await speaker.hears(server, topic)


async def test_a_wrong_password_a_stranger_and_nobody_are_refused(broker: Deployed) -> None:
    assert await refused(broker.outside(S1.device_id, "wrong"), "bn-s01")
    assert await refused(broker.outside("stranger", "wrong"), "stranger")
    assert await refused(broker.outside(S2.device_id, S2.password), "bn-s02")
    assert await refused(broker.inside(SERVER_USER, "wrong"), "server")


async def test_without_the_authority_there_is_no_connection(broker: Deployed, tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "other", "127.0.0.1", datetime.now(UTC))
    astray_address = replace(broker.outside(S1.device_id, S1.password), ca_file=str(tmp_path / "other" / "ca.crt"))
    async with dialled(astray_address, "bn-s01") as astray:
        await until(lambda: "alert" in broker.log or "ssl" in broker.log.lower())
        assert not astray.ups


async def test_what_a_speaker_may_not_say_or_hear_stays_unsaid_and_unheard(broker: Deployed, tmp_path: Path) -> None:
    write_broker_files(tmp_path, [S1, S2])
    forbidden = ("loa/1/d/bn-s02/up/hello", "loa/1/a/bao-nhai/orders", "loa/1/d/bn-s02/down", "elsewhere")
    async with (
        connected(broker.inside(SERVER_USER, SERVER_PASSWORD), "server", "loa/1/#") as server,
        connected(broker.outside(S2.device_id, S2.password), "bn-s02", *S2.subscribes) as other,
        connected(broker.outside(S1.device_id, S1.password), "bn-s01", "loa/1/#", *S1.subscribes) as speaker,
    ):
        for topic in forbidden:
            speaker.say(topic, b"forged")
        await server.hears(speaker, "loa/1/d/bn-s01/up/hello", b"true")
        await other.hears(server, "loa/1/d/bn-s02/down", b"private")
        await speaker.hears(server, "loa/1/d/bn-s01/down", b"mine")
        assert not [topic for topic, payload in [*server.got, *other.got, *speaker.got] if payload == b"forged"]
        assert b"private" not in [payload for _topic, payload in speaker.got]
        assert b"true" not in [payload for _topic, payload in speaker.got]


async def test_a_new_device_gets_in_and_nobody_is_disturbed(broker: Deployed, tmp_path: Path) -> None:
    async with (
        connected(broker.inside(SERVER_USER, SERVER_PASSWORD), "server", "loa/1/d/+/up/+") as server,
        connected(broker.outside(S1.device_id, S1.password), "bn-s01") as old,
        dialled(broker.outside(S2.device_id, S2.password), "bn-s02") as new,
    ):
        await until(lambda: new.link.refusal)
        write_broker_files(tmp_path, [S1, S2])
        await until(lambda: new.link.connected)
        await server.hears(new, "loa/1/d/bn-s02/up/hello")
        await server.hears(old, "loa/1/d/bn-s01/up/hello")
        assert not old.downs
        assert not server.downs


async def test_a_revoked_device_is_shut_out(broker: Deployed, tmp_path: Path) -> None:
    async with connected(broker.outside(S1.device_id, S1.password), "bn-s01") as revoked:
        write_broker_files(tmp_path, [S2])
        await until(lambda: revoked.downs)
        await until(lambda: revoked.link.refusal)


async def test_a_renewed_certificate_is_shown_without_a_restart(broker: Deployed, tmp_path: Path) -> None:
    before = broker.certificate()
    async with connected(broker.outside(S1.device_id, S1.password), "bn-s01") as old:
        assert ensure_certificates(tmp_path / "tls", "127.0.0.1", datetime.now(UTC) + timedelta(days=SERVER_DAYS))
        assert ensure_certificates(tmp_path / "tls", "localhost", datetime.now(UTC))
        await until(lambda: broker.certificate() != before)
        assert not old.downs


async def test_the_health_check_is_answered(broker: Deployed) -> None:
    """What mosquitto_sub does there: sign in, subscribe, be answered."""
    topic = f"loa/1/d/{HEALTH_USER}/down"
    async with (
        connected(broker.inside(SERVER_USER, SERVER_PASSWORD), "server") as server,
        connected(broker.inside(HEALTH_USER, HEALTH.password), HEALTH_USER, topic) as health,
    ):
        await health.hears(server, topic)
        health.say("loa/1/a/bao-nhai/orders", b"forged")
        await health.hears(server, topic, b"after")
        assert len({payload for _topic, payload in health.got}) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_end_both_processes_end(tmp_path: Path, number: signal.Signals) -> None:
    ensure_certificates(tmp_path / "tls", "127.0.0.1", datetime.now(UTC))
    write_broker_files(tmp_path, [S1])
    async with deployed(tmp_path) as broker:
        broker.process.send_signal(number)
        assert broker.process.wait(30) == 0, broker.log
        wait_until_gone(tmp_path)


async def test_told_to_end_before_there_are_files_it_ends(tmp_path: Path) -> None:
    process = start(tmp_path, free_port(), free_port())
    await until(lambda: _children_of(process.pid))  # it sleeps: the trap is set
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in {143, -signal.SIGTERM}
    wait_until_gone(tmp_path)


async def test_it_waits_for_the_files_the_server_writes(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", "127.0.0.1", datetime.now(UTC))
    (tmp_path / "broker").mkdir()
    tls_port, port = free_port(), free_port()
    running = Deployed(tmp_path, tls_port, port, start(tmp_path, tls_port, port))
    try:
        assert not running.listens()
        write_broker_files(tmp_path, [S1])
        await until(running.listens)
    finally:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(30)
    wait_until_gone(tmp_path)


def test_a_mosquitto_that_cannot_start_ends_the_script_with_its_code(tmp_path: Path) -> None:
    write_broker_files(tmp_path, [S1])
    process = start(tmp_path, free_port(), free_port())  # no certificates
    assert process.wait(30) not in {0, 143}
    wait_until_gone(tmp_path)
