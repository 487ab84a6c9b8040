"""The broker and the network around it: it carries, never stores, and does to messages whatever a fault asks."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from devices.wire import topics
from simulation.diary import Diary
from simulation.virtual_loop import VirtualLoop

LATENCY_S = 0.02
KEEP_ALIVE_S = 45.0
"""One and a half keep-alive periods of 30 s: when a dead connection is noticed."""
MAX_BACKOFF_S = 30.0


@dataclass(slots=True)
class Weather:
    """What happens to the messages of one device, both ways. Shares from 0 to 1; delay in seconds."""

    loss: float = 0.0
    repeats: float = 0.0
    damage: float = 0.0
    delay_s: float = 0.0

    @property
    def calm(self) -> bool:
        return not (self.loss or self.repeats or self.damage or self.delay_s)


class Station(Protocol):
    """A device as the network sees it."""

    name: str
    follows: tuple[str, ...]
    powered: bool

    def link_up(self) -> None: ...
    def link_down(self) -> None: ...
    def receive(self, topic: str, payload: bytes) -> None: ...


class ServerSide(Protocol):
    """The server as the broker sees it."""

    def arrived(self, topic: str, payload: bytes) -> None: ...
    def broker_is_up(self) -> None: ...
    def broker_is_down(self) -> None: ...


@dataclass(slots=True)
class Path:
    """One device's way to the broker.

    open: a network is there. resting: the device keeps its link down to spare its battery. deaf: the connection is dead
    and nobody knows yet. since_s: when it was connected or lost its connection.
    """

    station: Station
    weather: Weather = field(default_factory=Weather)
    open: bool = True
    resting: bool = False
    connected: bool = False
    deaf: bool = False
    since_s: float = 0.0
    generation: int = 0
    trying: bool = False


class Broker:
    """`up` may be switched off; `tap` sees, and may keep back, everything that goes through."""

    def __init__(self, loop: VirtualLoop, source: random.Random, diary: Diary) -> None:
        self._loop, self._random, self._diary = loop, source, diary
        self._retained: dict[str, bytes] = {}
        self.paths: dict[str, Path] = {}
        self.server: ServerSide | None = None
        self.up = True
        self.tap: Callable[[str, bytes, str], bool] | None = None
        """Called with topic, payload and the device it is for (empty: for the server); False keeps it back."""

    def add(self, station: Station) -> Path:
        path = self.paths[station.name] = Path(station)
        return path

    # --- from the server

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """From the server; False when the broker is not there."""
        if not self.up:
            return False
        if retain:
            self._retained[topic] = payload
        calm = []
        for path in self._subscribers(topic):
            if self.tap is not None and not self.tap(topic, payload, path.station.name):
                continue
            if path.weather.calm:
                calm.append((path, path.generation))
            else:
                self._through_weather(path, partial(self._down, path, path.generation, topic), payload)
        if calm:
            self._loop.call_later(LATENCY_S, self._down_to_all, calm, topic, payload)
        return True

    def inject(self, device: str, topic: str, payload: bytes) -> None:
        """Somebody who owns the broker sends this to a device."""
        path = self.paths[device]
        self._loop.call_later(LATENCY_S, self._down, path, path.generation, topic, payload)

    def inject_up(self, topic: str, payload: bytes) -> None:
        """Somebody who owns the broker sends this to the server."""
        self._loop.call_later(LATENCY_S, self._up, topic, payload)

    def _subscribers(self, topic: str) -> list[Path]:
        parts = topic.split("/")
        if parts[2] == "d":
            path = self.paths.get(parts[3])
            return [path] if path is not None and path.connected else []
        return [path for path in self.paths.values() if path.connected and parts[3] in path.station.follows]

    def _down_to_all(self, paths: list[tuple[Path, int]], topic: str, payload: bytes) -> None:
        for path, generation in paths:
            self._down(path, generation, topic, payload)

    def _down(self, path: Path, generation: int, topic: str, payload: bytes) -> None:
        if path.connected and not path.deaf and path.generation == generation:
            path.station.receive(topic, payload)

    # --- from a device

    def publish_from(self, device: str, topic: str, payload: bytes) -> None:
        path = self.paths[device]
        if not path.connected or path.deaf or (self.tap is not None and not self.tap(topic, payload, "")):
            return
        if path.weather.calm:
            self._loop.call_later(LATENCY_S, self._up, topic, payload)
        else:
            self._through_weather(path, lambda data: self._up(topic, data), payload)

    def _up(self, topic: str, payload: bytes) -> None:
        if self.up and self.server is not None:
            self.server.arrived(topic, payload)

    def _through_weather(self, path: Path, deliver: Callable[[bytes], None], payload: bytes) -> None:
        weather, chance = path.weather, self._random.random
        for _ in range(2 if chance() < weather.repeats else 1):
            if chance() < weather.loss:
                self._diary.faults["message lost"] += 1
                continue
            data = payload
            if chance() < weather.damage:
                self._diary.faults["message damaged"] += 1
                data = damaged(payload, self._random)
            self._loop.call_later(LATENCY_S + chance() * weather.delay_s, deliver, data)

    # --- connections

    def consider(self, device: str) -> None:
        """Something changed for this device: connect after a pause, or lose the connection."""
        path = self.paths[device]
        possible = self._possible(path)
        if path.connected and not possible:
            self.drop(device)
        elif possible and not path.connected and not path.trying:
            path.trying = True
            # The first time, everybody is let in at once; later a pause has grown, and chance spreads it.
            pause_s = self._random.random() ** 3 * MAX_BACKOFF_S if path.generation else 0.0
            self._loop.call_later(0.3 + pause_s, self._connect, path)

    def rest(self, device: str, *, resting: bool) -> None:
        """The device takes its link down, or wants it again; what it said last still goes out."""
        self.paths[device].resting = resting
        self._loop.call_later(2 * LATENCY_S, self.consider, device)

    def _possible(self, path: Path) -> bool:
        return self.up and path.open and path.station.powered and not path.resting

    def drop(self, device: str) -> None:
        """The connection ends, and the device knows it if it has power."""
        path = self.paths[device]
        if not path.connected:
            return
        path.connected = path.deaf = False
        path.generation, path.since_s = path.generation + 1, self._loop.time()
        if path.station.powered:
            path.station.link_down()
        self.consider(device)

    def deafen(self, device: str) -> None:
        """The connection is dead without a word; it is noticed when the keep-alive runs out."""
        path = self.paths[device]
        if path.connected and not path.deaf:
            path.deaf = True
            self._loop.call_later(KEEP_ALIVE_S, self._notice, path, path.generation)

    def go_down(self) -> None:
        """Stop: every connection ends, what was retained is lost."""
        self.up = False
        self._retained.clear()
        for device in self.paths:
            self.drop(device)
        if self.server is not None:
            self.server.broker_is_down()

    def come_up(self) -> None:
        self.up = True
        if self.server is not None:
            self.server.broker_is_up()
        for device in self.paths:
            self.consider(device)

    def _notice(self, path: Path, generation: int) -> None:
        if path.deaf and path.generation == generation:
            self.drop(path.station.name)

    def _connect(self, path: Path) -> None:
        path.trying = False
        if path.connected or not self._possible(path):
            return
        path.connected, path.generation, path.since_s = True, path.generation + 1, self._loop.time()
        path.station.link_up()
        for authority in path.station.follows:
            retained = self._retained.get(topics.head(authority))
            if retained is not None:
                self._loop.call_later(LATENCY_S, self._down, path, path.generation, topics.head(authority), retained)


def damaged(payload: bytes, source: random.Random) -> bytes:
    """Cut short, or with some bits turned."""
    if source.random() < 0.3:
        return payload[: source.randrange(len(payload))]
    data = bytearray(payload)
    for _ in range(source.randrange(1, 4)):
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return bytes(data)
