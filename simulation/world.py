"""One seed, one world: made, lived through, judged."""

import asyncio
import gc
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SAWarning

from base.times import to_ms
from simulation import plants, town
from simulation.broker import Broker
from simulation.clocks import ServerClock
from simulation.device import Device
from simulation.diary import Diary, Line
from simulation.edges import Edges
from simulation.enemy import Enemy
from simulation.judge import Judge, Verdicts, Violation
from simulation.operators import Operators
from simulation.pace import Pace
from simulation.plot import DAY_S, SETTLE_S, WATCH_S, Plot, Storm, plot_of
from simulation.process import Process, settings_for
from simulation.seeding import logs_silenced, seed_everything
from simulation.settling import AGREE_WITHIN_MS, SHOWN_WITHIN_MS, Settling
from simulation.signatures import Memory
from simulation.template import Template
from simulation.truth import Truth
from simulation.virtual_loop import VirtualLoop

BEFORE_S = 30.0
"""Heartbeats come at their real pace for so long before some devices fall silent, or nobody would miss them."""
LAST_HOUR_S = 3_600.0
"""After the last day everything is called off; within this every order has expired or ended."""


@dataclass(slots=True)
class Outcome:
    """What came of a seed."""

    seed: int
    days: float
    airings: int
    faults: dict[str, int]
    violations: list[Violation]
    digest: str
    lines: list[Line] = field(default_factory=list)


