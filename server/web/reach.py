"""How far a broadcast is proved, as a bar and a legend (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.models import ClusterKind, DeliveryState
from devices.views import DeliveryCounts
from server.web.signs import DELIVERY_ORDER, FAILED, Sign, delivery_sign

WAITING = (DeliveryState.ORDERED, DeliveryState.HAS_ORDER, DeliveryState.STORED)


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
        """Whether every cluster has said how it ended."""
        return self.total > 0 and not self.sounding and not self.count(*WAITING)


def reach_of(counts: DeliveryCounts | None) -> Reach:
    """Lay out the states that occur, from the best proof to the worst news; None when nothing was ordered yet.

    What looks the same is one part: a state of smart and wireless clusters together, unless its words differ.
    """
    if counts is None or not counts.total:
        return Reach(0, ())
    parts: list[Part] = []
    left = 0.0
    for state, sign, count in _shares(counts.smart, counts.wireless):
        width = 100 * count / counts.total
        parts.append(Part(state, sign, count, round(left, 2), round(width, 2)))
        left += width
    return Reach(counts.total, tuple(parts))


def _shares(
    smart: Mapping[DeliveryState, int], wireless: Mapping[DeliveryState, int]
) -> list[tuple[DeliveryState, Sign, int]]:
    shares: dict[Sign, tuple[DeliveryState, int]] = {}
    for kind, counts in ((ClusterKind.SMART, smart), (ClusterKind.WIRELESS, wireless)):
        for state, count in counts.items():
            sign = delivery_sign(state, kind)
            shares[sign] = (state, shares.get(sign, (state, 0))[1] + count)
    found = [(state, sign, count) for sign, (state, count) in shares.items() if count]
    return sorted(found, key=lambda share: DELIVERY_ORDER.index(share[0]))
