"""What live streams gave of each airing, across interruptions: the note on its last receipt (pure)."""

from collections import OrderedDict
from dataclasses import dataclass

from devices.wire.content import FALLBACK, SILENT_STREAM

NOTES = frozenset({FALLBACK, SILENT_STREAM})
"""Reasons of what was played to its end all the same."""
MAX_AIRINGS = 64


@dataclass(slots=True)
class Tally:
    """Milliseconds of streams that were due, and of these the dead ones; whether something stood in."""

    due_ms: int = 0
    dead_ms: int = 0
    stood_in: bool = False

    @property
    def note(self) -> str:
        """FALLBACK when something stood in, SILENT_STREAM when nothing did for more than half the time, or empty."""
        if self.stood_in:
            return FALLBACK
        return SILENT_STREAM if self.dead_ms * 2 > self.due_ms else ""


class Tallies:
    """By occurrence; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    def of(self, occurrence: str) -> Tally:
        tally = self._tallies.setdefault(occurrence, Tally())
        self._tallies.move_to_end(occurrence)
        while len(self._tallies) > MAX_AIRINGS:
            self._tallies.popitem(last=False)
        return tally
