"""Questions that have one answer in all these worlds, asked of the database once: nobody moves, nobody is enrolled.

They are a tenth of the time, and no invariant hangs on their being asked again.
"""

from collections.abc import Callable, Collection, Hashable
from typing import Any

from devices.repository import places, uplink
from simulation.edges import Edges


class Thrift:
    """Answers by name, for as long as it lives: keep it as long as the template."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def install(self, edges: Edges) -> None:
        edges.wrap(places, "lineages", self._once)
        edges.wrap(uplink, "identities", self._once)

    def _once(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        async def look_up(session: Any, names: Collection[str]) -> dict[str, Any]:
            unknown = {name for name in names if (ask, name) not in self._known}
            if unknown:
                found = await ask(session, unknown)
                for name in unknown:
                    self._known[ask, name] = found.get(name)
            answers = {name: self._known[ask, name] for name in names}
            return {name: answer for name, answer in answers.items() if answer is not None}

        return look_up
