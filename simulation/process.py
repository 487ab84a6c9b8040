"""The server as a process: the real runtime on the virtual database and broker, started, killed and started again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from base.mqtt import BrokerAddress
from base.times import Clock
from devices import acks, ingest, sender
from server import jobs, runtime
from server.places import Places
from server.runtime import Runtime
from server.settings import Settings
from simulation.broker import LATENCY_S, Broker
from simulation.database import Gate, VirtualDatabase
from simulation.diary import Diary
from simulation.edges import Edges
from simulation.virtual_loop import VirtualLoop

_OWNER: "ContextVar[Process | None]" = ContextVar("owner", default=None)
_FAR_S = 30 * 86_400.0
_HOUR_S = 3_600.0

QUIET_PERIODS = {"tick": 6 * _HOUR_S, "presence": _FAR_S, "plan": 12 * _HOUR_S, "templates": _FAR_S, "prune": _FAR_S}
BRISK_PERIODS = {"tick": 30.0, "presence": 8.0, "plan": 12 * _HOUR_S, "templates": _FAR_S, "prune": _FAR_S}
"""Seconds between the server's jobs. While nothing happens they find nothing: what becomes due is looked at then."""
GATHER_S = 1.2
ACK_ROUND_S = 0.8
ROLL_WRITE_S = 4.0
"""A little slower than in reality, so that a town's messages share one transaction."""
BEACON_S = 60.0
BOOT_S = 0.5
RESTART_S = 5.0
"""A process that ends by itself is started again by systemd or Docker."""
FIRST_SWEEP_S = 4.0


