"""The flash store: SQLite that survives a power cut; one file holds one device or a whole swarm.

One writer thread gathers what many devices want kept into one transaction: a commit costs a sync of the disk, and a
swarm shares it. A device that is cut off (`Slot.cut`) loses what was not yet durable, as a real power cut would.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from base.errors import Unavailable
from firmware_sim import flash_rows
from firmware_sim.effects import Keep
from firmware_sim.saved import Saved

MAX_BATCH = 2_000
"""Jobs in one transaction: so many receipts are a few hundred kilobytes."""

Work = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True, eq=False)
class _Job:
    slot: "Slot | None"
    work: Work
    after: "Future[Any] | None" = None
    done: "Future[Any]" = field(default_factory=Future)

    @property
    def is_cut(self) -> bool:
        return self.slot is not None and self.slot.is_cut

    @property
    def is_in_vain(self) -> bool:
        """Whether what it is to follow was not written."""
        after = self.after
        return after is not None and after.done() and (after.cancelled() or after.exception() is not None)


class Flash:
    """The file and its writer thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._connection = self._open()
        self._thread = threading.Thread(target=self._write_on, name="flash", daemon=True)
        self._thread.start()

    def slot(self, device: str) -> "Slot":
        """One device's part of it."""
        return Slot(self, device)

    def submit(self, slot: "Slot | None", work: Work, after: "Future[Any] | None" = None) -> "Future[Any]":
        """Have `work` done in the next transaction; the future is done when that is durable.

        after: an earlier future without which this must not be written; when that fails, so does this.
        """
        job = _Job(slot, work, after)
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what was asked for until now, and close."""
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(flash_rows.SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable("firmware.flash_failed", file=str(self._path), problem=str(error)) from error
        return connection

    def _write_on(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, more = self._gather(job)
            self._commit(batch)
            if not more:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """What has been asked for until now, and whether to go on afterwards."""
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, False
            batch.append(job)
        return batch, True

    def _commit(self, batch: list[_Job]) -> None:
        for job in batch:
            if job.is_cut:
                job.done.cancel()
            elif job.is_in_vain:
                self._give_up([job], "an earlier write failed")
        alive = [job for job in batch if not job.done.done()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [job.work(self._connection) for job in alive]
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one job, the writer lives on
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._give_up(alive, str(error))
            return
        for job, result in zip(alive, results, strict=True):
            if job.done.set_running_or_notify_cancel():
                job.done.set_result(result)

    def _give_up(self, batch: list[_Job], problem: str) -> None:
        failure = Unavailable("firmware.flash_failed", file=str(self._path), problem=problem)
        for job in batch:
            if job.done.set_running_or_notify_cancel():
                job.done.set_exception(failure)


class Slot:
    """What one device keeps."""

    def __init__(self, flash: Flash, device: str) -> None:
        self._flash, self.device = flash, device
        self.is_cut = False

    def cut(self) -> None:
        """The device has lost its power: what is not durable yet never will be."""
        self.is_cut = True

    async def boot(self) -> Saved:
        """Count a boot, durably, and give back everything kept."""
        saved: Saved = await self._done(lambda connection: flash_rows.boot(connection, self.device))
        return saved

    async def contents(self) -> dict[bytes, tuple[int, int]]:
        """Size and last use of every content that is here."""
        found: dict[bytes, tuple[int, int]] = await self._done(
            lambda connection: flash_rows.contents(connection, self.device)
        )
        return found

    def keep(self, effects: Iterable[Keep], after: "Future[Any] | None" = None) -> "Future[Any]":
        """Keep these as one, if what `after` stands for is kept; the future is done when they are durable."""
        rows = [row for effect in effects for row in flash_rows.statements(self.device, effect)]
        return self.execute(rows, after)

    def execute(self, rows: Iterable[flash_rows.Statement], after: "Future[Any] | None" = None) -> "Future[Any]":
        """Carry out statements as one; the future is done when they are durable."""
        fixed = list(rows)

        def work(connection: sqlite3.Connection) -> None:
            for sql, values in fixed:
                connection.execute(sql, values)

        return self._flash.submit(self, work, after)

    async def _done(self, work: Work) -> Any:
        return await asyncio.wrap_future(self._flash.submit(self, work))
