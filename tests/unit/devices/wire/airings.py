"""Airings around a noon, and changes in words, shared by the tests of playing."""

from typing import Any

from base.ids import id_from_bytes
from devices.wire.config import Hours
from devices.wire.content import Gap
from devices.wire.orders import Play, PlayClass
from devices.wire.playing import Airing, Begin, Change, End, Moment, Pause, Programme

NOON = 1_767_225_600_000 + 5 * 3_600_000  # 12:00 at UTC+7
MINUTE = 60_000
TEN_S = 10_000
DAY = Hours(((300, 1_320),), 420)
EMERGENCY, PRIORITY, NORMAL, BACKGROUND = (
    PlayClass.EMERGENCY,
    PlayClass.PRIORITY,
    PlayClass.NORMAL,
    PlayClass.BACKGROUND,
)


def airing(number: int, play_class: PlayClass = NORMAL, *, at: int | None = 0, **changes: Any) -> Airing:
    """Ten seconds of sound, due `at` milliseconds after noon (None: now), ready, good for an hour."""
    issued_ms = NOON + changes.pop("issued", 0)
    expires_ms = NOON + changes.pop("expires", 60 * MINUTE)
    ready = changes.pop("ready", True)
    start_ms = None if at is None else NOON + at
    play = Play(id_from_bytes(bytes([number]) * 16), start_ms, (Gap(TEN_S),), play_class, **changes)
    return Airing(play, f"order-{number}", issued_ms, expires_ms, play.total_ms(()), ready)


def now(after_noon_ms: int = 0, *, sure: bool = True) -> Moment:
    return Moment(NOON + after_noon_ms, after_noon_ms, sure)


def programme(*airings: Airing, hours: Hours | None = None) -> Programme:
    made = Programme(hours)
    for one in airings:
        made.add(one)
    return made


def told(changes: list[Change]) -> list[tuple[Any, ...]]:
    """The changes as ``(what, number of the airing, …)``."""
    return [_told(change) for change in changes]


def _told(change: Change) -> tuple[Any, ...]:
    number = int(change.airing.order_id.removeprefix("order-"))
    match change:
        case Begin(position_ms=position, resumed=resumed):
            return ("resume" if resumed else "begin"), number, position
        case Pause():
            return "pause", number
        case End():
            return "end", number, change.state.value, change.reason, change.sounded_ms
