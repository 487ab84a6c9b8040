"""A hundred speakers in one process, as the command starts them."""

import asyncio
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from base.errors import Refused, Unavailable
from devices.wire.content import Rendition, Speech, Tone, Version
from firmware_sim.control import ask
from firmware_sim.swarm import read_fleet
from tests.integration.base.brokers import MOSQUITTO, Broker
from tests.integration.firmware_sim.content_server import serving
from tests.integration.firmware_sim.test_device import now_ms
from tests.integration.firmware_sim.world import device_text, hub
from tests.support.until import until
from tests.unit.firmware_sim.rig import play

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
COUNT = 100


def _fleet(folder: Path, port: int, count: int, content: str = "http://127.0.0.1:9") -> Path:
    folder.mkdir()
    for number in range(count):
        name = f"bn-s{number:03}"
        (folder / f"{name}.toml").write_text(device_text(name, port, folder, content=content), encoding="utf-8")
    return folder


@contextmanager
def _swarm(tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "firmware_sim", "swarm", "--fleet", str(tmp_path / "fleet")]
    command += ["--state", str(tmp_path / "state"), "--control", str(tmp_path / "control"), "--json", *arguments]
    log = (tmp_path / "swarm.log").open("a")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def _status(tmp_path: Path) -> dict:
    try:
        return ask(tmp_path / "control", {"do": "status"})["status"]
    except Unavailable:
        return {"online": -1}


async def test_a_hundred_connect_play_answer_and_end(tmp_path: Path):
    broker = Broker(tmp_path)
    await broker.start()
    async with serving() as content, hub(broker.port) as heard:
        _fleet(tmp_path / "fleet", broker.port, COUNT, content.url)
        with _swarm(tmp_path) as process:
            await until(lambda: len({hello.device for hello in heard.hellos}) == COUNT)
            data = bytes(20_000)
            sha = content.put(data)
            speech = Speech((Version("vi", (Rendition(sha, len(data), "opus16", 300),)),))
            item = play(now_ms() + 4_000, parts=(Tone(((800, 800, 200, 0),)), speech))
            heard.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 600_000)
            played = lambda: {r.device for r in heard.receipts if r.state.value == "played"}  # noqa: E731
            await until(lambda: len(played()) == COUNT)
            line = await asyncio.to_thread(_status, tmp_path)
            assert (line["online"], line["played"]) == (COUNT, COUNT)
            assert line["starts"][item.occurrence]["count"] == COUNT
            assert len(content.requests) == COUNT, "each downloads for itself"
            assert len(list((tmp_path / "state" / "content").glob("?" * 64))) == 1, "and the bytes lie there once"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 10) == 0
    broker.kill()
    errors = [
        line for line in (tmp_path / "swarm.log").read_text().splitlines() if '"error"' in line or "Trace" in line
    ]
    assert errors == []


@pytest.mark.parametrize("output", ["virtual", "wav"])
async def test_one_speaker_runs_plays_its_programme_and_ends_when_told(tmp_path: Path, output: str):
    broker = Broker(tmp_path)
    await broker.start()
    async with hub(broker.port) as heard:
        config = tmp_path / "bn-s01.toml"
        config.write_text(device_text("bn-s01", broker.port, tmp_path / "state"), encoding="utf-8")
        command = [sys.executable, "-m", "firmware_sim", "run", "--config", str(config), "--output", output]
        with (tmp_path / "log").open("w") as log:
            process = await asyncio.to_thread(subprocess.Popen, command, stderr=log)
        try:
            await until(lambda: bool(heard.hellos))
            item = play(now_ms() + 500, parts=(Tone(((800, 800, 500, 0),)),))
            heard.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 60_000)
            await until(lambda: heard.states(item.occurrence) == ["stored", "started", "played"])
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 5) == 0
        finally:
            process.kill()
            process.wait()
    broker.kill()
    recording = tmp_path / "state" / "heard" / "bn-s01-speaker.wav"
    if output == "wav":
        with wave.open(str(recording)) as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert 0.4 * 16_000 <= np.count_nonzero(np.abs(pcm) > 10) <= 0.6 * 16_000
    assert recording.exists() == (output == "wav")


async def test_a_plug_is_pulled_and_put_back(tmp_path: Path):
    broker = Broker(tmp_path)
    await broker.start()
    async with hub(broker.port) as heard:
        _fleet(tmp_path / "fleet", broker.port, 3)
        with _swarm(tmp_path, "-n", "2"):
            await until(lambda: len({beat.device for beat in heard.heartbeats}) == 2)
            control = tmp_path / "control"
            await asyncio.to_thread(ask, control, {"do": "unplug", "device": "bn-s000"})
            line = await asyncio.to_thread(_status, tmp_path)
            assert (line["devices"], line["powered"], line["online"]) == (2, 1, 1)
            await asyncio.to_thread(
                ask, control, {"do": "fault", "device": "bn-s001", "kind": "speaker", "present": True}
            )
            await until(lambda: heard.heartbeats[-1].faults == ("speaker",))
            await asyncio.to_thread(ask, control, {"do": "plug", "device": "bn-s000"})
            await until(lambda: [h.boot for h in heard.hellos if h.device == "bn-s000"] == [1, 2])
            for command, code in (
                ({"do": "plug", "device": "bn-s002"}, "firmware.device_unknown"),
                ({"do": "fault", "device": "bn-s001", "kind": "ghost", "present": True}, "firmware.fault_unknown"),
                ({"do": "dance"}, "firmware.control_refused"),
            ):
                with pytest.raises(Refused) as refusal:
                    await asyncio.to_thread(ask, control, command)
                assert refusal.value.code == code
    broker.kill()


async def test_kill_9_of_the_swarm_plays_nothing_twice_and_loses_no_receipt(tmp_path: Path):
    broker = Broker(tmp_path)
    await broker.start()
    async with hub(broker.port) as heard:
        _fleet(tmp_path / "fleet", broker.port, 10)
        item = play(None, parts=(Tone(((800, 800, 8_000, 0),)),))
        states = lambda state: {r.device for r in heard.receipts if r.state.value == state}  # noqa: E731
        with _swarm(tmp_path):
            await until(lambda: len({hello.device for hello in heard.hellos}) == 10)
            heard.order(item, issued_ms=now_ms(), expires_ms=now_ms() + 600_000)
            await until(lambda: len(states("started")) == 10)
        with _swarm(tmp_path):
            await until(lambda: len({r.device for r in heard.receipts if r.state.final}) == 10)
        assert len(states("started")) == 10
        for device in states("started"):
            mine = sorted((r for r in heard.receipts if r.device == device), key=lambda r: r.n)
            assert [r.n for r in mine] == list(range(1, len(mine) + 1))
            assert sum(r.state.final for r in mine) == 1
            assert mine[-1].sounded_ms <= 8_000
    broker.kill()


def test_a_wrong_fleet_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "fleet").mkdir()
    command = [sys.executable, "-m", "firmware_sim", "swarm", "--fleet", str(tmp_path / "fleet")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("speaker: No device files")
    (tmp_path / "fleet" / "a.toml").write_text("device = 3", encoding="utf-8")
    with pytest.raises(Refused):
        read_fleet(tmp_path / "fleet")
