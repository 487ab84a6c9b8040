"""The hub: what changed, told to whoever watches, at most twice a second for each thing and never more than fits."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from server.topics import Change, Topic, topics_of

PERIOD_S = 0.5
"""At most two updates a second of one thing reach one page."""
MOST_WATCHERS = 1_000


class HubClosed(Exception):
    """The server is stopping."""


class Watch:
    """One page's view of the hub: the set of topics that changed since it last looked, which cannot grow past them."""

    def __init__(self, wanted: Iterable[Topic], monotonic: Callable[[], float]) -> None:
        self.wanted = frozenset(wanted)
        self._monotonic = monotonic
        self._pending: dict[Topic, None] = {}
        self._told_at: dict[Topic, float] = {}
        self._stirred = asyncio.Event()
        self._closed = False

    def offer(self, topics: Iterable[Topic]) -> None:
        """Note what changed, if it is wanted."""
        touched = [topic for topic in topics if topic in self.wanted]
        self._pending |= dict.fromkeys(touched)
        if touched:
            self._stirred.set()

    def close(self) -> None:
        """End the iteration."""
        self._closed = True
        self._stirred.set()

    async def next(self, timeout_s: float) -> Topic | None:
        """The next topic that changed; None when none did for that long. Raises HubClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError:
            return None

    async def _next(self) -> Topic:
        while True:
            if self._closed:
                raise HubClosed
            now = self._monotonic()
            due = {topic: self._told_at.get(topic, now - PERIOD_S) + PERIOD_S for topic in self._pending}
            topic = min(due, key=due.__getitem__, default=None)
            if topic is not None and due[topic] <= now:
                del self._pending[topic]
                self._told_at[topic] = now
                return topic
            await self._wait(None if topic is None else due[topic] - now)

    async def _wait(self, at_most_s: float | None) -> None:
        self._stirred.clear()
        try:
            async with asyncio.timeout(at_most_s):
                await self._stirred.wait()
        except TimeoutError:
            return


class Hub:
    """In one process: whoever changes something publishes, pages watch."""

    def __init__(self, monotonic: Callable[[], float] | None = None) -> None:
        self._monotonic = monotonic
        self._watches: set[Watch] = set()
        self._closed = False

    @property
    def watchers(self) -> int:
        """How many pages are open."""
        return len(self._watches)

    def publish(self, change: Change) -> None:
        """Tell every page that shows what changed. Cheap; never fails, never waits."""
        topics = topics_of(change)
        for watch in self._watches:
            watch.offer(topics)

    @contextmanager
    def watching(self, wanted: Iterable[Topic]) -> Iterator[Watch]:
        """Watch these topics for the length of the block."""
        watch = Watch(wanted, self._monotonic or asyncio.get_running_loop().time)
        if self._closed or len(self._watches) >= MOST_WATCHERS:
            watch.close()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def close(self) -> None:
        """End every watch: the server is stopping."""
        self._closed = True
        for watch in self._watches:
            watch.close()
