"""What a cluster will hear of given play orders, by the very rules the speaker follows (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass

from devices.wire.config import Hours
from devices.wire.playing import Airing, Begin, Change, End, Moment, Pause, Programme
from devices.wire.reports import ReceiptState


@dataclass(frozen=True, slots=True)
class Heard:
    """One uninterrupted stretch of sound, in Unix milliseconds; `state` when it is the last of its airing."""

    occurrence: str
    from_ms: int
    to_ms: int
    state: ReceiptState | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The stretches in order of time, and the airings that never sound, each with its state and reason."""

    heard: tuple[Heard, ...]
    silent: tuple[tuple[str, ReceiptState, str], ...]


def rehearse(airings: Iterable[Airing], until_ms: int, hours: Hours | None = None) -> Rehearsal:
    """Run the airings on a virtual clock to `until_ms`, all content present, all orders there from the beginning."""
    programme = Programme(hours)
    for airing in airings:
        programme.add(_fresh(airing))
    heard: list[Heard] = []
    silent: list[tuple[str, ReceiptState, str]] = []
    since: dict[str, int] = {}
    at = min((a.start_ms for a in programme.airings), default=until_ms)
    while at <= until_ms:
        now = Moment(at, at)
        _note(_changes(programme, now), at, since, heard, silent)
        following = _next(programme, now)
        if following is None:
            break
        at = following
    heard += [Heard(occurrence, start, until_ms, None) for occurrence, start in since.items()]
    return Rehearsal(tuple(heard), tuple(silent))


def _fresh(airing: Airing) -> Airing:
    """The airing as if nothing of it had sounded yet."""
    return Airing(
        play=airing.play,
        order_id=airing.order_id,
        issued_ms=airing.issued_ms,
        expires_ms=airing.expires_ms,
        total_ms=airing.total_ms,
        ready=True,
    )


def _changes(programme: Programme, now: Moment) -> list[Change]:
    current = programme.sounding
    if current is not None and current.total_ms is not None and current.position_at(now) >= current.total_ms:
        return programme.finish(current.occurrence, now)
    return programme.advance(now)


def _next(programme: Programme, now: Moment) -> int | None:
    moments = [programme.next_change_ms(now)]
    current = programme.sounding
    if current is not None and current.total_ms is not None:
        moments.append(now.wall_ms + max(1, current.total_ms - current.position_at(now)))
    return min((moment for moment in moments if moment is not None), default=None)


def _note(
    changes: list[Change],
    at: int,
    since: dict[str, int],
    heard: list[Heard],
    silent: list[tuple[str, ReceiptState, str]],
) -> None:
    for change in changes:
        occurrence = change.airing.occurrence
        match change:
            case Begin():
                since[occurrence] = at
            case Pause():
                heard.append(Heard(occurrence, since.pop(occurrence), at, None))
            case End(state=state, reason=reason):
                if occurrence in since:
                    heard.append(Heard(occurrence, since.pop(occurrence), at, state, reason))
                else:
                    silent.append((occurrence, state, reason))
