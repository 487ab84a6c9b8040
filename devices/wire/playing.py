"""Which sound one output makes now: class, level, hours, lateness, expiry, pre-emption (pure).

The speaker runs it with its own clock; the console's "what will this cluster hear" and the simulations run the same
code with a virtual one. It decides; somebody else plays, and says when the sound has ended (`finish`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from devices.wire.config import Hours
from devices.wire.orders import AfterPreemption, Play, PlayClass, Status
from devices.wire.reports import ReceiptState


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as a device knows it: wall and monotonic clock in milliseconds, and whether the wall can be trusted."""

    wall_ms: int
    mono_ms: int
    sure: bool = True


class Charge(StrEnum):
    """How much a battery still has to give. FULL also stands for a device without one."""

    FULL = "full"
    LOW = "low"
    """Only what is of priority class or above sounds."""
    CRITICAL = "critical"
    """Only actual emergencies sound."""


class Phase(StrEnum):
    """Where an airing stands on this output."""

    WAITING = "waiting"
    SOUNDING = "sounding"
    PAUSED = "paused"


@dataclass(slots=True)
class Airing:
    """One play order on one output. `position_ms` is how far the whole, repetitions included, has sounded.

    discarded_ms: what had sounded before it was started over.
    ready: the sound it needs is on the device. total_ms: None when it goes on until stopped.
    """

    play: Play
    order_id: str
    issued_ms: int
    expires_ms: int
    total_ms: int | None
    ready: bool = False
    phase: Phase = Phase.WAITING
    position_ms: int = 0
    since_mono_ms: int = 0
    began_wall_ms: int | None = None
    began_mono_ms: int = 0
    outranked: bool = False
    discarded_ms: int = 0

    @property
    def occurrence(self) -> str:
        return self.play.occurrence

    @property
    def start_ms(self) -> int:
        """When it is to begin; one that is to sound now began to be due when it was issued."""
        return self.issued_ms if self.play.start_ms is None else self.play.start_ms

    @property
    def emergency(self) -> bool:
        return self.play.play_class is PlayClass.EMERGENCY

    @property
    def any_hour(self) -> bool:
        """Whether the permitted hours do not bind it: only the real emergency, for an exercise can wait for the day."""
        return self.emergency and self.play.status is Status.ACTUAL

    def position_at(self, now: Moment) -> int:
        """Milliseconds sounded so far."""
        if self.phase is not Phase.SOUNDING:
            return self.position_ms
        at = self.position_ms + max(0, now.mono_ms - self.since_mono_ms)
        return at if self.total_ms is None else min(at, self.total_ms)

    def sounded_at(self, now: Moment) -> int:
        """Milliseconds people have heard in all, what was started over included."""
        return self.discarded_ms + self.position_at(now)

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """The greater may interrupt: class, the real thing, level of origin; among emergencies the newest."""
        play = self.play
        newest = self.issued_ms if self.emergency else 0
        return int(play.play_class), play.status is Status.ACTUAL, int(play.level), newest

    @property
    def place_in_queue(self) -> tuple[int, ...]:
        """Among those that wait, the least goes first."""
        high, actual, level, newest = self.rank
        return (-high, -int(actual), -level, -newest, self.play.turn, self.play.start_ms or 0, self.issued_ms)


