"""How fast an emergency reaches everybody: `python -m benchmarks.fanout [N …]`.

In one run, for each N: the bare broker's fan-out of an order's bytes to N light subscribers; a request to the server
until the last of the same subscribers has its order; and N full reference speakers from request to sound. Then one
speaker alone, from the bytes of an order to the beginning of its sound, beside verification alone.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.commune import COMMUNE, Caller, Commune, commune
from benchmarks.light import LightSubscribers, connect, publish_packet
from benchmarks.one_speaker import one_speaker
from devices.wire import topics
from server.processes import Child

ROUNDS = 15
SPEAKER_ROUNDS = 5
GOAL_RATIO, GOAL_MS = 1.3, 30.0


class Alarms:
    """Launches emergencies through the API and ends each before the next."""

    def __init__(self, here: Commune) -> None:
        self._caller: Caller = here.connect()
        templates = self._caller.call("GET", f"/places/{COMMUNE}/emergency-templates")["items"]
        self._template = next(each["id"] for each in templates if each["key"] == "flood")
        self.launched: dict[str, Any] = {}

    def launch(self) -> None:
        self.launched = self._caller.call("POST", "/emergencies", {"template_id": self._template, "status": "actual"})

    def end(self) -> None:
        self._caller.call("POST", f"/emergencies/{self.launched['id']}/stop")


def in_thread(work: Callable[[], None]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Begin `work` beside the measuring loop, and wait for it afterwards."""
    thread = threading.Thread(target=work)
    return thread.start, thread.join


def compare(here: Commune) -> tuple[list[float], list[float], int]:
    """Milliseconds to the last subscriber: bare and through the server, turn and turn about; and the order's size."""
    host, port, topic = here.plan.host, here.plan.port, topics.orders(COMMUNE)
    alarms = Alarms(here)
    subscribers = LightSubscribers(host, port, here.accounts, topic)
    bare_socket = connect(host, port, here.publisher.device_id, here.publisher.password)
    bare, ours = [], []
    try:
        for _ in range(ROUNDS + 1):
            begin, join = in_thread(alarms.launch)
            ours.append(subscribers.wait(begin) * 1000)
            join()
            subscribers.drain()
            packet = publish_packet(topic, here.last_order())
            bare.append(subscribers.wait(lambda packet=packet: bare_socket.sendall(packet)) * 1000)  # type: ignore[misc]
            alarms.end()
            subscribers.drain()
    finally:
        bare_socket.close()
        subscribers.close()
    return bare[1:], ours[1:], len(packet)


async def full_speakers(here: Commune, count: int, folder: Path) -> dict[str, float]:
    """Milliseconds from the request to the first and the last of N reference speakers beginning to sound."""
    status: dict[str, Any] = {}

    def take(line: str) -> None:
        status.update(json.loads(line))

    swarm = ["swarm", "--fleet", str(here.fleet.fleet_dir), "--state", str(folder / "speakers"), "--json"]
    child = Child("fleet", [sys.executable, "-m", "firmware_sim", *swarm], folder / "logs" / "fleet.log", take)
    await child.start()
    try:
        await _until(lambda: status.get("online") == count, 300, "the speakers")
        alarms = Alarms(here)
        first, last = [], []
        for _ in range(SPEAKER_ROUNDS):
            asked_ms = time.time() * 1000
            await asyncio.to_thread(alarms.launch)
            occurrence = alarms.launched["occurrence_id"]
            started = status.get("starts", {})
            await _until(
                lambda name=occurrence: status["starts"].get(name, {}).get("count") == count,  # type: ignore[misc]
                60,
                f"sound ({started})",
            )
            first.append(status["starts"][occurrence]["first_ms"] - asked_ms)
            last.append(status["starts"][occurrence]["last_ms"] - asked_ms)
            await asyncio.to_thread(alarms.end)
            await _until(lambda: status.get("playing") == 0, 60, "silence")
    finally:
        await child.stop()
    return {"first_ms": statistics.median(first), "last_ms": statistics.median(last)}


async def _until(condition: Callable[[], bool], limit_s: float, what: str) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit_s} s for {what}")
        await asyncio.sleep(0.05)


async def at_size(count: int, *, speakers: bool) -> dict[str, Any]:
    """All figures for one N."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        async with commune(folder, count) as here:
            await asyncio.to_thread(_until_spoken, here)
            bare, ours, size = await asyncio.to_thread(compare, here)
            figures = {"n": count, "broker": here.broker, "order_bytes": size, **_figures(bare, ours)}
            if speakers:
                figures["speakers"] = await full_speakers(here, count, folder)
    return figures


def _until_spoken(here: Commune) -> None:
    """The templates are spoken once, at the server's first start; an emergency before that has no words."""
    caller = here.connect()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        templates = caller.call("GET", f"/places/{COMMUNE}/emergency-templates")["items"]
        if templates and all(each["held_at"] for each in templates):
            return
        time.sleep(0.2)
    raise TimeoutError("the templates were not spoken")


def _figures(bare: list[float], ours: list[float]) -> dict[str, float]:
    peer, mine = statistics.median(bare), statistics.median(ours)
    return {
        "bare_ms": peer,
        "bare_max_ms": max(bare),
        "ours_ms": mine,
        "ours_max_ms": max(ours),
        "goal_ms": GOAL_RATIO * peer + GOAL_MS,
    }


def report(figures: dict[str, Any]) -> None:
    """One paragraph on standard error for people; the JSON on standard output is for scripts."""
    held = "holds" if figures["ours_ms"] <= figures["goal_ms"] else "MISSED"
    lines = [
        f"N = {figures['n']}, an order of {figures['order_bytes']} bytes, {figures['broker']}",
        _line(
            "bare broker, publish → last light subscriber", figures["bare_ms"], f"worst {figures['bare_max_ms']:.1f}"
        ),
        _line("request sent → last light subscriber", figures["ours_ms"], f"worst {figures['ours_max_ms']:.1f}"),
        _line("goal 1.3 × bare + 30 ms", figures["goal_ms"], held),
    ]
    if "speakers" in figures:
        full = figures["speakers"]
        lines += [
            _line("request sent → first full speaker sounds", full["first_ms"]),
            _line("request sent → last full speaker sounds", full["last_ms"]),
        ]
    sys.stderr.write("\n".join(lines) + "\n")


def _line(what: str, milliseconds: float, note: str = "") -> str:
    return f"  {what:46} {milliseconds:8.1f} ms  {note}".rstrip()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[57, 1000])
    parser.add_argument("--no-speakers", action="store_true", help="leave the full speakers out")
    options = parser.parse_args()
    results = []
    for count in options.sizes:
        results.append(asyncio.run(at_size(count, speakers=not options.no_speakers)))
        report(results[-1])
    alone = asyncio.run(one_speaker())
    sys.stderr.write(
        f"One speaker, bytes of an order → sound begun: p50 {alone['p50_ms']:.1f} ms, p99 {alone['p99_ms']:.1f} ms "
        f"(goal 20 ms); verification alone {alone['verify_ms']:.3f} ms\n"
    )
    print(json.dumps({"fanout": results, "one_speaker": alone}))


if __name__ == "__main__":
    main()
