"""A broker in the wrong hands: it forges, replays and withholds; it has heard every message, and has no key."""

import random
from collections import deque

from base.ids import id_to_bytes, new_id
from devices.wire import topics
from devices.wire.content import Tone
from devices.wire.down import Frame
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.orders import Level, Play, PlayClass, Status
from simulation import town
from simulation.broker import Broker, damaged
from simulation.clocks import ServerClock
from simulation.diary import Diary
from simulation.virtual_loop import VirtualLoop

REMEMBERS = 3_000
STRIKES_EVERY_S = 6.0
_SIREN = Tone(((600, 900, 2_000, 1),), repeat=3)


class Enemy:
    """Listens all the time; strikes while it owns the broker."""

    def __init__(
        self, loop: VirtualLoop, source: random.Random, broker: Broker, clock: ServerClock, diary: Diary
    ) -> None:
        self._loop, self._random, self._broker, self._clock, self._diary = loop, source, broker, clock, diary
        self._seen: deque[tuple[str, bytes]] = deque(maxlen=REMEMBERS)
        self._keys = [
            SigningKey.from_seed(f"{authority}#{epoch}", bytes([epoch]) * 32)
            for authority in (town.COMMUNE, town.PROVINCE)
            for epoch in (1, 2)
        ]
        self._withheld: frozenset[str] = frozenset()
        self._strikes = False
        broker.tap = self._tap

    def begin(self) -> None:
        """Own the broker."""
        self._strikes = True
        self._withheld = frozenset(self._random.sample(["orders", "head", "down", "hello", "receipt"], 2))
        self._diary.fault("enemy broker", "broker", f"withholds {', '.join(sorted(self._withheld))}")
        self._strike()

    def end(self) -> None:
        """Be thrown out."""
        self._strikes = False
        self._withheld = frozenset()

    def _tap(self, topic: str, payload: bytes, _device: str) -> bool:
        kind = topic.rpartition("/")[2]
        if kind != "heartbeat" or self._random.random() < 0.1:
            self._seen.append((topic, payload))
        return not (self._strikes and kind in self._withheld)

    def _strike(self) -> None:
        if not self._strikes:
            return
        blow = self._random.choice((self._replay, self._replay, self._forge, self._alter, self._misplace, self._frame))
        blow()
        self._loop.call_later(self._random.random() * STRIKES_EVERY_S, self._strike)

    def _replay(self) -> None:
        """Something old, to whomever."""
        if self._seen:
            topic, payload = self._random.choice(self._seen)
            self._send(topic, payload, "replay")

    def _alter(self) -> None:
        if self._seen:
            topic, payload = self._random.choice(self._seen)
            self._send(topic, damaged(payload, self._random), "alter")

    def _misplace(self) -> None:
        """The right bytes under the wrong topic: an order as a beacon, one device's word as another's."""
        if len(self._seen) > 1:
            (topic, _), (_, payload) = self._random.sample(list(self._seen), 2)
            self._send(topic, payload, "misplace")

    def _frame(self) -> None:
        """Old orders of any log, as if the server had sent what was missing."""
        orders = [payload for topic, payload in self._seen if topic.endswith("/orders")]
        if orders:
            chosen = tuple(self._random.sample(orders, min(len(orders), 5)))
            device = self._random.choice(sorted(self._broker.paths))
            self._send(topics.down(device), Frame(orders=chosen).to_bytes(), "replay")

    def _forge(self) -> None:
        """A siren of its own, signed with a key nobody trusts."""
        key = self._random.choice(self._keys)
        authority = key.kid.partition("#")[0]
        now_ms = int(self._clock().timestamp() * 1_000)
        play = Play(
            occurrence=new_id(),
            start_ms=None,
            parts=(_SIREN,),
            play_class=PlayClass.EMERGENCY,
            level=Level.COMMUNE,
            status=Status.ACTUAL,
        )
        payload = {
            "v": 1,
            "id": id_to_bytes(new_id()),
            "log": authority,
            "seq": self._random.randrange(1, 200),
            "prev": bytes(32),
            "iat": now_ms,
            "exp": now_ms + 600_000,
            "type": "play",
            "to": {},
            "body": play.to_map(),
        }
        self._send(topics.orders(authority), sign(Kind.ORDER, payload, key), "forge")

    def _send(self, topic: str, payload: bytes, kind: str) -> None:
        self._diary.faults[f"enemy: {kind}"] += 1
        if "/up/" in topic:
            self._broker.inject_up(topic, payload)
            return
        for device in self._random.sample(sorted(self._broker.paths), 4):
            self._broker.inject(device, topic, payload)
