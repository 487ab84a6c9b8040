"""What truly happened: orders issued, kept and received, sounds, power, silence. The judge's only source."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cbor2

from firmware_sim.effects import Effect, KeepOrder, KeepReceipt, Log, Sound
from firmware_sim.identity import RADIO, SPEAKER
from simulation import town
from simulation.device import Device
from simulation.diary import Diary
from simulation.issued import Issued
from simulation.loudspeaker import Heard
from simulation.town import ClusterFacts
from simulation.virtual_loop import VirtualLoop

CLOCK_DOUBT_MS = 5_000
LONG_AGO_MS = 10**12


@dataclass(slots=True)
class DeviceTruth:
    """What one device has gone through, in milliseconds of the world's clock.

    kept, received: order id → when, for the first time. stated_ms: when it last wrote a receipt. failed: airings that
    its player or its flash broke off. refused: orders that had expired by its own clock when it got them.
    """

    device: Device
    clusters: dict[str, tuple[ClusterFacts, ...]]
    powered_since_ms: int | None = None
    linked_since_ms: int | None = None
    clock_touched_ms: int = 0
    clock_set_ms: int = -LONG_AGO_MS
    """When somebody last set it wrong, or right again."""
    stated_ms: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    heard: dict[tuple[str, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    refused: set[str] = field(default_factory=set)
    failed: set[tuple[str, str]] = field(default_factory=set)
    cuts: int = 0
    flash_lost_wall_ms: list[int] = field(default_factory=list)
    """When flash was lost, in true wall-clock time."""

    def lost_flash_after(self, due_ms: int) -> bool:
        """Whether it lost flash after that moment of the day: then it rather keeps silent than repeat itself."""
        return any(lost_ms >= due_ms - CLOCK_DOUBT_MS for lost_ms in self.flash_lost_wall_ms)

    def addressed(self, output: str, order: Issued) -> tuple[ClusterFacts, ...]:
        """The clusters of an output that an order is for."""
        return tuple(cluster for cluster in self.clusters[output] if order.means(cluster))

    def permitted(self, wall_ms: int) -> bool:
        """Whether anything but a real emergency may sound then, by the hours this device was given."""
        config = self.device.config_kept
        minute = (wall_ms // 60_000 + town.OFFSET_MIN) % 1_440
        spans = town.hours_of(self.device.name) if config is None else config
        return any(low <= minute < high for low, high in spans)

    def reached_ms(self, output: str, occurrence: str, *, marked: bool = False) -> int:
        """The furthest position of an airing that was heard; -1 when it never sounded. marked: as flash knows."""
        found = [heard for heard in self.heard.get((output, occurrence), ()) if heard.marked or not marked]
        return max((heard.until_ms or heard.from_ms for heard in found), default=-1)

    def sounded_ms(self, output: str, occurrence: str) -> int:
        """How long it sounded in all."""
        found = self.heard.get((output, occurrence), ())
        return sum((heard.until_ms or heard.from_ms) - heard.from_ms for heard in found)


class Truth:
    """Sees everything. `on_issued`, `on_begins`, `on_kept`: the judge listens."""

    def __init__(self, loop: VirtualLoop, diary: Diary, path: Path) -> None:
        self._loop, self._diary = loop, diary
        self._database = sqlite3.connect(path, isolation_level=None)
        self._row = 0
        self.orders: dict[str, Issued] = {}
        self.plays: dict[str, Issued] = {}
        self.by_bytes: dict[bytes, Issued] = {}
        self.issued_at_ms: dict[str, int] = {}
        self.devices: dict[str, DeviceTruth] = {}
        self.retired: set[str] = set()
        """Keys that some order retired: what they signed is counted, and no more."""
        self.accepted: dict[str, int] = {}
        """Occurrences that were promised to an operator, and when."""
        self.asked: Counter[str] = Counter()
        """What operators wanted, by noun: however often they had to ask for it."""
        self.airings = 0
        self.on_issued: Callable[[Issued], None] = lambda _: None
        self.on_begins: Callable[[DeviceTruth, Heard], None] = lambda *_: None
        self.on_kept: Callable[[DeviceTruth, Issued], None] = lambda *_: None
        self.on_alarm: Callable[[DeviceTruth, Log], None] = lambda *_: None

    def add(self, device: Device) -> None:
        facts = town.clusters().values()
        own = tuple(each for each in facts if each.device == device.name and not each.wireless)
        children = tuple(each for each in facts if each.device == device.name and each.wireless)
        outputs = ({SPEAKER: own} if own else {}) | ({RADIO: children} if children else {})
        self.devices[device.name] = DeviceTruth(device, outputs)

    def close(self) -> None:
        self._database.close()

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What the server's database says."""
        return self._database.execute(sql, values).fetchall()

    def look(self) -> None:
        """After a commit: what is in the logs now was issued."""
        found = self._database.execute(
            "SELECT rowid, envelope FROM order_entry WHERE rowid > ? ORDER BY rowid", (self._row,)
        ).fetchall()
        for self._row, envelope in found:
            order = Issued.read(envelope)
            self.orders[order.id] = self.by_bytes[envelope] = order
            self.issued_at_ms[order.id] = self._loop.now_ms
            self.retired |= order.retires
            if order.occurrence:
                self.plays.setdefault(order.occurrence, order)
            self._diary.note("server", f"issues {order.type}", order.occurrence or order.id, f"{order.log} {order.seq}")
            self.on_issued(order)

    # --- what devices go through

    def booted(self, device: Device) -> None:
        self.devices[device.name].powered_since_ms = self._loop.now_ms
        self._diary.note(device.name, "boots")

    def power_lost(self, device: Device) -> None:
        truth = self.devices[device.name]
        truth.powered_since_ms, truth.clock_touched_ms, truth.cuts = None, self._loop.now_ms, truth.cuts + 1
        self._diary.note(device.name, "loses power")

    def received(self, device: Device, topic: str, payload: bytes) -> None:
        truth = self.devices[device.name]
        for envelope in _orders_in(topic, payload):
            order = self.by_bytes.get(envelope)
            if order is not None and order.id not in truth.received:
                truth.received[order.id] = self._loop.now_ms
                now = device.clock.read()
                if now.sure and now.wall_ms >= order.expires_ms:
                    truth.refused.add(order.id)

    def kept(self, device: Device, effects: Iterable[Effect]) -> None:
        truth = self.devices[device.name]
        for effect in effects:
            if isinstance(effect, KeepReceipt):
                truth.stated_ms = self._loop.now_ms
            elif isinstance(effect, KeepOrder):
                order = self.by_bytes.get(effect.signed.envelope)
                if order is not None and order.id not in truth.kept:
                    truth.kept[order.id] = self._loop.now_ms
                    self._diary.note(device.name, f"keeps {order.type}", order.occurrence or order.id)
                    self.on_kept(truth, order)

    def noted(self, device: Device, log: Log) -> None:
        if log.alarming:
            self._diary.note(device.name, f"alarm {log.event}", detail=f"{log.reason} {log.detail}")
            self.on_alarm(self.devices[device.name], log)

    def flash_lost(self, device: Device) -> None:
        truth = self.devices[device.name]
        truth.flash_lost_wall_ms.append(device.clock.true_wall_ms)
        truth.kept = {order: at for order, at in truth.kept.items() if order in device.flash.orders}

    def broke_off(self, device: Device, sound: Sound, reason: str) -> None:
        self.devices[device.name].failed.add((sound.output, sound.occurrence))
        self._diary.note(device.name, "breaks off", sound.occurrence, reason)

    def begins(self, heard: Heard) -> None:
        truth = self.devices[heard.device]
        self.airings += 1
        self._diary.note(heard.device, "sounds", heard.occurrence, f"{heard.output} from {heard.from_ms}")
        self.on_begins(truth, heard)
        truth.heard[heard.output, heard.occurrence].append(heard)

    def ends(self, heard: Heard) -> None:
        self._diary.note(heard.device, "falls silent", heard.occurrence, f"{heard.output} at {heard.until_ms}")


def _orders_in(topic: str, payload: bytes) -> Iterable[bytes]:
    if topic.endswith("/orders"):
        return (payload,)
    if topic.endswith("/down"):
        try:
            frame = cbor2.loads(payload)
            return [each for each in frame.get("orders", ()) if isinstance(each, bytes)]
        except Exception:  # noqa: BLE001 - damaged on the way: then it holds nothing the judge knows
            return ()
    return ()
