"""What the clusters of the simulated year hold and hear: orders by the name of their occurrence, each heard once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Speakers:
    """`heard`: cluster, name of the airing, moment. A cancel wins over its play, whichever comes first."""

    heard: list[tuple[str, str, datetime]] = field(default_factory=list)
    _plays: dict[tuple[str, int], tuple[str, datetime]] = field(default_factory=dict)
    _cancelled: set[tuple[str, int]] = field(default_factory=set)

    def play(self, occurrence: int, airing: str, start: datetime, clusters: Iterable[str]) -> None:
        for cluster in clusters:
            if (cluster, occurrence) not in self._cancelled:
                self._plays[cluster, occurrence] = airing, start

    def cancel(self, occurrence: int, clusters: Iterable[str]) -> None:
        for cluster in clusters:
            self._cancelled.add((cluster, occurrence))
            self._plays.pop((cluster, occurrence), None)

    def pass_until(self, now: datetime) -> None:
        """Everything that begins by `now` is heard."""
        due = [key for key, (_, start) in self._plays.items() if start <= now]
        for cluster, occurrence in due:
            self.heard.append((cluster, *self._plays.pop((cluster, occurrence))))
