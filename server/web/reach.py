"""How far a broadcast is proved, as a bar and a legend (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.models import DeliveryState
from devices.views import DeliveryCounts
from server.web.signs import DELIVERY, DELIVERY_ORDER, FAILED, Sign


@dataclass(frozen=True, slots=True)
class Part:
    """One state's share: its clusters, and where its bar lies in per cent."""

    state: DeliveryState
    sign: Sign
    count: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Reach:
    """The whole bar."""

    total: int
    parts: tuple[Part, ...]

    def count(self, *states: DeliveryState) -> int:
        """Clusters in these states."""
        return sum(part.count for part in self.parts if part.state in states)

    @property
    def sounding(self) -> int:
        """Clusters that said they are playing and have not said that they ended."""
        return self.count(DeliveryState.PLAYING, DeliveryState.PAUSED)

    @property
    def failed(self) -> int:
        """Clusters that said, or of which it is certain, that they did not play it."""
        return self.count(*FAILED)

    @property
    def settled(self) -> bool:
        """Whether nothing more is awaited."""
        waiting = (DeliveryState.ORDERED, DeliveryState.HAS_ORDER, DeliveryState.STORED)
        return not self.sounding and not self.count(*waiting)


def reach_of(counts: Mapping[DeliveryState, int]) -> Reach:
    """Lay out the states that occur, from the best proof to the worst news."""
    total = sum(counts.values())
    parts: list[Part] = []
    left = 0.0
    for state in DELIVERY_ORDER:
        count = counts.get(state, 0)
        if count:
            width = 100 * count / total
            parts.append(Part(state, DELIVERY[state], count, round(left, 2), round(width, 2)))
            left += width
    return Reach(total, tuple(parts))


def reach_of_counts(counts: DeliveryCounts | None) -> Reach:
    """Smart and wireless clusters together; None when nothing was ordered yet."""
    if counts is None:
        return Reach(0, ())
    together = {state: counts.smart.get(state, 0) + counts.wireless.get(state, 0) for state in DELIVERY_ORDER}
    return reach_of(together)
