"""What was decided of two airings that meet, by whom, and how it is found again when they meet again (pure).

Source: Circular 39/2020/TT-BTTTT: of two priority items the commune's user decides the order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from base.errors import Refused
from devices.wire.orders import PlayClass
from schedules.conflicts import Slot

NAME_LENGTH = 64


class Choice(StrEnum):
    """What becomes of two airings that meet."""

    MOVE = "move"
    SHORTEN = "shorten"
    HIGHER_WINS = "higher_wins"
    QUEUE_AFTER = "queue_after"


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One of two that meet. plan, time: its plan and the local "HH:MM" its rule gives it. lasts_s: seconds."""

    plan: str
    time: str
    play_class: int
    lasts_s: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides, in whichever order they were named. One that has changed since is another pair, and asked anew."""

    sides: tuple[Side, Side]

    @classmethod
    def of(cls, one: Side, other: Side) -> "Pair":
        return cls((min(one, other), max(one, other)))


@dataclass(frozen=True, slots=True)
class Decision:
    """The operator's word on a pair. yields: the plan that moves, is shortened, gives way or waits.

    day: the local day it is for, on which the earlier of the two begins; None: whenever they meet.
    Raises Refused("…decision_wrong").
    """

    pair: Pair
    choice: Choice
    yields: str
    by: str
    at: datetime
    day: date | None = None

    def __post_init__(self) -> None:
        if self.yields not in {side.plan for side in self.pair.sides} or not 1 <= len(self.by) <= NAME_LENGTH:
            raise Refused("schedules.decision_wrong", plan=self.yields[:NAME_LENGTH])


def must_decide(first: Slot, second: Slot) -> bool:
    """Whether a person has to say: priority against priority. Elsewhere the class does, or the speakers' own order."""
    return first.play_class == second.play_class == PlayClass.PRIORITY


def decided(decisions: Iterable[Decision], pair: Pair, day: date) -> Decision | None:
    """The word that holds for a pair on a day: that day's own before that of every day, the latest of several, and of
    those taken at one moment the last named.
    """
    mine = [each for each in decisions if each.pair == pair and each.day in {None, day}]
    return max(reversed(mine), key=lambda each: (each.day is not None, each.at), default=None)


def carried(decisions: Iterable[Decision], was: str, goes_on: str) -> list[Decision]:
    """The decisions on a plan once more, for the plan it goes on as after a change."""

    def renamed(side: Side) -> Side:
        return replace(side, plan=goes_on) if side.plan == was else side

    return [
        replace(
            each,
            pair=Pair.of(*(renamed(side) for side in each.pair.sides)),
            yields=goes_on if each.yields == was else each.yields,
        )
        for each in decisions
        if any(side.plan == was for side in each.pair.sides)
    ]
