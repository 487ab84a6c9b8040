"""A device whose heartbeats are steady, and what several of them come to: a state, a row each ten minutes (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from base.times import from_ms, to_ms
from devices.beats import fit, slot_of
from devices.freshness import CLOCK_TRUST_MS
from devices.shape import Numbers, Shape
from devices.uplink import Identity
from devices.wire import topics
from devices.wire.mac0 import Sender
from devices.wire.reports import ClockState, Heartbeat

Logs = tuple[tuple[str, int], ...]
"""What is held of each log that others follow too."""


class Said(NamedTuple):
    """One steady heartbeat: the very bytes, the bytes of the numbers that moved, and when it came."""

    envelope: bytes
    raw: list[bytes]
    at: datetime


class Steady:
    """Who a device is and what each of its heartbeats says.

    n: of the last heartbeat taken; written_n: of the last one in the database. own_upto: what it holds of its own log.
    said: what is not in the database yet.
    """

    __slots__ = (
        "battery_pct",
        "boot",
        "faults",
        "identity",
        "logs",
        "n",
        "own_upto",
        "said",
        "sender",
        "shape",
        "synced",
        "written_n",
    )

    def __init__(self, identity: Identity, beat: Heartbeat, sender: Sender, shape: Shape) -> None:
        self.identity, self.sender, self.shape = identity, sender, shape
        self.boot, self.n, self.written_n = beat.boot, beat.n, beat.n
        own = topics.device_log(identity.device_id)
        upto = {log: haves.upto for log, haves in beat.haves.items()}
        self.own_upto = upto.pop(own, 0)
        self.logs = _shared(tuple(sorted(upto.items())))
        self.synced = beat.clock.state is ClockState.SYNCED
        self.battery_pct, self.faults = beat.battery_pct, tuple(sorted(set(beat.faults)))
        self.said: list[Said] = []


class StateRow(NamedTuple):
    """What moved in a device's state.

    It holds only for this boot and generation, after heartbeat `written_n`, and when the device's own log has nothing
    above `own_upto`. clock_at: None leaves what is there.
    """

    device_id: str
    boot: int
    written_n: int
    generation: int
    own_upto: int
    n: int
    heard_at: datetime
    clock_at: datetime | None
    clock_offset_ms: int
    clock_bound_ms: int
    uptime_s: int
    signal_dbm: int | None
    temperature_c: int | None
    storage_free_kib: int


class SlotRow(NamedTuple):
    """What is to be added to a device's ten minutes."""

    device_id: str
    slot_at: datetime
    beats: int
    signal_min_dbm: int | None
    battery_min_pct: int | None
    temperature_max_c: int | None
    faults: tuple[str, ...]


class Drawn(NamedTuple):
    """A device and the heartbeats of it that are being written."""

    steady: Steady
    said: Sequence[Said]

    @property
    def device_id(self) -> str:
        return self.steady.identity.device_id


def condensed(drawn: Drawn) -> tuple[StateRow, list[SlotRow]]:
    """The state after the last of them, and what they add to each ten minutes they lie in."""
    by_slot: dict[datetime, list[Numbers]] = {}
    for said in drawn.said:
        by_slot.setdefault(slot_of(said.at), []).append(drawn.steady.shape.numbers(said.raw))
    slots = [_slot_row(drawn.steady, slot_at, numbers) for slot_at, numbers in by_slot.items()]
    last = by_slot[slot_of(drawn.said[-1].at)][-1]
    return _state_row(drawn.steady, last, drawn.said[-1].at), slots


def _state_row(steady: Steady, numbers: Numbers, at: datetime) -> StateRow:
    offset_ms = numbers.clock_ms - to_ms(at)
    present = steady.synced and abs(offset_ms) <= CLOCK_TRUST_MS
    return StateRow(
        steady.identity.device_id,
        steady.boot,
        steady.written_n,
        steady.identity.generation,
        steady.own_upto,
        numbers.n,
        at,
        from_ms(numbers.clock_ms) if present else None,
        fit(offset_ms),
        fit(numbers.bound_ms),
        fit(numbers.uptime_s),
        numbers.signal_dbm,
        numbers.temperature_c,
        fit(numbers.storage_free_kib),
    )


def _slot_row(steady: Steady, slot_at: datetime, numbers: Sequence[Numbers]) -> SlotRow:
    return SlotRow(
        steady.identity.device_id,
        slot_at,
        len(numbers),
        min(_given(each.signal_dbm for each in numbers), default=None),
        steady.battery_pct,
        max(_given(each.temperature_c for each in numbers), default=None),
        steady.faults,
    )


def _given(values: Iterable[int | None]) -> Iterator[int]:
    return (value for value in values if value is not None)


@lru_cache(maxsize=10_000)
def _shared(logs: Logs) -> Logs:
    """The logs themselves, one object for all devices that hold the same."""
    return logs
