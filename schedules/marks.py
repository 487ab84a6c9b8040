"""What is to be said of an airing before it is heard: what keeps it off air, or makes it other than meant (pure)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from devices.views import PlaceNode
from schedules.airtime import local_day
from schedules.allowances import Allowance
from schedules.conflicts import Overlap, Slot
from schedules.missing import Need, missing

Two = tuple[str, str]
"""The occurrences that meet, the earlier first."""


class Mark(StrEnum):
    """The worst first."""

    NOT_PERMITTED = "not_permitted"
    """The policy stopped it, or would when it is ordered."""
    NOT_APPROVED = "not_approved"
    """It, or something that stands in it; as it is, nothing will be heard."""
    CLASH = "clash"
    """It meets an airing of its own class."""
    NOT_IN_TIME = "not_in_time"
    """Somewhere its sound is not expected to be there when it begins."""
    LANGUAGE = "language"
    """Somebody who is to hear it understands none of it, or does not hear the language put first."""
    GIVES_WAY = "gives_way"
    """It meets an airing of a higher class."""
    LOUD = "loud"
    """It is louder than is permitted then, and will be turned down."""
    DECIDED = "decided"
    """It meets an airing of its own class, and somebody said what becomes of that."""


_WEIGHT = {mark: at for at, mark in enumerate(Mark)}


@dataclass
class Limits:
    """The permitted hours and the loudest volume of one place, a local day looked up once."""

    allowance: Allowance
    _days: dict[date, tuple[Allowance, list[tuple[datetime, datetime]], int]] = field(default_factory=dict)

    def permits(self, slot: Slot) -> bool:
        """Whether an airing lies in the hours, which do not bind emergencies."""
        if slot.any_hour:
            return True
        today, open_hours, _ = self._day(slot.start)
        return not today.hours.spans or any(low <= slot.start and slot.end <= high for low, high in open_hours)

    def loud(self, slot: Slot) -> bool:
        """Whether it is set louder than is permitted at its time."""
        if slot.any_hour:
            return False
        today, _, least = self._day(slot.start)
        return slot.volume > least and slot.volume > today.volume_at(slot.start, slot.end)

    def _day(self, moment: datetime) -> tuple[Allowance, list[tuple[datetime, datetime]], int]:
        """What holds on the day of a moment, when it is open, and the least that any cap of it allows."""
        day = local_day(moment, self.allowance.hours.zone)
        if day not in self._days:
            today = self.allowance.on(day)
            least = min([today.hours.volume_max, *(cap.when.volume_max for cap in today.caps)])
            self._days[day] = today, today.hours.open_around(moment), least
        return self._days[day]


def in_play(overlaps: Iterable[Overlap], among: frozenset[str] | None) -> dict[str, list[Overlap]]:
    """Airing → what it meets, in these clusters or on a transmitter."""
    found: dict[str, list[Overlap]] = {}
    for each in overlaps:
        if among is None or not each.clusters or not among.isdisjoint(each.clusters):
            found.setdefault(each.first, []).append(each)
            found.setdefault(each.second, []).append(each)
    return found


def of_meeting(occurrence: str, met: Sequence[Overlap], settled: Collection[Two] = ()) -> set[Mark]:
    """What the airings it meets do to one; of the one that is heard nothing is to be said. settled: what is decided."""
    equals = {Mark.DECIDED if (each.first, each.second) in settled else Mark.CLASH for each in met if each.wins is None}
    higher = {Mark.GIVES_WAY for each in met if each.wins not in {None, occurrence}}
    return equals | higher


def worst_need(heard: Iterable[tuple[PlaceNode, Sequence[str]]], items: Iterable[Collection[str]]) -> Need | None:
    """How much the worst off loses, of an announcement or of the items of a session, each by its languages."""
    here = list(heard)
    needs = [lack.need for spoken in items if spoken for lost in missing(here, spoken) for lack in lost.lacks]
    return min(needs, default=None)


def in_order(marks: Collection[Mark]) -> tuple[Mark, ...]:
    """The worst first."""
    return tuple(sorted(marks, key=_WEIGHT.__getitem__)) if len(marks) > 1 else tuple(marks)


def layer(play_class: int, level: int, start: datetime) -> tuple[int, int, datetime]:
    """Sorts airings as they are laid over each other: class, then level of origin, then time."""
    return -play_class, -level, start
