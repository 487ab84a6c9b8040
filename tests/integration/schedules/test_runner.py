"""The tick goes on: whatever a job raises, however long it takes, wherever the wall clock jumps."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

import apscheduler.schedulers.base
import pytest

from base.times import utc_now
from schedules.runner import Job, Runner
from tests.support.until import until


@asynccontextmanager
async def running(*jobs: Job, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Runner]:
    runner = Runner(jobs, clock=clock, watch_s=0.02)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        await runner.stop()
        await task


class Counted:
    """A job that counts its runs and does what it is told."""

    def __init__(self, name: str, act: Callable[[], Any] | None = None, period_s: float = 0.02) -> None:
        self.runs = 0
        self._act = act
        self.job = Job(name, period_s, self._run)

    async def _run(self) -> None:
        self.runs += 1
        if self._act is not None:
            await self._act()


async def boom() -> None:
    raise RuntimeError("a job that fails")


async def test_a_job_that_raises_stops_neither_itself_nor_another():
    failing, other = Counted("failing", boom), Counted("other")
    async with running(failing.job, other.job):
        await until(lambda: failing.runs >= 3 and other.runs >= 3)


async def test_jobs_run_at_once_and_not_only_after_their_period():
    rare = Counted("rare", period_s=3_600)
    async with running(rare.job):
        await until(lambda: rare.runs == 1)


async def test_a_slow_job_is_never_started_twice_and_keeps_no_other_waiting():
    free = asyncio.Event()
    together: list[int] = []
    inside = 0

    async def slow() -> None:
        nonlocal inside
        inside += 1
        together.append(inside)
        await free.wait()
        inside -= 1

    slow_job, other = Counted("slow", slow), Counted("other")
    async with running(slow_job.job, other.job):
        await until(lambda: other.runs >= 5)
        assert slow_job.runs == 1
        free.set()
        await until(lambda: slow_job.runs >= 3)
    assert set(together) == {1}


async def test_missed_runs_are_made_up_for_by_one():
    free = asyncio.Event()
    ticks = Counted("ticks", free.wait)
    other = Counted("other")
    async with running(ticks.job, other.job):
        await until(lambda: other.runs >= 8)
        before = other.runs
        free.set()
        await until(lambda: other.runs >= before + 2)
        # Eight periods were missed; had they queued, they would all run now.
        assert ticks.runs <= 6


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
async def test_jobs_go_on_after_the_wall_clock_jumps(step: timedelta, monkeypatch: pytest.MonkeyPatch):
    offset = timedelta()

    class SteppedDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "SteppedDatetime":
            return cls.fromtimestamp((datetime.now(tz) + offset).timestamp(), tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", SteppedDatetime)
    ticks = Counted("ticks")
    async with running(ticks.job, clock=lambda: utc_now() + offset):
        await until(lambda: ticks.runs >= 2)
        offset = step
        before = ticks.runs
        await until(lambda: ticks.runs >= before + 5)


async def test_stopping_lets_a_job_under_way_finish_and_starts_no_other():
    begun, finished = asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        finished.append(True)

    long_job = Counted("long", work, period_s=3_600)
    async with running(long_job.job) as runner:
        await begun.wait()
        await runner.stop()
    assert finished == [True]
    assert long_job.runs == 1


async def test_being_cancelled_ends_the_runner_too():
    ticks = Counted("ticks")
    runner = Runner([ticks.job], watch_s=0.02)
    task = asyncio.create_task(runner.run())
    await until(lambda: ticks.runs >= 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ended_at = ticks.runs
    for _ in range(10):
        await asyncio.sleep(0.005)
    assert ticks.runs == ended_at