class World:
    """Everything of one seed."""

    def __init__(self, template: Template, seed: int, days: float, plant: str = "") -> None:
        self.loop = VirtualLoop()
        self.source = random.Random(seed)  # noqa: S311 - the seed is the point
        self.over = False
        self.keeps_diary = False
        self._days, self._seed = days, seed
        self.edges = Edges()
        self.diary = Diary(lambda: self.loop.now_ms)
        self.server_clock = ServerClock(self.loop)
        Memory().install(self.edges)
        template.thrift.install(self.edges)
        seed_everything(self.edges, random.Random(seed + 1), lambda: to_ms(self.server_clock()))  # noqa: S311
        template.lay_down()
        self.broker = Broker(self.loop, self.source, self.diary)
        settings = settings_for(template.data_dir, int(days + 1))
        self.process = Process(self.loop, template.database, settings, self.server_clock, self.diary)
        self.process.install(self.edges, self.broker)
        self.truth = Truth(self.loop, self.diary, template.database_path)
        self.process.committed = self.truth.look
        self.verdicts = Verdicts(self.loop, self.diary, [])
        judge = Judge(self.loop, self.truth, self.verdicts)
        self._settling = Settling(self.loop, self.truth, judge, self.verdicts)
        self.devices: dict[str, Device] = {}
        for name, file in template.device_files.items():
            self.devices[name] = device = Device(self.loop, self.source, file, self.broker, self.truth)
            self.broker.add(device)
            self.truth.add(device)
        self.pace = Pace(self.process, self.devices.values())
        self.pace.install(self.edges)
        self.enemy = Enemy(self.loop, self.source, self.broker, self.server_clock, self.diary)
        self._operators = Operators(
            self.loop, self.source, self.process, template, self.truth, self.diary, self.server_clock, int(days + 1)
        )
        self._brisk_since_s = 0.0
        self._calm_since_s = 0.0
        plants.plant(plant, self.edges)

    def live(self) -> Outcome:
        """From the first boot to the last verdict."""
        asyncio.set_event_loop(self.loop)
        # A world is short and what it leaves goes with it: a search for garbage would only take time.
        gc.disable()
        try:
            self.loop.run_until_complete(self._live())
        finally:
            self.truth.close()
            self.loop.close()
            self.edges.restore()
            asyncio.set_event_loop(None)
        for trouble in self.loop.unhandled:
            self.verdicts.broken(9, f"nobody handled: {trouble}")
        return Outcome(
            self._seed,
            self._days,
            self.truth.airings,
            dict(self.diary.faults),
            self.verdicts.found,
            self.diary.digest(),
            self.diary.lines if self.verdicts.found or self.keeps_diary else [],
        )

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something, if the world still stands then."""
        self.loop.call_later(seconds, lambda: None if self.over else work())

    def touch_clock(self, device: Device, change: Callable[[Device], None]) -> None:
        """Change a device's clock; it finds out when it next looks, within five seconds."""
        truth = self.truth.devices[device.name]
        truth.clock_touched_ms = truth.clock_set_ms = self.loop.now_ms
        change(device)
        self.later(5 * self.source.random(), device.look_at_clock)

    # --- the course of things

    async def _live(self) -> None:
        plot = plot_of(self.source, self._days)
        self.process.start()
        for device in self.devices.values():
            device.clock.synchronise()
            self.later(10 * self.source.randrange(3), device.switch_on)
        self._plan(plot)
        course = self.loop.create_task(self._course())
        trouble = self.loop.create_task(self.verdicts.enough.wait())
        await asyncio.wait((course, trouble), return_when=asyncio.FIRST_COMPLETED)
        trouble.cancel()
        if course.done():
            await course
        course.cancel()
        self.over = True
        await self.process.over()

    async def _course(self) -> None:
        await asyncio.sleep(self._days * DAY_S)
        await self._end()

    def _plan(self, plot: Plot) -> None:
        for at_s, act in plot.acts:
            self.loop.call_at(at_s, getattr(self._operators, act))
        for storm in plot.storms:
            self.loop.call_at(storm.begin_s, self._storm, storm)
            if storm.watched:
                self.loop.call_at(storm.begin_s - BEFORE_S, self._hurry)

    def _storm(self, storm: Storm) -> None:
        lasts_s = storm.end_s - self.loop.time()
        for device in self.devices.values():
            device.ragged = True
        ends = [kind.begin(self, lasts_s) for kind in storm.kinds]
        if storm.watched:
            self.loop.call_at(storm.begin_s + WATCH_S, self._who_is_silent)
        self.loop.call_at(storm.end_s, self._storm_is_over, ends, storm.settles)

    def _storm_is_over(self, ends: list[Callable[[], None]], settles: bool) -> None:  # noqa: FBT001 - a timer's argument
        for end in ends:
            end()
        for device in self.devices.values():
            device.ragged = False
        self.diary.note("town", "faults stop")
        self._calm_since_s = self.loop.time()
        if settles:
            self._hurry()
            self.later(SETTLE_S, self._judge_and_relax)

    def _who_is_silent(self) -> None:
        long_ago_s = self.loop.time() - SHOWN_WITHIN_MS / 1_000
        paths = self.broker.paths.items()
        self._settling.silent([name for name, path in paths if not path.connected and path.since_s <= long_ago_s])
        self.pace.relax()

    def _hurry(self) -> None:
        self._brisk_since_s = self.loop.time()
        self.pace.hurry()

    def _judge_and_relax(self) -> None:
        self._judge()
        self.pace.relax()

    async def _end(self) -> None:
        """Faults are over: everything is called off, everybody is heard out, and all is judged."""
        self._calm_since_s = self.loop.time()
        self._hurry()
        self._operators.end_schedules()
        self._operators.end_alarms()
        await asyncio.sleep(SETTLE_S)
        self._judge()
        self.pace.relax()
        await asyncio.sleep(LAST_HOUR_S)
        self._hurry()
        await asyncio.sleep(30)
        self._settling.finals()
        self._settling.claims()

    def _judge(self) -> None:
        now_s = self.loop.time()
        server_since = max(self.process.up_since_s, self._brisk_since_s, self._calm_since_s)
        if now_s - server_since >= AGREE_WITHIN_MS / 1_000:
            self._settling.judge([name for name in self.devices if self._reachable(name)])

    def _reachable(self, name: str) -> bool:
        """Whether the server has had two minutes with it: one that rests its link has only had what it was up."""
        path = self.broker.paths[name]
        awake = path.connected and self.loop.time() - path.since_s >= AGREE_WITHIN_MS / 1_000
        return self.devices[name].powered and (name not in town.SOLAR or awake)


def live(template: Template, seed: int, days: float, plant: str = "", *, diary: bool = False) -> Outcome:
    """One world from beginning to end. diary: give all its lines, even if nothing was broken."""
    with warnings.catch_warnings(), logs_silenced():
        # A server that was killed never gave its connections back; that is the point.
        warnings.filterwarnings("ignore", "The garbage collector is trying", SAWarning)
        try:
            return _lived(template, seed, days, plant, diary=diary)
        finally:
            gc.enable()
            gc.collect()
            gc.freeze()  # what is left are caches; the next search need not look at them


def _lived(template: Template, seed: int, days: float, plant: str, *, diary: bool) -> Outcome:
    world = World(template, seed, days, plant)
    world.keeps_diary = diary
    return world.live()
