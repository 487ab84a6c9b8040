"""What a hello or heartbeat makes of a device's state and of its day's history (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from base.times import EPOCH, from_ms, to_ms
from devices.freshness import shows_present
from devices.models import Presence, latest
from devices.wire.haves import Haves
from devices.wire.reports import ClockReport, Heartbeat, Hello

SLOT = timedelta(minutes=10)
MAX_COLUMN = 2**31 - 1
"""The largest number a column takes; what a device without a clock says of the time is far beyond it."""
MAX_QUIET = timedelta(days=14)
"""The longest silence a device may announce; a longer one would hide its loss."""


@dataclass(slots=True)
class State:
    """A row of `devices.models.DeviceState` as a plain value: ten times as quick to make as the row."""

    device_id: str
    presence: Presence = Presence.NEVER
    presence_since: datetime | None = None
    heard_at: datetime | None = None
    boot: int = 0
    beat_n: int = 0
    receipt_series: int = 0
    haves: Mapping[str, Any] = field(default_factory=dict)
    playing: Sequence[str] = ()
    faults: Sequence[str] = ()
    children: Mapping[str, str] = field(default_factory=dict)
    volume: int | None = None
    power: str | None = None
    battery_pct: int | None = None
    link: str | None = None
    signal_dbm: int | None = None
    temperature_c: int | None = None
    storage_free_kib: int | None = None
    storage_total_kib: int | None = None
    clock_state: str | None = None
    clock_bound_ms: int | None = None
    clock_offset_ms: int | None = None
    uptime_s: int | None = None
    planned_quiet_until: datetime | None = None
    said_quiet_until: datetime | None = None
    clock_at: datetime | None = None
    wake: Sequence[Sequence[int]] | None = None
    carrier: str = "mqtt"

    @property
    def quiet_until(self) -> datetime | None:
        """Until when its silence was announced, by whomever."""
        return latest(self.planned_quiet_until, self.said_quiet_until)


@dataclass(slots=True)
class Slot:
    """A row of `devices.models.BeatSlot` as a plain value."""

    device_id: str
    slot_at: datetime
    beats: int = 0
    signal_min_dbm: int | None = None
    battery_min_pct: int | None = None
    temperature_max_c: int | None = None
    faults: Sequence[str] = ()


def after_hello(state: State, hello: Hello, at: datetime) -> None:
    """Change a state to what a fresh hello says."""
    if hello.boot != state.boot:
        state.boot, state.beat_n = hello.boot, 0
    _heard(state, hello.haves, at)
    _take_clock(state, hello.clock, at)


def after_beat(state: State, beat: Heartbeat, at: datetime) -> None:
    """Change a state to what a fresh heartbeat says."""
    state.boot, state.beat_n = beat.boot, beat.n
    _heard(state, beat.haves, at)
    state.playing, state.faults, state.children = list(beat.playing), list(beat.faults), dict(beat.children)
    state.volume, state.power, state.battery_pct = beat.volume, beat.power, beat.battery_pct
    state.link, state.signal_dbm, state.temperature_c = beat.link, beat.signal_dbm, beat.temperature_c
    state.storage_free_kib, state.storage_total_kib = fit(beat.storage_free_kib), fit(beat.storage_total_kib)
    state.uptime_s = fit(beat.uptime_s)
    _take_clock(state, beat.clock, at)
    state.wake = [list(span) for span in beat.wake] or None
    said_ms = beat.quiet_until_ms
    state.said_quiet_until = None if said_ms is None else min(from_ms(said_ms), at + MAX_QUIET)


def what_shows(state: State) -> tuple[Any, ...]:
    """What a watcher sees of a state; equal means that nothing worth telling changed."""
    return (
        state.presence,
        tuple(state.playing),
        tuple(state.faults),
        state.volume,
        state.power,
        state.link,
        state.clock_state,
        tuple(state.children.items()),
        state.said_quiet_until,
        tuple(map(tuple, state.wake or ())),
    )


def held(state: State) -> dict[str, Haves]:
    """The haves a state remembers."""
    return {log: Haves.from_wire(value) for log, value in state.haves.items()}


def fit(value: int) -> int:
    """The nearest number that a column takes."""
    return max(-MAX_COLUMN, min(MAX_COLUMN, value))


def slot_of(moment: datetime) -> datetime:
    """The beginning of the ten minutes a moment lies in."""
    return moment - (moment - EPOCH) % SLOT


def add_beats(slots: Mapping[tuple[str, datetime], Slot], beats: Iterable[tuple[Heartbeat, datetime]]) -> list[Slot]:
    """The slots that these heartbeats touch, with them added."""
    touched: dict[tuple[str, datetime], Slot] = {}
    for beat, at in beats:
        key = beat.device, slot_of(at)
        if key not in touched:
            known = slots.get(key)
            touched[key] = Slot(device_id=beat.device, slot_at=key[1]) if known is None else replace(known)
        _add(touched[key], beat)
    return list(touched.values())


def _take_clock(state: State, clock: ClockReport, at: datetime) -> None:
    state.clock_state = clock.state.value
    state.clock_bound_ms = fit(clock.bound_ms)
    state.clock_offset_ms = fit(clock.now_ms - to_ms(at))
    if shows_present(clock, at):
        state.clock_at = from_ms(clock.now_ms)


def _heard(state: State, haves: Mapping[str, Haves], at: datetime) -> None:
    state.haves = {log: value.to_wire() for log, value in haves.items()}
    state.heard_at = at
    if state.presence is not Presence.ONLINE:
        state.presence, state.presence_since = Presence.ONLINE, at


def _add(slot: Slot, beat: Heartbeat) -> None:
    slot.beats += 1
    slot.signal_min_dbm = _lowest(slot.signal_min_dbm, beat.signal_dbm)
    slot.battery_min_pct = _lowest(slot.battery_min_pct, beat.battery_pct)
    warmest = [value for value in (slot.temperature_max_c, beat.temperature_c) if value is not None]
    slot.temperature_max_c = max(warmest, default=None)
    slot.faults = sorted({*slot.faults, *beat.faults})


def _lowest(*values: int | None) -> int | None:
    return min((value for value in values if value is not None), default=None)
