"""The tree of places, kept in memory for a moment: every request asks it who covers what."""

import time
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from devices.places import PlaceTree
from devices.repository import places as rows

FRESH_S = 5.0


class Places:
    """Gives the tree, read again when older than `FRESH_S` or after `forget`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tree: PlaceTree | None = None
        self._read_at = 0.0

    async def tree(self, session: AsyncSession) -> PlaceTree:
        """The places as they are, at most `FRESH_S` old."""
        now = self._monotonic()
        if self._tree is None or now - self._read_at > FRESH_S:
            self._tree = PlaceTree.of(await rows.all_places(session))
            self._read_at = now
        return self._tree

    def forget(self) -> None:
        """Read again next time: places were changed."""
        self._tree = None
