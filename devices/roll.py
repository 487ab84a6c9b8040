"""The roll of devices whose heartbeats are steady, and what they said that is not in the database yet.

A steady heartbeat is taken here the moment it comes, in a few microseconds; everything else goes the long way, which
alone decides what is refused. Nothing here is needed: after a restart the roll is empty and fills by itself.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum, auto
from itertools import islice

from base.times import Clock
from devices.shape import Shape, number
from devices.steady import Drawn, Logs, Said, Steady
from devices.uplink import Identity
from devices.wire import topics
from devices.wire.envelope import CheckingKey, Kind
from devices.wire.mac0 import Sender
from devices.wire.reports import Heartbeat
from devices.wire.topics import Up

MAX_DEVICES = 250_000
"""The devices of a country; about 1.5 KB each."""
MAX_UNWRITTEN = 50_000
"""Steady heartbeats that may wait for the database; those beyond are dropped, and the next ones say it all again."""

_MAX_BYTES = Kind.HEARTBEAT.max_bytes

Group = tuple[str, Logs]
"""A commune, and what its devices hold of the logs they all follow."""


class Way(Enum):
    """What becomes of a message: taken here, to be looked at in full, or dropped because too many wait."""

    SHORT = auto()
    LONG = auto()
    NONE = auto()


class Roll:
    """In the memory of one server process. Who writes draws, and says afterwards what became of it."""

    def __init__(self, clock: Clock, capacity: int = MAX_UNWRITTEN) -> None:
        self._clock, self._capacity = clock, capacity
        self._by_topic: dict[str, Steady] = {}
        self._unwritten: dict[str, Steady] = {}
        self._waiting = 0
        self._elsewhere: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_topic)

    @property
    def waiting(self) -> int:
        """Heartbeats taken that are not in the database yet."""
        return self._waiting

    @property
    def unwritten(self) -> Collection[str]:
        """The devices with such heartbeats."""
        return self._unwritten.keys()

    def take(self, topic: str, envelope: bytes) -> Way:
        """Take a heartbeat when it is a steady successor of its device's last one; it is dropped when too many wait."""
        steady = self._by_topic.get(topic)
        if steady is None or steady.identity.device_id in self._elsewhere or len(envelope) > _MAX_BYTES:
            return Way.LONG
        payload = steady.sender.payload(envelope)
        raw = None if payload is None else steady.shape.read(payload)
        if raw is None or (n := number(raw[0])) <= steady.n:
            return Way.LONG
        if self._waiting >= self._capacity:
            return Way.NONE
        steady.n = n
        steady.said.append(Said(envelope, raw, self._clock()))
        self._unwritten[steady.identity.device_id] = steady
        self._waiting += 1
        return Way.SHORT

    def goes_long_way(self, device_id: str) -> None:
        """A message of this device goes the long way; until it came to its end, none overtakes it here."""
        self._elsewhere[device_id] += 1

    def came_long_way(self, device_id: str) -> None:
        """One of those came to its end."""
        if self._elsewhere[device_id] <= 1:
            del self._elsewhere[device_id]
        else:
            self._elsewhere[device_id] -= 1

    def learn(self, identity: Identity, beat: Heartbeat, envelope: bytes, mac_key: CheckingKey) -> None:
        """Put a device on the roll after a heartbeat of it that went the long way is in the database."""
        topic = topics.up(identity.device_id, Up.HEARTBEAT)
        known = self._by_topic.get(topic)
        if identity.device_id in self._unwritten or (known is None and len(self._by_topic) >= MAX_DEVICES):
            return
        sender = Sender(identity.device_id, mac_key.secret or b"", Kind.HEARTBEAT.aad)
        payload = sender.payload(envelope)
        shape = None if payload is None else Shape.of(payload)
        if shape is None or beat.quiet_until_ms is not None:
            self.forget(identity.device_id)
        else:
            self._by_topic[topic] = Steady(identity, beat, sender, shape)

    def forget(self, device_id: str) -> None:
        """Strike a device off; what it said and is not written yet, stays."""
        self._by_topic.pop(topics.up(device_id, Up.HEARTBEAT), None)

    def draw(self, limit: int) -> list[Drawn]:
        """What is to be written now, of so many devices."""
        return list(self._drawn(list(islice(self._unwritten, limit))))

    def draw_of(self, device_ids: Iterable[str]) -> list[Drawn]:
        """What is to be written now, of these devices."""
        return list(self._drawn([device_id for device_id in device_ids if device_id in self._unwritten]))

    def _drawn(self, device_ids: Iterable[str]) -> Iterator[Drawn]:
        for device_id in device_ids:
            steady = self._unwritten.pop(device_id)
            said, steady.said = steady.said, []
            yield Drawn(steady, said)

    def written(self, drawn: Iterable[Drawn]) -> None:
        """These are in the database."""
        for each in drawn:
            each.steady.written_n = number(each.said[-1].raw[0])
            self._waiting -= len(each.said)

    def put_back(self, drawn: Iterable[Drawn]) -> None:
        """The database did not take these now."""
        for each in drawn:
            each.steady.said = [*each.said, *each.steady.said]
            self._unwritten[each.device_id] = each.steady

    def give_up(self, drawn: Iterable[Drawn]) -> list[tuple[str, bytes]]:
        """These are to go the long way after all, in their order, with what came meanwhile: (device, envelope)."""
        long_way = []
        for each in drawn:
            self.forget(each.device_id)
            later = self._unwritten.pop(each.device_id, None)
            said = [*each.said, *(later.said if later else ())]
            self._waiting -= len(said)
            long_way += [(each.device_id, one.envelope) for one in said]
        return long_way


def group_of(drawn: Drawn) -> Group:
    return drawn.steady.identity.commune_id, drawn.steady.logs


def behind(groups: Collection[Group], lines: Mapping[str, tuple[str, ...]], heads: Mapping[str, int]) -> set[Group]:
    """Those that lack an order of a log they follow. lines: commune → the authorities it follows."""
    return {group for group in groups if _behind(dict(group[1]), lines.get(group[0], ()), heads)}


def _behind(upto: Mapping[str, int], followed: Iterable[str], heads: Mapping[str, int]) -> bool:
    return any(upto.get(log, 0) < heads.get(log, 0) for log in followed)
