"""Rules that hold in everything a device says, all the time: judged message by message while other rules are tried."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.names import DEVICE, FOLLOWS
from conformance.packets import Connect, Packet, Publish, Subscribe
from devices.wire import topics
from devices.wire.haves import Haves
from devices.wire.reports import Heartbeat, Hello, Receipt

STANDING = {
    "connection.mqtt": "MQTT 3.1.1, clean session, keep-alive 30 s; client id and user name are the device's name.",
    "connection.will": "The last will is on up/bye, QoS 0, not retained, at most 256 bytes.",
    "connection.topics": "It publishes below its own up/ and subscribes to its own down and its authorities, QoS 0.",
    "connection.hello_first": "At every connection it says hello before anything else.",
    "encoding.own_messages": "What it says is signed or sealed by it, canonical, and within the limits of every field.",
    "heartbeat.counts": "Its heartbeats are numbered upwards within a boot.",
    "heartbeat.haves_grow": "What it holds of a log only grows, also over power cuts.",
    "receipts.same_bytes": "A receipt that is told again has the same bytes.",
    "receipts.chained": "Each receipt names the SHA-256 of the one before, across boots.",
    "receipts.numbered": "Receipts are numbered without holes, across boots.",
    "receipts.one_final": "Each airing ends in exactly one final receipt.",
    "receipts.silent_after_ack": "An acknowledged receipt is not told again.",
    "exchange.form": "What it hands over by HTTP is an up frame of application/cbor.",
    "receipts.own_clusters": "A receipt speaks for the device's own clusters.",
}
"""Rule → what it asks for."""

MAX_WILL_BYTES = 256
_LIVE = f"{topics.PREFIX}/live/"


@dataclass
class Standing:
    """What was seen of each standing rule, and the first breach of each."""

    cluster: str
    seen: Counter[str] = field(default_factory=Counter)
    breaches: dict[str, str] = field(default_factory=dict)
    _greeted: set[int] = field(default_factory=set)
    _last_beat: tuple[int, int] = (-1, -1)
    _haves: dict[str, Haves] = field(default_factory=dict)
    _digests: dict[int, bytes] = field(default_factory=dict)
    _prevs: dict[int, bytes] = field(default_factory=dict)
    _finals: dict[str, int] = field(default_factory=dict)

    def judge(self, rule: str, kept: bool, why: str) -> None:  # noqa: FBT001 - the verdict itself
        """Count one more case of a rule."""
        self.seen[rule] += 1
        if not kept:
            self.breaches.setdefault(rule, why)

    # --- the connection

    def packet(self, connection: int, packet: Packet) -> None:
        """One packet of the device's own."""
        match packet:
            case Connect():
                self._connect(packet)
            case Subscribe(wanted=wanted):
                for topic, qos in wanted:
                    self.judge("connection.topics", qos == 0 and _may_hear(topic), f"subscribed to {topic}, QoS {qos}")
            case Publish(topic=topic, qos=qos, retained=retained):
                fits = topic.startswith(f"{topics.PREFIX}/d/{DEVICE}/up/") and qos == 0 and not retained
                self.judge("connection.topics", fits, f"published on {topic}, QoS {qos}, retained {retained}")
                if connection not in self._greeted:
                    self._greeted.add(connection)
                    hello = topic == topics.up(DEVICE, topics.Up.HELLO)
                    self.judge("connection.hello_first", hello, f"the first message of a connection was on {topic}")

    def _connect(self, how: Connect) -> None:
        named = how.client_id == DEVICE == how.user
        fits = how.level == 4 and how.clean and how.keepalive_s == 30 and named
        self.judge("connection.mqtt", fits, f"connected as {how}")
        will = how.will_topic == topics.up(DEVICE, topics.Up.BYE) and how.will_qos == 0 and not how.will_retained
        self.judge("connection.will", will and how.will_bytes <= MAX_WILL_BYTES, f"connected with {how}")

    # --- what it says

    def spoke(self, topic: str, problem: str) -> None:
        """A message was read; `problem` is empty when it was good."""
        self.judge("encoding.own_messages", not problem, f"{topic}: {problem}")

    def hello(self, hello: Hello) -> None:
        self._grown(hello.haves)

    def heartbeat(self, beat: Heartbeat) -> None:
        number = (beat.boot, beat.n)
        self.judge("heartbeat.counts", number > self._last_beat, f"heartbeat {number} after {self._last_beat}")
        self._last_beat = max(self._last_beat, number)
        self._grown(beat.haves)

    def _grown(self, haves: Mapping[str, Haves]) -> None:
        for log, now in haves.items():
            before = self._haves.get(log, Haves())
            gone = next(iter(lost(before, now)), None)
            self.judge("heartbeat.haves_grow", gone is None, f"{log}: number {gone} was held and is not any more")
            self._haves[log] = now

    def receipt(self, receipt: Receipt, digest: bytes) -> None:
        n = receipt.n
        first = n not in self._digests
        self.judge("receipts.same_bytes", self._digests.setdefault(n, digest) == digest, f"two receipts number {n}")
        if not first:
            return
        self._prevs[n] = receipt.prev
        clusters = receipt.clusters == (self.cluster,)
        self.judge("receipts.own_clusters", clusters, f"receipt {n} speaks for {receipt.clusters}")
        if receipt.occurrence is not None and receipt.state.final:
            count = self._finals[receipt.occurrence] = self._finals.get(receipt.occurrence, 0) + 1
            self.judge("receipts.one_final", count == 1, f"{count} final receipts for {receipt.occurrence}")

    def close(self) -> None:
        """Judge what only the whole shows."""
        numbers = sorted(self._digests)
        if not numbers:
            return
        missing = sorted(set(range(1, numbers[-1] + 1)) - set(numbers))
        self.judge("receipts.numbered", not missing, f"numbers {missing[:5]} of {numbers[-1]} were never told")
        for n in numbers:
            before = bytes(32) if n == 1 else self._digests.get(n - 1)
            if before is not None:
                fits = self._prevs[n] == before
                self.judge("receipts.chained", fits, f"receipt {n} does not name the one before")


def _may_hear(topic: str) -> bool:
    own = [topics.down(DEVICE), *(name(a) for a in FOLLOWS for name in (topics.orders, topics.head))]
    return topic in own or topic.startswith(_LIVE)


def lost(before: Haves, now: Haves) -> list[int]:
    """Some numbers that were held and are not."""
    edges = [before.upto, *(edge for pair in before.above for edge in pair)]
    return [edge for edge in edges if edge and edge not in now]
