"""The flash store: SQLite that survives a power cut; one file holds one device or a whole swarm.

One writer thread gathers what many devices want kept into one transaction: a commit costs a sync of the disk, and a
swarm shares it. A device that is cut off (`Slot.cut`) loses what was not yet durable, as a real power cut would.
A full disk costs the reserve first.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from base.errors import Unavailable
from firmware_sim import flash_read, flash_rows
from firmware_sim.counts import Counts
from firmware_sim.effects import Keep, KeepReceipt
from firmware_sim.flash_open import is_full, open_store
from firmware_sim.salvage import COMMITS
from firmware_sim.saved import Saved

_log = structlog.get_logger(__name__)

MAX_BATCH = 2_000
"""Jobs in one transaction: so many receipts are a few hundred kilobytes."""

Work = Callable[[sqlite3.Connection, Counts], Any]


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
    """The file and its writer thread. Raises Unavailable("firmware.flash_failed")."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        store = open_store(path)
        self._connection, self._counts, self._commits = store.connection, store.counts, store.commits
        self.reserve = store.reserve
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
        self._counts.close()

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
            results = self._transact(alive)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one job, the writer lives on
            self._give_up(alive, str(error))
            return
        for job, result in zip(alive, results, strict=True):
            if job.done.set_running_or_notify_cancel():
                job.done.set_result(result)

    def _transact(self, jobs: list[_Job]) -> list[Any]:
        """Do them as one; on a full disk once more in the room of the reserve. Raises what went wrong."""
        try:
            return self._try(jobs)
        except (OSError, sqlite3.Error) as error:
            if not (is_full(error) and self.reserve.release()):
                raise
        _log.warning("flash.full", file=str(self._path))
        return self._try(jobs)

    def _try(self, jobs: list[_Job]) -> list[Any]:
        connection, counts = self._connection, self._counts
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [job.work(connection, counts) for job in jobs]
            connection.execute(*flash_rows.meta(COMMITS, self._commits + 1).put())
            counts.settle()
            connection.execute("COMMIT")
        except BaseException:
            counts.give_up()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._commits += 1
        with contextlib.suppress(OSError):
            counts.note(self._commits)
        return results

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
        saved: Saved = await self._done(lambda connection, counts: flash_read.boot(connection, self.device, counts))
        return saved

    async def contents(self) -> dict[bytes, tuple[int, int]]:
        """Size and last use of every content that is here."""
        found: dict[bytes, tuple[int, int]] = await self._done(
            lambda connection, _counts: flash_read.contents(connection, self.device)
        )
        return found

    def keep(self, effects: Iterable[Keep], after: "Future[Any] | None" = None) -> "Future[Any]":
        """Keep these as one, if what `after` stands for is kept; the future is done when they are durable."""
        kept = list(effects)
        rows = [row for effect in kept for row in flash_rows.statements(self.device, effect)]
        numbers = [effect.receipt.n for effect in kept if isinstance(effect, KeepReceipt)]
        return self.execute(rows, after, receipt=max(numbers, default=None))

    def execute(
        self,
        rows: Iterable[flash_rows.Statement],
        after: "Future[Any] | None" = None,
        *,
        receipt: int | None = None,
    ) -> "Future[Any]":
        """Carry out statements as one; the future is done when they are durable.

        receipt: the highest number of one among them.
        """
        fixed = list(rows)

        def work(connection: sqlite3.Connection, counts: Counts) -> None:
            counts.stage(self.device, receipt=receipt)
            for sql, values in fixed:
                connection.execute(sql, values)

        return self._flash.submit(self, work, after)

    async def _done(self, work: Work) -> Any:
        return await asyncio.wrap_future(self._flash.submit(self, work))