class VirtualLink:
    """The server's connection to the broker, with the constructor and the manners of `base.mqtt.MqttLink`."""

    broker: Broker

    def __init__(
        self,
        *,
        on_message: Callable[[str, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        **_: Any,
    ) -> None:
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._changed = asyncio.Event()
        self.connected = False
        self.dead = False

    async def run(self) -> None:
        """Connect whenever the broker is there."""
        self.broker.server = self
        while True:
            await asyncio.sleep(LATENCY_S)
            if self.broker.up:
                self.connected = True
                self._on_up()
                self._changed.clear()
                await self._changed.wait()
                self.connected = False
                self._on_down()
            else:
                self._changed.clear()
                await self._changed.wait()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        return self.connected and not self.dead and self.broker.publish(topic, payload, retain=retain)

    def arrived(self, topic: str, payload: bytes) -> None:
        if self.connected and not self.dead:
            self._on_message(topic, payload)

    def broker_is_up(self) -> None:
        self._changed.set()

    def broker_is_down(self) -> None:
        self.connected = False
        self._changed.set()

    def die(self) -> None:
        self.dead = True
        self.connected = False
        if self.broker.server is self:
            self.broker.server = None


class Process:
    """At most one server at a time. `brisk`: its jobs run as often as in reality."""

    def __init__(
        self, loop: VirtualLoop, database: VirtualDatabase, settings: Settings, clock: Clock, diary: Diary
    ) -> None:
        self._loop, self._database, self._settings, self._clock, self._diary = loop, database, settings, clock, diary
        self.committed: Callable[[], None] = lambda: None
        self.on_death: Callable[[], None] = lambda: None
        self.brisk = False
        self.gate = Gate(lambda: None)
        self.gate.dead = True
        self._runtime: Runtime | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._due: dict[str, float] = {}
        self._poke = asyncio.Event()
        self.up_since_s = 0.0
        self._over = False

    @property
    def runtime(self) -> Runtime | None:
        """The running server's parts; None while there is none."""
        return None if self.gate.dead else self._runtime

    def install(self, edges: Edges, broker: Broker) -> None:
        """Put the virtual hardware where the server expects the real."""
        VirtualLink.broker = broker
        edges.set(runtime, "MqttLink", VirtualLink)
        edges.set(runtime, "Places", lambda: Places(self._loop.time))
        edges.set(runtime, "time", SimpleNamespace(monotonic=self._loop.time))
        edges.set(Runtime, "_run_jobs", _run_jobs)
        edges.set(sender, "LOOK_PERIOD_S", _FAR_S)
        edges.set(sender, "BEACON_PERIOD_S", _FAR_S)
        edges.set(ingest, "GATHER_S", GATHER_S)
        edges.set(ingest, "WRITE_S", ROLL_WRITE_S)
        edges.set(acks, "ROUND_S", ACK_ROUND_S)
        self._loop.set_task_factory(self._new_task)

    def start(self) -> None:
        """A new process on the same database."""
        if not self.gate.dead:
            return
        self.gate = gate = Gate(self._committed)
        gate.on_death = self._died
        self._database.begin_anew(gate)
        self._due.clear()
        self._runtime = None
        self.up_since_s = self._loop.time()
        self._diary.note("server", "starts")
        self.spawn(self._run())

    def _start_again(self) -> None:
        if not self._over:
            self.start()

    def kill(self) -> None:
        """As kill -9: nothing more of it reaches disk or network."""
        if not self.gate.dead:
            self.gate.kill()

    def spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Run something inside this process; it dies with it."""
        token = _OWNER.set(self)
        try:
            return self._loop.create_task(work)
        finally:
            _OWNER.reset(token)

    def poke(self) -> None:
        """Something is due: look now."""
        self._due["tick"] = 0.0
        self._poke.set()

    def hurry(self, *, brisk: bool) -> None:
        """Work as often as in reality, or only when something is due."""
        self.brisk = brisk
        now_s = self._loop.time()
        # Devices speak up first: until now nobody expected to hear them.
        soon = {"tick": 0.0, "beacons": 0.0, "presence": now_s + FIRST_SWEEP_S}
        self._due = soon if brisk else {name: now_s + period for name, period in QUIET_PERIODS.items()}
        self._poke.set()

    async def over(self) -> None:
        """End for good, with everything that still runs."""
        self._over = True
        self.kill()
        for _ in range(5):
            left = [task for task in self._tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1)
        self._tasks.clear()

    def _new_task(self, loop: asyncio.AbstractEventLoop, work: Any, **kwargs: Any) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **kwargs)
        if _OWNER.get() is self:
            self._tasks.append(task)
            if len(self._tasks) > 500:
                self._tasks = [each for each in self._tasks if not each.done()]
        return task

    async def _run(self) -> None:
        built = runtime.build(self._settings, self._database, BrokerAddress("world", 1883), self._clock)
        await asyncio.sleep(BOOT_S)
        try:
            async with built.running():
                self._runtime = built
                await asyncio.sleep(_FAR_S)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process ends, and who minds it starts it again
            self._diary.note("server", "ends by itself", detail=f"{type(error).__name__}: {error}"[:200])
            self._loop.call_later(RESTART_S, self._start_again)
            self.kill()

    def _committed(self) -> None:
        self.committed()

    def _died(self) -> None:
        self._diary.note("server", "dies", detail=f"after {self.gate.steps} statements")
        if self._runtime is not None and isinstance(self._runtime.link, VirtualLink):
            self._runtime.link.die()
        self._runtime = None
        self._loop.call_soon(self._bury)
        self.on_death()

    def _bury(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()

    async def jobs(self, built: Runtime) -> None:
        """The server's own jobs, each when it is due."""
        work: dict[str, Callable[[Runtime], Awaitable[None]]] = {
            "tick": jobs.tick,
            "presence": jobs.sweep_presence,
            "plan": jobs.plan,
            "templates": jobs.keep_templates,
            "prune": jobs.prune,
            "beacons": _beacons,
        }
        while True:
            periods = (BRISK_PERIODS if self.brisk else QUIET_PERIODS) | {"beacons": BEACON_S if self.brisk else _FAR_S}
            for name in sorted(periods, key=list(work).index):
                if self._due.get(name, 0.0) <= self._loop.time():
                    self._due[name] = self._loop.time() + periods[name]
                    await self._try(work[name], built)
            self._poke.clear()
            next_s = min(self._due.values()) - self._loop.time()
            try:
                async with asyncio.timeout(max(0.0, next_s)):
                    await self._poke.wait()
            except TimeoutError:
                pass

    async def _try(self, work: Callable[[Runtime], Awaitable[None]], built: Runtime) -> None:
        """As the runner does: whatever a job raises, the next ones run."""
        try:
            await work(built)
        except Exception as error:  # noqa: BLE001 - the runner catches the same
            self._diary.note("server", "job failed", detail=f"{type(error).__name__}: {error}"[:200])


async def _beacons(built: Runtime) -> None:
    await built.sender.send_beacons()


async def _run_jobs(built: Runtime) -> None:
    process = _OWNER.get()
    assert process is not None
    await process.jobs(built)


def settings_for(data_dir: Any, days: int) -> Settings:
    """As `loa serve` has them; planned and ordered only as far ahead as a world lasts."""
    return Settings(data_dir=data_dir, programme={"horizon_days": days + 1, "issue_days": 1, "lead_s": 8})
