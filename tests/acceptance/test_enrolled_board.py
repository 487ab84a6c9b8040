"""A board out of its box: enrolled by a code it comes online, plays, gives a courier its proof, and can be shut out."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from devices.wire.envelope import CheckingKey, SigningKey
from devices.wire.returns import read_return
from server.broker import free_port
from server.demo.fleet import prepare
from server.demo.story import Story
from server.settings import load_settings
from tests.support.commands import LIMIT_S, ROOT, Served, done, environment, served
from tests.support.town import one_cluster_site, until

BOARD = """
[local]
port = {port}
bind = "127.0.0.1"
[player]
output = "virtual"
[clock]
trust_system = true
[storage]
dir = "{state}"
capacity_mib = 64
"""


def speaker(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "firmware_sim", *arguments],
        cwd=folder,
        env=environment(folder, {"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@contextmanager
def running(folder: Path, config: Path) -> Iterator[None]:
    with (folder / "speaker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware_sim", "run", "--config", str(config)],
            env=environment(folder, {"PYTHONPATH": str(ROOT)}),
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(LIMIT_S)


@pytest.fixture
async def name(tmp_path: Path) -> str:
    """A commune with people and one cluster, whose controller is enrolled the old way."""
    site = one_cluster_site()
    settings = load_settings(None, {"data_dir": tmp_path / "data"})
    await prepare(settings, site, broker_url="mqtt://127.0.0.1:1")
    return next(iter(site.sounds))


@pytest.fixture
def server(tmp_path: Path, name: str) -> Iterator[Served]:
    assert name
    port = str(free_port())
    own = {"LOA_BROKER__PORT": port, "LOA_BROKER__DEVICE_URL": f"mqtt://127.0.0.1:{port}"}
    with served(tmp_path, **own, LOA_PROGRAMME__LEAD_S="3") as running_server:
        yield running_server


async def story_of(folder: Path, server: Served) -> Story:
    people = json.loads((folder / "data" / "people.json").read_text("utf-8"))
    story = Story(server.url, "bao-nhai", people["password"])
    await story.sign_in("lan", "chu-tich")
    return story


async def test_a_board_enrolled_by_code_comes_online_plays_and_is_shut_out(
    tmp_path: Path, name: str, server: Served
) -> None:
    port = free_port()
    (tmp_path / "board.toml").write_text(BOARD.format(port=port, state=tmp_path / "state"))
    config = tmp_path / "device.json"
    enrol = ("enrol", "--server", server.url, "--config", str(config), "--board", str(tmp_path / "board.toml"))

    wrong = speaker(tmp_path, *enrol, "--code", "AAAAA-AAAAA")
    assert (wrong.returncode, config.exists()) == (1, False)
    assert "This code is not known here" in wrong.stderr
    made = json.loads(done(tmp_path, "device", "code", name, "--json"))
    taken = speaker(tmp_path, *enrol, "--code", made["code"])
    assert (taken.returncode, taken.stdout.strip()) == (0, made["fingerprint"]), taken.stderr
    assert config.stat().st_mode & 0o777 == 0o600
    seed = json.loads(config.read_text("utf-8"))["keys"]["seed"]
    another = speaker(tmp_path, *enrol, "--code", made["code"])
    assert "used by another board" in another.stderr
    # As after an answer that was lost on its way: the board still has its key, and no device file.
    config.unlink()
    (tmp_path / ".device.json.seed").write_text(seed)
    again = speaker(tmp_path, *enrol, "--code", made["code"])
    assert again.returncode == 0, again.stderr
    assert json.loads(config.read_text("utf-8"))["keys"]["seed"] == seed
    assert not (tmp_path / ".device.json.seed").exists()
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and _holds(path, seed)]

    story = await story_of(tmp_path, server)
    with running(tmp_path, config):
        async with story, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as page:
            await until(lambda: _is_online(page, online=True))
            announcement_id = await story.announcement("lan", "chu-tich")
            aired = await story.broadcast("lan", announcement_id)

            async def played() -> bool:
                return (await story.deliveries("lan", aired.occurrence_id))[name]["state"] == "played"

            await until(played)
            refused = await page.post("/bundle", content=b"rubbish" * 200)
            assert (refused.status_code, refused.json()["outcome"]) == (422, "not_a_bundle")
            back = await page.get("/return.loa")
            public = SigningKey.from_seed(name, bytes.fromhex(seed)).cose.to_dict()[-2]
            told = read_return(io.BytesIO(back.content), keyring={name: CheckingKey.from_public(name, public)}.get)
            assert told.device == name
            assert told.report.held, "what it played"
            await asyncio.to_thread(done, tmp_path, "device", "revoke", name)
            await until(lambda: _is_online(page, online=False))


def _holds(path: Path, seed: str) -> bool:
    data = path.read_bytes()
    return seed.encode() in data or bytes.fromhex(seed) in data


async def _is_online(page: httpx.AsyncClient, *, online: bool) -> bool:
    try:
        return bool((await page.get("/status.json")).json()["online"]) is online
    except (httpx.HTTPError, ValueError, KeyError):
        return False
