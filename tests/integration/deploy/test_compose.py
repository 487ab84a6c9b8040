"""docker-compose.yml: what can be said of it without containers, and its commands run for real on SQLite."""

import asyncio
import re
import shlex
import shutil
import subprocess
import sysconfig
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

from devices.broker_files import SERVER_USER
from firmware_sim.settings import load
from server.fleet import HEALTH_PASSWORD, OWN_PASSWORD
from server.settings import Settings
from tests.support.commands import ROOT, SITE, done, environment, served
from tests.support.deployment import Deployed, deployed
from tests.support.mqtt import connected
from tests.support.until import until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
HOST = "127.0.0.1"
GIVEN = {"LOA_HOST": HOST, "LOA_PUBLIC_URL": "https://loa.bao-nhai.example"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}")


def filled(text: str) -> str:
    """The text as compose reads it, with the variables of .env."""
    return _VARIABLE.sub(lambda found: GIVEN[found[1]], text).replace("$$", "$")


def settings_of(service: str) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in SERVICES[service]["environment"].items()}


def here(text: str, folder: Path) -> str:
    """A container's paths → this test's folder."""
    return re.sub(r"(?<![\w/])/(loa|data|run/secrets)\b", lambda found: str(folder / found[1]), text)


def on_this_machine(service: str, folder: Path) -> dict[str, str]:
    """A service's environment with our paths, and SQLite instead of PostgreSQL."""
    named = {name: here(value, folder) for name, value in settings_of(service).items()}
    (folder / "run" / "secrets").mkdir(parents=True, exist_ok=True)
    (folder / "run" / "secrets" / "postgres").write_text("password-of-postgres\n")
    return named | {"LOA_DATABASE__URL": ""}


def run_broker_files(folder: Path) -> None:
    """What the service broker-files does."""
    (folder / "loa").mkdir(exist_ok=True)
    (script,) = SERVICES["broker-files"]["command"]
    shell = SERVICES["broker-files"]["entrypoint"]
    given = environment(folder, on_this_machine("broker-files", folder))
    given["PATH"] = f"{sysconfig.get_path('scripts')}:{given['PATH']}"
    ended = subprocess.run(
        [*shell, here(filled(script), folder)], cwd=folder, env=given, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def health_check() -> list[str]:
    kind, command = SERVICES["mosquitto"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    return shlex.split(filled(command))


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    if service["healthcheck"].get("disable"):
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]
        assert service["healthcheck"]["interval"]


def test_services_wait_for_each_other_without_a_circle_and_for_what_can_come_true() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    order = list(TopologicalSorter(waits).static_order())
    assert set(order) == set(SERVICES)
    assert order.index("broker-files") < order.index("mosquitto") < order.index("server")
    for wanted in waits.values():
        for other, how in wanted.items():
            once = SERVICES[other]["healthcheck"].get("disable", False)
            assert how["condition"] == ("service_completed_successfully" if once else "service_healthy")


@pytest.mark.parametrize("service", ["server", "broker-files"])
def test_the_servers_environment_is_known_to_its_settings(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = settings_of(service)
    for name in set(named) - {"LOA_HOST"}:  # the shell's own, for the certificate
        group: Any = Settings
        for step in name.removeprefix("LOA_").lower().split("__"):
            fields = group.model_fields
            assert step in fields, f"{name} is no setting"
            group = fields[step].annotation
    for name, value in environment(Path("nowhere"), named).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg://loa@postgres/loa"
    assert settings.broker.url == "mqtt://mosquitto:1883"
    assert settings.broker.username == SERVER_USER
    assert settings.broker.device_url == f"mqtts://{HOST}:8883"
    assert settings.public_url == GIVEN["LOA_PUBLIC_URL"]
    assert settings.https


def test_volumes_secrets_and_ports_are_declared_and_only_speakers_reach_us_from_outside() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert all((ROOT / name).exists() for name in used if name.startswith("."))
    assert {secret for service in SERVICES.values() for secret in service.get("secrets", ())} == set(COMPOSE["secrets"])
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"mosquitto": ["8883:8883"], "server": ["127.0.0.1:8080:8080"]}


def test_mosquitto_sees_its_files_and_writes_none() -> None:
    volumes = [volume.split(":") for volume in SERVICES["mosquitto"]["volumes"]]
    assert all(parts[-1] == "ro" for parts in volumes)
    mounted = {there: source for source, there, _mode in volumes}
    _shell, script, conf, folder = SERVICES["mosquitto"]["entrypoint"]
    assert (ROOT / mounted["/loa-deploy"] / Path(script).name).is_file()
    assert (ROOT / mounted[conf]).is_file()
    assert folder == settings_of("server")["LOA_BROKER__FILES"]


def test_the_server_and_mosquitto_are_one_user_so_that_each_can_read_the_others_files() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"--uid {SERVICES['mosquitto']['user']} " in dockerfile


def test_broker_files_leaves_exactly_what_mosquitto_its_health_check_and_the_server_name(tmp_path: Path) -> None:
    run_broker_files(tmp_path)
    conf = (ROOT / "mosquitto.conf").read_text("utf-8")
    named = set(re.findall(r"^\w+ (/loa/\S+)$", conf, re.MULTILINE))
    named |= set(re.findall(r"/loa/[\w./-]+[\w]", " ".join(health_check())))
    named |= {settings_of("server")[name] for name in ("LOA_BROKER__PASSWORD_FILE", "LOA_BROKER__DEVICE_CA_FILE")}
    written = {f"/{path.relative_to(tmp_path)}" for path in (tmp_path / "loa").rglob("*") if path.is_file()}
    assert written - named == {"/loa/tls/ca.key"}
    assert named <= written


def test_run_again_it_changes_nothing(tmp_path: Path) -> None:
    run_broker_files(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "loa").rglob("*") if path.is_file()}
    run_broker_files(tmp_path)
    assert {path: path.read_bytes() for path in (tmp_path / "loa").rglob("*") if path.is_file()} == before


