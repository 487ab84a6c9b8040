"""The choices where two airings meet, each spelled out: move, shorten, let the higher win, queue after (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.wire.orders import AfterPreemption
from schedules.allowances import Allowance
from schedules.conflicts import Slot
from schedules.decisions import Choice
from schedules.outcomes import MAX_LATE, Contender, Outcome, outcomes
from schedules.permitting import nearest, permits, whole_minute

_MS = timedelta(milliseconds=1)
_MINUTE = timedelta(minutes=1)
SPARE = timedelta(seconds=5)
"""Speakers' clocks differ: who waits for another's end is given a little longer than that."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way out, and what it does to the airing that yields.

    start: when it then begins. lasts: how long it then is, with so many of its `items` or `loops`. fate: what becomes
    of it when it has to give way. late, turn: how late the speaker may begin it, and its place among equals, where it
    waits there instead of being planned for `start`. outcome: what is heard of it.
    """

    choice: Choice
    yields: str
    start: datetime
    lasts: timedelta
    items: int | None = None
    loops: int | None = None
    fate: AfterPreemption | None = None
    late: timedelta | None = None
    turn: int = 0
    outcome: Outcome | None = None


def options(
    one: Contender, other: Contender, others: Sequence[Slot], allowance: Allowance, now: datetime
) -> tuple[Option, ...]:
    """What can be done about two airings that meet; `others` are the airings of the days around, without these two.

    No option breaks the policy, meets a third airing, or begins in the past; none may be left but to call one off.
    """
    first, second = sorted((one, other), key=lambda each: (each.slot.start, each.occurrence))
    return (
        *_moves(first, [*others, second.slot], allowance, now),
        *_moves(second, [*others, first.slot], allowance, now),
        *_shortened(first, second),
        *_higher_wins(first, second, allowance),
        *_queued(first, second, others, allowance),
    )


def _moves(yields: Contender, others: Sequence[Slot], allowance: Allowance, now: datetime) -> Iterator[Option]:
    if yields.fixed:
        return
    at = yields.slot.start
    soon = now + _MINUTE
    before = nearest(yields.slot, others, allowance, earliest=soon, fits=lambda start: start < at)
    after = nearest(yields.slot, others, allowance, earliest=soon, fits=lambda start: start > at)
    for start in (before, after):
        if start is not None:
            yield Option(Choice.MOVE, yields.occurrence, start, yields.slot.lasts)


def _shortened(first: Contender, second: Contender) -> Iterator[Option]:
    """The earlier cut so that it ends before the later begins: whole items, or whole repetitions."""
    room_ms = (second.slot.start - first.slot.start) // _MS
    repeat = first.airing.play.repeat
    loops = (room_ms + repeat.gap_ms) // max(1, first.once_ms + repeat.gap_ms)
    if repeat.count != 1 and loops >= 1:
        lasts_ms = loops * first.once_ms + (loops - 1) * repeat.gap_ms
        yield Option(Choice.SHORTEN, first.occurrence, first.slot.start, lasts_ms * _MS, loops=loops)
    elif len(first.items_ms) > 1:
        kept = next(n for n in range(len(first.items_ms), -1, -1) if sum(first.items_ms[:n]) <= room_ms)
        if kept:
            lasts = sum(first.items_ms[:kept]) * _MS
            yield Option(Choice.SHORTEN, first.occurrence, first.slot.start, lasts, items=kept)


def _higher_wins(first: Contender, second: Contender, allowance: Allowance) -> Iterator[Option]:
    """What the rules of playing do to the lower; when it is interrupted, for each fate it may be given."""
    if first.slot.play_class == second.slot.play_class:
        return
    hours = allowance.at(first.slot.start).hours.wire(first.slot.start)
    loser = min(first, second, key=lambda each: each.slot.play_class)
    interrupted = loser is first
    own = loser.airing.play.preempted
    for fate in (own, *(each for each in AfterPreemption if each is not own)) if interrupted else (own,):
        pair = (loser.with_fate(fate), second) if interrupted else (first, loser)
        outcome = outcomes(*pair, hours)[0 if interrupted else 1]
        start = outcome.stretches[0][0] if outcome.stretches else loser.slot.start
        yield Option(Choice.HIGHER_WINS, loser.occurrence, start, loser.slot.lasts, fate=fate, outcome=outcome)


def _queued(first: Contender, second: Contender, others: Sequence[Slot], allowance: Allowance) -> Iterator[Option]:
    """The later waits for the end of the earlier; of two that begin together either may."""
    orders = [(first, second)]
    if first.slot.start == second.slot.start:
        orders.append((second, first))
    for ahead, behind in orders:
        if behind.slot.play_class > ahead.slot.play_class or behind.fixed or ahead.airing.total_ms is None:
            continue
        option = _behind(ahead, behind, allowance)
        queued = behind.slot.at(option.start)
        if not any(queued.meets(third) for third in others) and permits(queued, [*others, ahead.slot], allowance):
            yield option


def _behind(ahead: Contender, behind: Contender, allowance: Allowance) -> Option:
    """By its turn at the speaker, where that suffices; what the speaker would put first begins later instead."""
    late = ahead.slot.end - behind.slot.start + SPARE
    lasts = behind.slot.lasts
    if late <= MAX_LATE:
        hours = allowance.at(ahead.slot.start).hours.wire(ahead.slot.start)
        _, outcome = outcomes(ahead.waiting(0, timedelta()), behind.waiting(1, late), hours)
        if outcome.whole and outcome.stretches[0][0] >= ahead.slot.end:
            start = outcome.stretches[0][0]
            return Option(Choice.QUEUE_AFTER, behind.occurrence, start, lasts, late=late, turn=1, outcome=outcome)
    return Option(Choice.QUEUE_AFTER, behind.occurrence, whole_minute(ahead.slot.end, up=True), lasts)
