"""Thousands of reference speakers in one process beside broker and server: `python -m benchmarks.swarm [N …]`.

An observer of its own at the broker notes every heartbeat: how late each was, and whether one was lost on the way; the
database tells at the end whether the server has taken in what the observer saw.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from base.mqtt import BrokerAddress, MqttLink
from benchmarks.commune import Commune, commune
from devices.keys import KeyStore
from devices.wire import topics
from devices.wire.envelope import CheckingKey, Kind, unseal
from devices.wire.topics import parse_up
from firmware_sim.swarm import allow_files
from server.processes import Child

LIMIT_S = 3_600
LATEST_S = 21.0
"""A device beats every 20 s, spread by a twentieth: what comes after 21 s is late."""
QUIET_S = 15
"""So long no receipt is written when everybody has fetched the templates of the message bank."""
TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """Another process's use of the machine, read from /proc."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)
        self._began = self._cpu_s(), time.monotonic()

    def _cpu_s(self) -> float:
        fields = (self._folder / "stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def since(self) -> dict[str, float]:
        """Share of a core since this was made, and memory now and at its largest, in MiB."""
        cpu_s, at = self._began
        status = dict(line.split(":", 1) for line in (self._folder / "status").read_text().splitlines())
        return {
            "cores": round((self._cpu_s() - cpu_s) / (time.monotonic() - at), 3),
            "rss_mib": round(int(status["VmRSS"].split()[0]) / 1024),
            "peak_mib": round(int(status["VmHWM"].split()[0]) / 1024),
        }


class Observer:
    """Hears every heartbeat at the broker. latest: device → (boot, n) heard last."""

    def __init__(self, here: Commune) -> None:
        broker = BrokerAddress(
            here.plan.host, here.plan.port, username=here.publisher.device_id, password=here.publisher.password
        )
        watched = topics.ALL_UP.replace("+/up/+", "+/up/heartbeat")
        self.link = MqttLink(client_id="bench", address=broker, subscriptions=[watched], on_message=self._hear)
        self._keys = KeyStore(here.settings.keys_dir)
        self._at: dict[str, float] = {}
        self.latest: dict[str, tuple[int, int]] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what was counted so far."""
        self._since, self.heard, self.lost = time.monotonic(), 0, 0
        self.late_s: list[float] = []

    def _hear(self, topic: str, envelope: bytes) -> None:
        device, at = parse_up(topic).device, time.monotonic()
        beat = self._numbers(device, envelope)
        boot, n = self.latest.get(device, (beat[0], beat[1] - 1))
        self.heard += 1
        self.lost += max(0, beat[1] - n - 1) if beat[0] == boot else 0
        if device in self._at:
            self.late_s.append(max(0.0, at - self._at[device] - LATEST_S))
        self._at[device], self.latest[device] = at, beat

    def _numbers(self, device: str, envelope: bytes) -> tuple[int, int]:
        """Boot and number of a heartbeat of a device that was enrolled once."""
        key = CheckingKey.from_secret(device, self._keys.device_secrets(device, 1).mac_key)
        payload = unseal(Kind.HEARTBEAT, envelope, lambda _: key).payload
        return payload["boot"], payload["n"]

    def figures(self) -> dict[str, float]:
        """Heartbeats a second since the beginning, those that never came, and how late the others were."""
        ordered = sorted(self.late_s)
        return {
            "heartbeats_per_s": self.heard / (time.monotonic() - self._since),
            "lost": self.lost,
            "late_p99_s": ordered[len(ordered) * 99 // 100],
            "late_max_s": ordered[-1],
        }


async def at_size(count: int, minutes: float) -> dict[str, Any]:
    """All figures for a swarm of `count`."""
    allow_files(count + 1_000)
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        async with commune(folder, count) as here, contextlib.AsyncExitStack() as stack:
            observer = Observer(here)
            task = asyncio.create_task(observer.link.run())
            stack.callback(task.cancel)
            speakers = await _speakers(stack, here, folder, count)
            processes = {name: Process(pid) for name, pid in _children().items()}
            observer.begin()
            await asyncio.sleep(minutes * 60)
            used = {name: process.since() for name, process in processes.items()}
            figures = {"n": count, "minutes": minutes, "software": here.broker, **used, **observer.figures()}
            await asyncio.sleep(3)
            return figures | _in_database(folder, observer.latest) | {"online_s": speakers}


async def _speakers(stack: contextlib.AsyncExitStack, here: Commune, folder: Path, count: int) -> float:
    """Start the swarm, and wait until all of it is online and has settled down; seconds until it was online."""
    status: dict[str, Any] = {}
    command = ["swarm", "--fleet", str(here.fleet.fleet_dir), "--state", str(folder / "speakers"), "--json"]
    log = folder / "logs" / "fleet.log"
    child = Child(
        "fleet", [sys.executable, "-m", "firmware_sim", *command], log, lambda line: status.update(json.loads(line))
    )
    began = time.monotonic()
    await child.start()
    stack.push_async_callback(child.stop)
    async with asyncio.timeout(LIMIT_S):
        while status.get("online") != count:  # noqa: ASYNC110 - it is told by another process
            await asyncio.sleep(0.2)
        online_s = time.monotonic() - began
        before = None
        while status["pending_receipts"] or status["receipts"] != before:
            before = status["receipts"]
            await asyncio.sleep(QUIET_S)
    return round(online_s, 1)


def _children() -> dict[str, int]:
    """Our child processes by what they are."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
            command = (folder / "cmdline").read_text().split("\0")
            if parent == os.getpid():
                kinds = {"server": "server", "firmware_sim": "swarm"}
                name = next((kinds[word] for word in command if word in kinds), "broker")
                found[name] = int(folder.name)
    return found


def _in_database(folder: Path, latest: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Devices whose last heartbeat the server does not have, and how often one was found silent."""
    with contextlib.closing(sqlite3.connect(folder / "loa.db")) as database:
        rows = database.execute("SELECT device_id, boot, beat_n FROM device_state").fetchall()
        silences = database.execute("SELECT count(*) FROM presence_change WHERE presence != 'online'").fetchone()[0]
    taken = {device: (boot, n) for device, boot, n in rows}
    behind = sum(taken.get(device, (0, 0)) < (boot, n - 1) for device, (boot, n) in latest.items())
    return {"not_taken_in": behind, "found_silent": silences}


def report(figures: dict[str, Any]) -> None:
    """For people, on standard error."""
    lines = [f"{figures['n']} speakers, {figures['minutes']:g} minutes, {figures['software']}"]
    lines += [
        f"  {name:8} {figures[name]['cores'] * 100:5.1f} % of a core, {figures[name]['rss_mib']} MiB"
        f" (at most {figures[name]['peak_mib']})"
        for name in ("broker", "server", "swarm")
    ]
    lines += [
        (
            f"  heartbeats: {figures['heartbeats_per_s']:.1f}/s, lost {figures['lost']}, late p99 "
            f"{figures['late_p99_s'] * 1000:.0f} ms, at most {figures['late_max_s'] * 1000:.0f} ms"
        ),
        (
            f"  not taken in by the server: {figures['not_taken_in']}; found silent: {figures['found_silent']}; "
            f"all online after {figures['online_s']} s"
        ),
    ]
    sys.stderr.write("\n".join(lines) + "\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[2_000])
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    results = []
    for count in options.sizes:
        results.append(asyncio.run(at_size(count, options.minutes)))
        report(results[-1])
    print(json.dumps({"swarm": results}))


if __name__ == "__main__":
    main()