async def test_the_health_check_succeeds_at_the_real_broker(tmp_path: Path) -> None:
    run_broker_files(tmp_path)
    async with deployed(tmp_path / "loa") as broker:
        await _check_health(broker)


async def _check_health(broker: Deployed) -> None:
    command = health_check()
    user, topic = option(command, "-u"), option(command, "-t")
    password = (broker.folder / "broker" / HEALTH_PASSWORD).read_text().strip()
    if (program := shutil.which("mosquitto_sub")) is not None:
        ask = [program, "-h", HOST, "-p", str(broker.port), "-u", user, "-P", password, "-t", topic, "-E"]
        ended = await asyncio.to_thread(subprocess.run, ask, timeout=60, check=False, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    async with connected(broker.inside(user, password), user, topic) as health:
        own = (broker.folder / "broker" / OWN_PASSWORD).read_text().strip()
        async with connected(broker.inside(SERVER_USER, own), "server") as server:
            await health.hears(server, topic)


async def test_a_device_enrolled_at_the_running_server_reaches_the_broker_over_tls(tmp_path: Path) -> None:
    run_broker_files(tmp_path)
    async with deployed(tmp_path / "loa") as broker:
        at_hand = {
            "LOA_BROKER__URL": f"mqtt://127.0.0.1:{broker.port}",
            "LOA_BROKER__DEVICE_URL": f"mqtts://{HOST}:{broker.tls_port}",
        }
        given = on_this_machine("server", tmp_path) | at_hand
        with served(tmp_path, **given) as server:
            done(tmp_path, "device", "import", str(SITE), **given)
            out = tmp_path / "for-the-device" / "bn-s01.toml"
            done(tmp_path, "device", "enrol", "bn-s01", "--cluster", "bn-s01", "--out", str(out), **given)
            moved = (tmp_path / "for-the-device").rename(tmp_path / "at-the-device")
            device = load(moved / out.name)
            assert device.content.urls == (f"{GIVEN['LOA_PUBLIC_URL']}/content",)
            async with connected(device.broker_address, "bn-s01", "loa/1/d/bn-s01/down") as speaker:
                done(tmp_path, "device", "revoke", "bn-s01", **given)
                await until(lambda: speaker.downs)
                await until(lambda: speaker.link.refusal)
            assert server.end() == 0, server.said
