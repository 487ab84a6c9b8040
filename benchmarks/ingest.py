"""How many heartbeats a second one server takes in: `python -m benchmarks.ingest [N …] [--database URL]`.

For each fleet of N devices, in one run and from the same prepared stream: a bare paho client that only counts, and the
server's uplink, which verifies every heartbeat and has it in the database at the end. Turn and turn about.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from base.mqtt import BrokerAddress, MqttLink
from base.times import utc_now
from benchmarks.fleet import Talkers, enrol_bare
from benchmarks.playback import CHUNK, Playback, playing, write_stream
from devices.ingest import Ingest
from devices.keys import KeyStore
from devices.wire import topics
from devices.wire.haves import Haves
from server.db import SqlDatabase
from server.migrations import migrate

MESSAGES = 100_000
ROUNDS = 3
NEWS = 0.003
"""The share of heartbeats that say something new: twelve a day of a device that plays three times."""
LIMIT_S = 600
GOAL_RATIO, GOAL_RATE = 0.25, 10_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it went: messages and processor seconds of this process."""

    messages: int
    wall_s: float
    cpu_s: float

    @property
    def rate(self) -> float:
        return self.messages / self.wall_s

    @property
    def per_core(self) -> float:
        return self.messages / self.cpu_s


class Stopwatch:
    """Runs from the first message on."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None

    def start(self) -> None:
        if self._began is None:
            self._began = time.perf_counter(), time.process_time()

    def pace(self, messages: int) -> Pace:
        """Since it was started. Raises RuntimeError when it never was."""
        if self._began is None:
            raise RuntimeError("nothing came")
        wall_s, cpu_s = self._began
        return Pace(messages, time.perf_counter() - wall_s, time.process_time() - cpu_s)


def bare(playback: Playback, count: int) -> Pace:
    """The receive loop of paho with a callback that counts."""
    watch, left = Stopwatch(), count

    def take(client: paho.Client, _data: Any, _message: Any) -> None:
        nonlocal left
        watch.start()
        left -= 1
        if not left % CHUNK:
            playback.done(count - left)
        if not left:
            client.disconnect()

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_message = take
    client.connect("127.0.0.1", playback.port)
    client.subscribe(topics.ALL_UP)
    client.loop_forever()
    return watch.pace(count)


class Server:
    """The uplink of a server process: broker link, ingest, database."""

    def __init__(self, database: SqlDatabase, keys: KeyStore) -> None:
        self._watch: Callable[[], None] = lambda: None
        self.ingest = Ingest(
            database,
            keys,
            utc_now,
            send_missing=_send_missing,
            send_down=lambda _device, _frame: True,
            watch=lambda _change: None,
        )

    async def pace(self, playback: Playback, count: int) -> Pace:
        """Take `count` messages in, and have them in the database."""
        watch = Stopwatch()
        before = self._seen

        def take(topic: str, payload: bytes) -> None:
            watch.start()
            self.ingest.on_message(topic, payload)

        address = BrokerAddress("127.0.0.1", playback.port)
        link = MqttLink(client_id="ours", address=address, subscriptions=[topics.ALL_UP], on_message=take)
        async with running(link.run()), asyncio.timeout(LIMIT_S):
            while self._seen - before < count:
                playback.done(self._seen - before - self.ingest.backlog)
                await asyncio.sleep(0.002)
            await self.ingest.settled()
            return watch.pace(count)

    @property
    def _seen(self) -> int:
        return sum(self.ingest.counts.values()) + self.ingest.refused.total() + self.ingest.dropped.total()


async def _send_missing(device_id: str, haves: dict[str, Haves], *, fresh: bool) -> None:
    del device_id, haves, fresh


@contextlib.asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    """Beside the block, and ended with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def measure(folder: Path, playback: Playback, count: int, database_url: str | None) -> dict[str, Any]:
    """All figures for a fleet of `count`."""
    database = SqlDatabase(database_url or f"sqlite+aiosqlite:///{folder / 'loa.db'}")
    keys = KeyStore(folder / "keys")
    try:
        await migrate(database)
        async with database.writing() as session:
            identities = await enrol_bare(session, keys, count)
        talkers, server = Talkers(identities, keys), Server(database, keys)
        async with running(server.ingest.run()):
            return await _paces(folder / "stream", playback, talkers, server, count)
    finally:
        await database.close()


async def _paces(stream: Path, playback: Playback, talkers: Talkers, server: Server, count: int) -> dict[str, Any]:
    def load(rounds: int, changed: float) -> int:
        messages = write_stream(stream, talkers.rounds(rounds, changed))
        playback.load(stream)
        return messages

    first = await server.pace(playback, load(1, 0.0))
    bares, ours, steady = [], [], []
    rounds = max(1, MESSAGES // count)
    for _ in range(ROUNDS):
        steady.append(await server.pace(playback, load(rounds, 0.0)))
        ours.append(await server.pace(playback, load(rounds, NEWS)))
        playback.load(stream)
        bares.append(await asyncio.to_thread(bare, playback, rounds * count))
    lost = server.ingest.refused + server.ingest.dropped
    return {
        "devices": count,
        "first": _figures([first]),
        "bare": _figures(bares),
        "ours": _figures(ours),
        "steady": _figures(steady),
        "ratio": statistics.median(p.rate for p in ours) / statistics.median(p.rate for p in bares),
        "refused_or_dropped": dict(lost),
    }


def _figures(paces: list[Pace]) -> dict[str, float]:
    return {
        "per_s": round(statistics.median(pace.rate for pace in paces)),
        "per_cpu_s": round(statistics.median(pace.per_core for pace in paces)),
    }


def report(figures: dict[str, Any], what: str) -> None:
    """For people, on standard error."""
    ratio, rate = figures["ratio"], figures["ours"]["per_s"]
    held = "holds" if ratio >= GOAL_RATIO and rate >= GOAL_RATE else "MISSED"
    lines = [
        f"{figures['devices']} devices, {what}: messages a second (a second of processor time)",
        *(
            f"  {name:52} {figures[key]['per_s']:9,} ({figures[key]['per_cpu_s']:,})"
            for key, name in (
                ("bare", "bare paho receive loop, counts only"),
                ("ours", "taken in and written, 3 in 1,000 with news"),
                ("steady", "taken in and written, none with news"),
                ("first", "taken in and written, all news (after a restart)"),
            )
        ),
        f"  ratio {ratio:.2f}, goal {GOAL_RATIO} and {GOAL_RATE:,}/s: {held}; lost: {figures['refused_or_dropped']}",
    ]
    sys.stderr.write("\n".join(lines) + "\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[2_000, 20_000])
    parser.add_argument("--database", help="an empty PostgreSQL database; default: a new SQLite file")
    options = parser.parse_args()
    results = []
    for count in options.sizes:
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as name, playing() as playback:
            results.append(asyncio.run(measure(Path(name), playback, count, options.database)))
        report(results[-1], "PostgreSQL" if options.database else "SQLite")
    print(json.dumps({"ingest": results}))


if __name__ == "__main__":
    main()