@dataclass(frozen=True, slots=True)
class Begin:
    """Make this airing sound from `position_ms`; `resumed` when it had begun before."""

    airing: Airing
    position_ms: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence this airing; it may come back."""

    airing: Airing


@dataclass(frozen=True, slots=True)
class End:
    """This airing is over. `was_sounding` when it must be silenced."""

    airing: Airing
    state: ReceiptState
    reason: str
    sounded_ms: int
    was_sounding: bool


Change = Begin | Pause | End

_PLAYED = (ReceiptState.PLAYED, "")
_DRAINED = (ReceiptState.INTERRUPTED, "low_battery")


class Programme:
    """The airings of one output. Every method gives the changes to carry out, in order."""

    def __init__(self, hours: Hours | None = None) -> None:
        self.hours = hours
        self.charge = Charge.FULL
        self._airings: dict[str, Airing] = {}

    @property
    def airings(self) -> Iterable[Airing]:
        return self._airings.values()

    @property
    def sounding(self) -> Airing | None:
        """What makes the sound now."""
        return next((a for a in self._airings.values() if a.phase is Phase.SOUNDING), None)

    def get(self, occurrence: str) -> Airing | None:
        return self._airings.get(occurrence)

    def add(self, airing: Airing) -> None:
        """Take one more airing; an occurrence that is already here keeps its place and its progress."""
        self._airings.setdefault(airing.occurrence, airing)

    def advance(self, now: Moment) -> list[Change]:
        """Bring the output up to `now`: end what is over, then let the highest of what is due sound."""
        changes: list[Change] = [end for airing in list(self._airings.values()) for end in self._overdue(airing, now)]
        current = self.sounding
        due = [airing for airing in self._airings.values() if self._due(airing, now)]
        best = min(due, key=lambda airing: airing.place_in_queue, default=None)
        held_up = best is not None and current is not None and not _interrupts(best, current)
        for airing in due:
            airing.outranked = airing.outranked or held_up or airing is not best
        if best is None or held_up:
            return changes
        if current is not None:
            changes.append(self._give_way(current, now))
        changes.append(_begin(best, now))
        return changes

    def finish(self, occurrence: str, now: Moment, sounded_ms: int | None = None) -> list[Change]:
        """The sound has come to its end; `sounded_ms`, the position the player reached, tells whether too early."""
        airing = self._airings.get(occurrence)
        if airing is None or airing.phase is not Phase.SOUNDING:
            return []
        position = airing.position_at(now) if sounded_ms is None else sounded_ms
        verdict = (ReceiptState.INTERRUPTED, "cut_short") if _falls_short(airing, position) else _PLAYED
        return [self._end(airing, *verdict, airing.discarded_ms + position), *self.advance(now)]

    def cancel(self, occurrence: str, now: Moment, reason: str = "cancelled") -> list[Change]:
        """End an airing wherever it stands; one that sounded until it was told to end has played."""
        airing = self._airings.get(occurrence)
        if airing is None:
            return []
        heard = airing.sounded_at(now)
        endless = airing.total_ms is None and heard > 0
        state = ReceiptState.PLAYED if endless else ReceiptState.CANCELLED
        return [self._end(airing, state, reason, heard), *self.advance(now)]

    def stop(self, up_to: PlayClass, now: Moment) -> list[Change]:
        """End everything up to a class that sounds now or has begun."""
        begun = [a for a in self._airings.values() if a.phase is not Phase.WAITING and a.play.play_class <= up_to]
        ends: list[Change] = [self._end(a, *_stopped(a), a.sounded_at(now)) for a in begun]
        return [*ends, *self.advance(now)]

    def next_change_ms(self, now: Moment) -> int | None:
        """The next wall-clock moment at which `advance` may have something to do; None when nothing is ahead."""
        ahead = [moment for airing in self._airings.values() for moment in _moments(airing) if moment > now.wall_ms]
        if self.hours is not None and any(airing.start_ms <= now.wall_ms for airing in self._airings.values()):
            ahead.append(self.hours.next_edge_ms(now.wall_ms))
        return min(ahead, default=None)

    def _due(self, airing: Airing, now: Moment) -> bool:
        if airing.phase is Phase.SOUNDING or not airing.ready or self._barred(airing):
            return False
        start = airing.play.start_ms
        if airing.phase is Phase.PAUSED or (start is None and airing.any_hour):
            return True
        return now.sure and (start is None or start <= now.wall_ms)

    def _overdue(self, airing: Airing, now: Moment) -> list[End]:
        verdict = self._verdict(airing, now)
        return [] if verdict is None else [self._end(airing, *verdict, airing.sounded_at(now))]

    def _verdict(self, airing: Airing, now: Moment) -> tuple[ReceiptState, str] | None:
        """Why an airing must end now, or None. An unset clock judges nothing: it does not know what is late."""
        broken_off = airing.phase is not Phase.WAITING and self._barred(airing)
        if not now.sure:
            return _DRAINED if broken_off else None
        if now.wall_ms >= airing.expires_ms:
            return _expired(airing)
        if airing.phase is Phase.PAUSED and _is_stale(airing, now):
            return ReceiptState.PREEMPTED, "stale"
        if broken_off:
            return _DRAINED
        ahead = airing.play.start_ms is not None and now.wall_ms < airing.play.start_ms
        return None if ahead else self._past_start(airing, now)

    def _past_start(self, airing: Airing, now: Moment) -> tuple[ReceiptState, str] | None:
        waiting = airing.phase is Phase.WAITING
        if waiting and self._barred(airing):
            return ReceiptState.MISSED, "low_battery"
        if self._out_of_hours(airing, now):
            return (ReceiptState.REJECTED if waiting else ReceiptState.INTERRUPTED), "outside_hours"
        if waiting and not airing.emergency and now.wall_ms > airing.start_ms + airing.play.late_ms:
            return ReceiptState.MISSED, _why_late(airing)
        return None

    def _out_of_hours(self, airing: Airing, now: Moment) -> bool:
        return not airing.any_hour and self.hours is not None and not self.hours.permit(now.wall_ms)

    def _barred(self, airing: Airing) -> bool:
        """Whether the battery is kept for what matters more."""
        if self.charge is Charge.FULL or airing.any_hour:
            return False
        return self.charge is Charge.CRITICAL or airing.play.play_class < PlayClass.PRIORITY

    def _give_way(self, airing: Airing, now: Moment) -> Change:
        if airing.total_ms is not None and airing.position_at(now) >= airing.total_ms:
            # It has come to its end at this very moment: paused, it would come back, and start over if it restarts.
            return self._end(airing, *_PLAYED, airing.sounded_at(now))
        if airing.play.preempted is AfterPreemption.DROP:
            return self._end(airing, ReceiptState.PREEMPTED, "dropped", airing.sounded_at(now))
        position = airing.position_at(now)
        airing.phase, airing.position_ms = Phase.PAUSED, position
        if airing.play.preempted is AfterPreemption.RESTART:
            airing.discarded_ms, airing.position_ms = airing.discarded_ms + position, 0
        return Pause(airing)

    def _end(self, airing: Airing, state: ReceiptState, reason: str, sounded_ms: int) -> End:
        was_sounding = airing.phase is Phase.SOUNDING
        del self._airings[airing.occurrence]
        return End(airing, state, reason, sounded_ms, was_sounding)


def _begin(airing: Airing, now: Moment) -> Begin:
    resumed = airing.began_wall_ms is not None
    airing.phase = Phase.SOUNDING
    airing.since_mono_ms = now.mono_ms
    if not resumed:
        airing.began_wall_ms, airing.began_mono_ms = now.wall_ms, now.mono_ms
    return Begin(airing, airing.position_ms, resumed)


def _interrupts(challenger: Airing, current: Airing) -> bool:
    """Emergencies give way to any greater rank; below them only a higher class interrupts."""
    if current.emergency:
        return challenger.rank > current.rank
    return challenger.play.play_class > current.play.play_class


def _falls_short(airing: Airing, position_ms: int) -> bool:
    """Whether a player stopped before the end. Encodings of one sound differ by some padding: a second, or 5 %."""
    return airing.total_ms is not None and position_ms + max(1_000, airing.total_ms // 20) < airing.total_ms


def _is_stale(airing: Airing, now: Moment) -> bool:
    if airing.play.stale_ms is None or airing.began_wall_ms is None:
        return False
    return now.wall_ms > airing.began_wall_ms + airing.play.stale_ms


def _expired(airing: Airing) -> tuple[ReceiptState, str]:
    if airing.phase is Phase.WAITING:
        return ReceiptState.MISSED, _why_late(airing) if airing.play.start_ms is not None else "expired"
    endless = airing.total_ms is None
    return (ReceiptState.PLAYED if endless else ReceiptState.INTERRUPTED), "expired"


def _stopped(airing: Airing) -> tuple[ReceiptState, str]:
    return (ReceiptState.PLAYED if airing.total_ms is None else ReceiptState.INTERRUPTED), "stopped"


def _why_late(airing: Airing) -> str:
    if not airing.ready:
        return "not_stored"
    return "busy" if airing.outranked else "late"


def _moments(airing: Airing) -> Iterable[int]:
    yield airing.expires_ms
    yield airing.start_ms
    if airing.phase is Phase.WAITING:
        yield airing.start_ms + airing.play.late_ms + 1
    if airing.phase is Phase.PAUSED and airing.play.stale_ms is not None and airing.began_wall_ms is not None:
        yield airing.began_wall_ms + airing.play.stale_ms + 1
