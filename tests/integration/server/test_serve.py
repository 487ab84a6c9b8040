"""`loa serve` from its first start to its last: people, devices, health, and an end that leaves nothing."""

import signal
import socket
from pathlib import Path

import httpx
import pytest

from firmware_sim.settings import load
from tests.support.commands import (
    SITE,
    Served,
    done,
    loa,
    processes_naming,
    served,
    starting,
    wait_until,
    wait_until_gone,
)
from tests.support.mqtt import connected
from tests.support.until import until

ADMINISTRATOR = "Administrator: admin, one-time password: "


def sign_in(server: Served, login: str, password: str) -> httpx.Response:
    body = {"login": login, "password": password, "name": "test"}
    return httpx.post(f"{server.url}/api/v1/session", json=body, timeout=30, trust_env=False)


def me(server: Served, token: str) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/api/v1/session", headers=bearer, timeout=30, trust_env=False)


def test_the_first_start_shows_the_administrators_password_and_no_later_one_does(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        (line,) = [line for line in server.said.splitlines() if line.startswith(ADMINISTRATOR)]
        answer = sign_in(server, "admin", line.removeprefix(ADMINISTRATOR))
        assert answer.status_code == 201
        assert answer.json()["must_change"]
        assert f"Console: {server.url}" in server.said
        assert server.end() == 0, server.said
    with served(tmp_path) as server:
        assert "password" not in server.said
        assert server.end() == 0


def test_people_made_at_the_command_line_sign_in_at_the_running_server(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        done(tmp_path, "device", "import", str(SITE))
        lan = ("user", "add", "lan", "--name", "Nguyễn Thị Lan", "--role", "operator", "--place", "bao-nhai")
        first = done(tmp_path, *lan).strip()
        signed = sign_in(server, "lan", first)
        assert signed.status_code == 201
        token = signed.json()["token"]
        assert me(server, token).json()["grants"] == [{"role": "operator", "place_id": "bao-nhai"}]
        second = done(tmp_path, "user", "reset-password", "lan").strip()
        assert me(server, token).status_code == 401
        assert sign_in(server, "lan", first).status_code != 201
        assert sign_in(server, "lan", second).status_code == 201


def test_health_is_zero_while_it_runs_and_one_afterwards(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert '"ready":true' in done(tmp_path, "health", server.url)
        assert '"ready":true' in done(tmp_path, "health", f"{server.url}/")
        assert server.end() == 0
        ended = loa(tmp_path, "health", server.url)
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr


def test_without_its_broker_it_lives_but_is_not_healthy(tmp_path: Path) -> None:
    with starting(tmp_path, "--broker", "mqtt://127.0.0.1:1") as server:
        wait_until(lambda: server.answers("/healthz/live", 204), server)
        ended = loa(tmp_path, "health", server.url)
        assert ended.returncode == 1
        assert '"broker":false' in ended.stdout
        assert server.end() == 0, server.said


async def test_devices_enrolled_and_revoked_meanwhile_are_let_in_and_shut_out(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        done(tmp_path, "device", "import", str(SITE))
        out = tmp_path / "bn-s01.toml"
        own = {"LOA_BROKER__DEVICE_URL": f"mqtt://127.0.0.1:{server.broker_port}"}
        done(tmp_path, "device", "enrol", "bn-s01", "--cluster", "bn-s01", "--out", str(out), **own)
        async with connected(load(out).broker_address, "bn-s01", "loa/1/d/bn-s01/down") as speaker:
            done(tmp_path, "device", "revoke", "bn-s01")
            await until(lambda: speaker.downs)
            await until(lambda: speaker.link.refusal)
        assert server.end() == 0, server.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_closes_everything_and_no_process_stays(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path) as server:
        assert any("broker" in command for command in processes_naming(tmp_path))
        server.process.send_signal(number)
        assert server.process.wait(20) == 0, server.said
        assert not processes_naming(tmp_path), "the broker ends before the server does"
        assert "Traceback" not in server.said
        assert "[error" not in server.said
    # Closed in order, SQLite leaves nothing beside the database.
    assert [path.name for path in (tmp_path / "data").glob("loa.db*")] == ["loa.db"]


def test_told_to_end_while_it_starts_it_does(tmp_path: Path) -> None:
    with starting(tmp_path) as server:
        wait_until((tmp_path / "data" / "broker" / "broker.log").exists, server)
        assert server.end() == 0, server.said
        assert not processes_naming(tmp_path)
        assert "Traceback" not in server.said


def test_killed_outright_it_takes_its_broker_along_and_starts_again(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        server.process.kill()
        server.process.wait()
        port = str(server.broker_port)
        with served(tmp_path, LOA_BROKER__PORT=port) as again:
            assert again.end() == 0, again.said
    wait_until_gone(tmp_path)


@pytest.mark.parametrize("taken", ["console", "broker"])
def test_a_taken_port_is_named_and_nothing_is_left(tmp_path: Path, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = str(stranger.getsockname()[1])
        options = ["--port", port] if taken == "console" else ["--port", "0"]
        ended = loa(tmp_path, "serve", *options, LOA_BROKER__PORT=port, LOA_BROKER__HOST="127.0.0.1")
    assert ended.returncode == 1
    assert ended.stderr.startswith("loa: ")
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "password" not in ended.stderr, "nobody was made for a server that never ran"
    assert "Traceback" not in ended.stderr
    assert not processes_naming(tmp_path)
