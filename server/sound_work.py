"""Sounds that are prepared in the background: how far each is, what it waits for, how it ended. Kept in memory only."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import structlog

from audio.progress import Progress
from base.errors import LoaError, NotFound
from base.ids import new_id
from server.errors import TooMany, in_words

_log = structlog.get_logger(__name__)

MOST_OF_A_PLACE = 20
MOST_OF_A_PERSON = 4
KEPT_S = 3_600
"""How long it is known how a piece of work ended."""
MOST_ENDED = 500
_COME_BACK_S = 60

Made = TypeVar("Made")


class WorkState(StrEnum):
    """Where a piece of work stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True, kw_only=True)
class Work:
    """One sound on its way to be an asset."""

    name: str
    place_id: str
    user_id: str
    target: str = ""
    """The announcement that is to get the sound as another language; empty: none."""
    is_long: bool = False
    id: str = field(default_factory=new_id)
    state: WorkState = WorkState.WAITING
    share: float = 0.0
    """How much is done, 0 to 1."""
    asset_id: str | None = None
    error: LoaError | None = None
    ended_s: float | None = None
    """When it ended, on the registry's own clock."""
    keeping: bool = False
    """It is being written into the database: too late to cancel it."""
    used: bool = False
    """Its sound is part of an announcement."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended_s is not None

    def progress(self, share: float) -> None:
        """The first word of progress means that its turn has come."""
        self.state, self.share = WorkState.WORKING, share


class SoundWork:
    """Every piece of work of one server.

    One of the places at which sounds are worked on is never given to a long one, so that a short recording, a text that
    somebody waits to hear and an emergency's words need not wait for hours of sound.
    """

    def __init__(self, workers: int = 2, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._works: dict[str, Work] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._long = asyncio.Semaphore(max(1, workers - 1))

    def turn(self, *, is_long: bool) -> AbstractAsyncContextManager[None]:
        """Wait for those before it, if it is long; a short sound's turn is at once."""
        return self._long if is_long else nullcontext()

    def check_room(self, place_id: str, user_id: str) -> None:
        """Raises TooMany when a place or a person has as much going on as they may."""
        going_on = [work for work in self._works.values() if not work.ended]
        if sum(work.user_id == user_id for work in going_on) >= MOST_OF_A_PERSON:
            raise TooMany("server.sound_work_yours", _COME_BACK_S, limit=MOST_OF_A_PERSON)
        if sum(work.place_id == place_id for work in going_on) >= MOST_OF_A_PLACE:
            raise TooMany("server.sound_work_full", _COME_BACK_S, limit=MOST_OF_A_PLACE)

    def start(
        self,
        work: Work,
        make: Callable[[Progress], Awaitable[Made]],
        then: Callable[[Made], Awaitable[str]],
        release: Callable[[], None],
    ) -> Work:
        """Make a sound in the background, `then` keep it and give its id; `release` whatever was needed, in any case.

        Raises TooMany, and releases nothing then.
        """
        self._forget()
        self.check_room(work.place_id, work.user_id)
        self._works[work.id] = work
        task = asyncio.create_task(self._run(work, make, then), name=f"sound {work.id}")
        self._tasks[work.id] = task
        task.add_done_callback(lambda _: self._over(work, release))
        return work

    def find(self, work_id: str) -> Work:
        """Raises NotFound, also for what ended over an hour ago or before the server was started."""
        self._forget()
        work = self._works.get(work_id)
        if work is None:
            raise NotFound("server.sound_work_unknown")
        return work

    def of(self, place_id: str, user_id: str) -> list[Work]:
        """What is going on for a person, and the sounds that came of it and are not used yet; newest first."""
        self._forget()
        mine = (work for work in self._works.values() if (work.place_id, work.user_id) == (place_id, user_id))
        return [work for work in mine if not work.ended or (work.asset_id and not work.used)][::-1]

    def use(self, asset_id: str) -> None:
        """A sound has become part of an announcement."""
        for work in self._works.values():
            if work.asset_id == asset_id:
                work.used = True

    def ahead(self, work: Work) -> int:
        """How many others' turn comes before it; 0 for what is no longer waiting."""
        if work.state is not WorkState.WAITING:
            return 0
        same = [other for other in self._works.values() if other.is_long == work.is_long and not other.ended]
        return same.index(work) if work in same else 0

    def cancel(self, work_id: str) -> Work:
        """End it and leave nothing of it; what has ended, or is just being kept, stays as it is. Raises NotFound."""
        work = self.find(work_id)
        if not work.ended and not work.keeping:
            self._tasks[work_id].cancel()
        return work

    async def wait(self, work: Work, at_most_s: float | None = None) -> None:
        """Until it has ended, or for so long."""
        task = self._tasks.get(work.id)
        if task is not None:
            await asyncio.wait({task}, timeout=at_most_s)

    async def close(self) -> None:
        """Cancel everything and wait for its end."""
        running = list(self._tasks.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(
        self, work: Work, make: Callable[[Progress], Awaitable[Made]], then: Callable[[Made], Awaitable[str]]
    ) -> None:
        try:
            async with self.turn(is_long=work.is_long):
                made = await make(work.progress)
            work.keeping = True
            work.asset_id = await then(made)
            work.state, work.share = WorkState.DONE, 1.0
        except LoaError as error:
            work.state, work.error = WorkState.FAILED, error
        except Exception as error:  # noqa: BLE001 - told to whoever waits for it, and logged
            _log.exception("sound_work.failed", work=work.id)
            work.state, work.error = WorkState.FAILED, in_words(error, work.id)

    def _over(self, work: Work, release: Callable[[], None]) -> None:
        """However it ended, even before its first step."""
        self._tasks.pop(work.id, None)
        if work.state in {WorkState.WAITING, WorkState.WORKING}:
            work.state = WorkState.CANCELLED
        work.ended_s = self._monotonic()
        release()

    def _forget(self) -> None:
        ended = [work for work in self._works.values() if work.ended_s is not None]
        oldest_s = self._monotonic() - KEPT_S
        for place, work in enumerate(reversed(ended)):
            if place >= MOST_ENDED or (work.ended_s or 0) < oldest_s:
                del self._works[work.id]
