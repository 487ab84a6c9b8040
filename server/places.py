"""The tree of places, kept in memory for a moment: every request asks it who covers what."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from devices.models import Place
from devices.places import PlaceTree
from devices.repository import places as rows

FRESH_S = 5.0


class Places:
    """Gives the tree of places, read again when older than `FRESH_S` or after `forget`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tree: PlaceTree | None = None
        self._read_at = 0.0

    async def tree(self, session: AsyncSession) -> PlaceTree:
        """Who lies inside what, at most `FRESH_S` old."""
        now = self._monotonic()
        if self._tree is None or now - self._read_at > FRESH_S:
            self._tree, self._read_at = PlaceTree.of(await rows.place_nodes(session)), now
        return self._tree

    async def all(self, session: AsyncSession) -> Sequence[Place]:
        """Every place."""
        return await rows.all_places(session)

    def forget(self) -> None:
        """Read again next time: places were changed."""
        self._tree = None
