"""How much of two airings that meet is heard, and when, by the very rules the speakers follow (pure)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from base.times import from_ms
from devices.wire.config import Hours
from devices.wire.orders import AfterPreemption
from devices.wire.playing import Airing
from devices.wire.rehearsal import rehearse
from devices.wire.reports import ReceiptState
from schedules.conflicts import Slot

MAX_LATE = timedelta(days=1)
"""`Play.late_ms` is at most a day."""
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Contender:
    """An airing as it is planned (`slot`) and as its order would be (`airing`).

    items_ms: lengths of a session's items, in order; empty when it is one sound. fixed: it begins at its time or not
    at all, like a relay.
    """

    slot: Slot
    airing: Airing
    items_ms: tuple[int, ...] = ()
    fixed: bool = False

    @property
    def occurrence(self) -> str:
        return self.slot.occurrence

    @property
    def once_ms(self) -> int:
        """How long it sounds without its repetitions."""
        repeat = self.airing.play.repeat
        if self.airing.total_ms is None or repeat.count <= 1:
            return sum(self.items_ms) or self.airing.total_ms or self.slot.lasts // _MS
        return (self.airing.total_ms - repeat.gap_ms * (repeat.count - 1)) // repeat.count

    def with_fate(self, fate: AfterPreemption) -> "Contender":
        """The same, should it have to give way."""
        return replace(self, airing=replace(self.airing, play=replace(self.airing.play, preempted=fate)))

    def waiting(self, turn: int, up_to: timedelta) -> "Contender":
        """The same, but it waits so long for its turn among equals."""
        more_ms = max(0, up_to // _MS - self.airing.play.late_ms)
        play = replace(self.airing.play, turn=turn, late_ms=self.airing.play.late_ms + more_ms)
        return replace(self, airing=replace(self.airing, play=play, expires_ms=self.airing.expires_ms + more_ms))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is heard of one airing: its stretches, milliseconds of sound, its end. total_ms None: until stopped."""

    stretches: tuple[tuple[datetime, datetime], ...]
    heard_ms: int
    total_ms: int | None
    state: ReceiptState | None
    reason: str

    @property
    def whole(self) -> bool:
        return self.state is ReceiptState.PLAYED


def outcomes(first: Contender, second: Contender, hours: Hours | None) -> tuple[Outcome, Outcome]:
    """What is heard of each where both are meant for the same ears."""
    until_ms = max(each.airing.expires_ms for each in (first, second))
    heard = rehearse([first.airing, second.airing], until_ms, hours)
    found = []
    for each in (first, second):
        stretches = [h for h in heard.heard if h.occurrence == each.airing.occurrence]
        ends = [(h.state, h.reason) for h in stretches if h.state is not None]
        ends += [(state, reason) for name, state, reason in heard.silent if name == each.airing.occurrence]
        state, reason = ends[-1] if ends else (None, "")
        found.append(
            Outcome(
                stretches=tuple((from_ms(h.from_ms), from_ms(h.to_ms)) for h in stretches),
                heard_ms=sum(h.to_ms - h.from_ms for h in stretches),
                total_ms=each.airing.total_ms,
                state=state,
                reason=reason,
            )
        )
    return found[0], found[1]
