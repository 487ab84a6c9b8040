"""What the clusters of the simulated year hold and hear: each order they have, once, by the name of its occurrence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True)
class Speakers:
    """`heard`: cluster, occurrence, moment. A cancel wins over its play, whichever comes first."""

    heard: list[tuple[str, int, datetime]] = field(default_factory=list)
    orders: int = 0
    last: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """The latest beginning they have told of."""
    _plays: dict[tuple[str, int], datetime] = field(default_factory=dict)
    _cancelled: set[tuple[str, int]] = field(default_factory=set)

    def play(self, occurrence: int, start: datetime, clusters: Iterable[str]) -> None:
        self.orders += 1
        for cluster in clusters:
            if (cluster, occurrence) not in self._cancelled:
                self._plays[cluster, occurrence] = start

    def cancel(self, occurrence: int, clusters: Iterable[str]) -> None:
        self.orders += 1
        for cluster in clusters:
            self._cancelled.add((cluster, occurrence))
            self._plays.pop((cluster, occurrence), None)

    def pass_until(self, now: datetime) -> None:
        """Everything that begins by `now` is heard."""
        for cluster, occurrence in [key for key, start in self._plays.items() if start <= now]:
            start = self._plays.pop((cluster, occurrence))
            self.heard.append((cluster, occurrence, start))
            self.last = max(self.last, start)
