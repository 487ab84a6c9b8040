"""Questions that have one answer in all these worlds, asked of the database once: nobody moves, nobody is enrolled.

They are a tenth of the time, and no invariant hangs on their being asked again.
"""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from devices.repository import places, uplink
from simulation.edges import Edges

Ask = Callable[..., Any]


class Thrift:
    """The answers; all of them before the first world, or that one would do more than the others."""

    def __init__(self) -> None:
        self._lineages: dict[str, Any] = {}
        self._identities: dict[str, Any] = {}

    async def learn(self, session: AsyncSession, place_ids: Collection[str], device_ids: Collection[str]) -> None:
        """Ask."""
        self._lineages = dict(await places.lineages(session, place_ids))
        self._identities = dict(await uplink.identities(session, device_ids))

    def install(self, edges: Edges) -> None:
        edges.set(places, "lineages", _answering(self._lineages))
        edges.set(uplink, "identities", _answering(self._identities))


def _answering(known: dict[str, Any]) -> Ask:
    async def look_up(_session: Any, names: Collection[str]) -> dict[str, Any]:
        return {name: known[name] for name in names if name in known}

    return look_up
