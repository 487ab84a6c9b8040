"""The only door to APScheduler: runs jobs at their periods, whatever the jobs or the wall clock do.

APScheduler counts in wall-clock time, so after a step back of an hour its jobs would rest for an hour (measured). No
job can rightly be further ahead than its own period; a watch on the event loop's clock puts those that are back to now.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from base.times import Clock, utc_now

_log = structlog.get_logger(__name__)

WATCH_S = 1.0
STOP_TIMEOUT_S = 3.0
# It says that a slow job was not started twice, which is what we ask for; errors of ours are caught before it.
logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every `period_s` seconds, the first time at once."""

    name: str
    period_s: float
    run: Callable[[], Awaitable[Any]]


class Runner:
    """Runs each job at its period: never twice at once, no queue of missed runs, errors logged and survived."""

    def __init__(self, jobs: Sequence[Job], *, clock: Clock = utc_now, watch_s: float = WATCH_S) -> None:
        self._jobs = tuple(jobs)
        self._clock = clock
        self._watch_s = watch_s
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run the jobs until `stop` or cancellation; jobs under way are allowed to finish for `STOP_TIMEOUT_S`."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=job.period_s, timezone=UTC),
                args=(job,),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                next_run_time=self._clock(),
            )
        self._scheduler.start()
        try:
            while not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._watch_s):
                        await self._stopping.wait()
                self._put_right()
        finally:
            await self._end()

    async def stop(self) -> None:
        """End `run`; returns at once."""
        self._stopping.set()

    async def _run(self, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await job.run()
        except Exception:  # noqa: BLE001 - whatever a job raises, the next ones run; it is logged
            _log.exception("runner.job_failed", job=job.name)
        finally:
            self._running.discard(task)

    def _put_right(self) -> None:
        """Bring back what a clock that was set back has left in the future."""
        now = self._clock()
        for job in self._jobs:
            planned = self._scheduler.get_job(job.name)
            if planned is not None and planned.next_run_time > now + timedelta(seconds=job.period_s):
                _log.info("runner.clock_stepped", job=job.name)
                planned.modify(next_run_time=now)

    async def _end(self) -> None:
        self._scheduler.pause()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=STOP_TIMEOUT_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        self._scheduler.shutdown(wait=False)
        # The shutdown itself is a callback of the loop.
        await asyncio.sleep(0)
