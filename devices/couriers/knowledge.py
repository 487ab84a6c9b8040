"""Whether a return file tells more of its device than is known already, and what it makes of that (pure)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from base.times import from_ms, to_ms
from devices.beats import State, after_beat
from devices.couriers.models import LastReturn
from devices.freshness import CLOCK_TRUST_MS, Freshness
from devices.wire.reports import ClockState, Heartbeat

LATEST_MS = to_ms(datetime(2200, 1, 1, tzinfo=UTC))


def judge_return(
    beat: Heartbeat, generation: int, last: LastReturn | None, state: State | None, now: datetime
) -> Freshness:
    """NEW, ANEW (the device counts from the beginning: its flash was lost) or OLD.

    Return files come in any order and days late, so a lower count is believed only from a clock that was set, shows no
    time that is still to come, and a later one than was ever seen of the device.
    """
    if last is not None and last.generation != generation:
        last = None
    counts = [(last.boot, last.n)] if last else []
    counts += [(state.boot, state.beat_n)] if state else []
    if (beat.boot, beat.n) > max(counts, default=(-1, -1)):
        return Freshness.NEW
    if beat.boot >= max(boot for boot, _ in counts) or beat.clock.state is not ClockState.SYNCED:
        return Freshness.OLD
    shown = clock_of(beat)
    seen = [each.clock_at for each in (last, state) if each is not None and each.clock_at is not None]
    if shown is None or shown > now + timedelta(milliseconds=CLOCK_TRUST_MS):
        return Freshness.OLD
    return Freshness.ANEW if all(shown > moment for moment in seen) else Freshness.OLD


def after_return(state: State, beat: Heartbeat, at: datetime) -> State:
    """The state with what the file says of the device's health, as of its own time `at`; never its presence: that
    somebody carried its word here does not mean that it can be reached.
    """
    told = replace(state)
    after_beat(told, beat, at)
    told.presence, told.presence_since, told.heard_at = state.presence, state.presence_since, state.heard_at
    told.said_quiet_until, told.carrier = state.said_quiet_until, state.carrier
    told.playing, told.clock_offset_ms = (), None
    if beat.clock.state is ClockState.SYNCED:
        told.clock_at = max(at, state.clock_at or at)
    return told


def clock_of(beat: Heartbeat) -> datetime | None:
    """What its clock showed; None while it was not set, or set to what no calendar needs."""
    if beat.clock.state is ClockState.UNSET or beat.clock.now_ms > LATEST_MS:
        return None
    return from_ms(beat.clock.now_ms)
