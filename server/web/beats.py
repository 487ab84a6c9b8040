"""The beat bar of a day: ten-minute slots as SVG paths, one a tone (pure)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.models import BeatSlot

SLOT = timedelta(minutes=10)
SLOTS = 144
ENOUGH = 24
"""Four in five of the thirty heartbeats of ten minutes: under 3 % loss a healthy cluster never falls below it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Paths by tone, in a view box of 144 × 1; `heard` slots of those `past`."""

    paths: dict[str, str]
    heard: int
    past: int


def beat_bar(slots: Iterable[BeatSlot], since: datetime, now: datetime) -> Bar:
    """The bar from `since` to 24 hours later; slots that have not come yet are left out."""
    beats = {(slot.slot_at - since) // SLOT: slot.beats for slot in slots}
    past = min(SLOTS, max(0, -((since - now) // SLOT)))
    drawn: dict[str, list[int]] = defaultdict(list)
    for index in range(past):
        current = index == past - 1
        drawn[_tone(beats.get(index, 0), current=current)].append(index)
    paths = {tone: "".join(f"M{index} 0h.8v1h-.8z" for index in indexes) for tone, indexes in drawn.items()}
    return Bar(paths, sum(1 for index in range(past) if beats.get(index, 0)), past)


def _tone(beats: int, *, current: bool) -> str:
    if beats == 0:
        return "none"
    return "ok" if current or beats >= ENOUGH else "late"
