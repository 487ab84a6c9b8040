"""Airings with the orders they would have."""

from datetime import timedelta
from typing import Any

from base.ids import new_id
from base.times import to_ms
from devices.wire.content import Gap
from devices.wire.orders import AfterPreemption, Level, Play, PlayClass, Repeat
from devices.wire.playing import Airing
from schedules.outcomes import Contender
from tests.unit.schedules.day import local, slot

MARGIN_MS = 30 * 60_000
ISSUED_MS = to_ms(local("00:00"))


def contender(name: str, start: str, minutes: float, *, play_class: int = 1, **more: Any) -> Contender:
    """One that lasts so many minutes each time it is repeated."""
    repeat: Repeat = more.pop("repeat", Repeat())
    level: Level = more.pop("level", Level.COMMUNE)
    fate: AfterPreemption = more.pop("fate", AfterPreemption.RESUME)
    items: tuple[int, ...] = more.pop("items", ())
    fixed: bool = more.pop("fixed", False)
    play = Play(
        new_id(),
        to_ms(local(start)),
        (Gap(round(minutes * 60_000)),),
        PlayClass(play_class),
        level,
        repeat=repeat,
        preempted=fate,
        stale_ms=MARGIN_MS,
    )
    total_ms = play.total_ms(())
    sounds_ms = total_ms or round(minutes * 60_000)
    planned = slot(name, start, sounds_ms / 60_000, play_class=play_class, **more)
    expires_ms = to_ms(planned.end + timedelta(seconds=60)) + MARGIN_MS
    airing = Airing(play, f"order of {name}", ISSUED_MS, expires_ms, total_ms)
    return Contender(planned, airing, tuple(round(each * 60_000) for each in items), fixed)
