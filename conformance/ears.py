"""What the device said, checked with its keys as it arrives, and kept for the rules to look at."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.authorities import Key
from conformance.names import DEVICE
from conformance.standing import Standing
from devices.wire import topics
from devices.wire.blocks import Want
from devices.wire.envelope import CheckingKey, Kind, unseal, verify
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.reports import Heartbeat, Hello, Receipt
from devices.wire.trust import digest

_KINDS = {
    topics.Up.HELLO: Kind.HELLO,
    topics.Up.HEARTBEAT: Kind.HEARTBEAT,
    topics.Up.RECEIPT: Kind.RECEIPT,
    topics.Up.WANT: Kind.WANT,
}


@dataclass(slots=True)
class Told:
    """One receipt and when it was told, in monotonic seconds; `by` names the carrier of each time."""

    receipt: Receipt
    envelope: bytes
    digest: bytes
    at_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HeardHello:
    hello: Hello
    at_s: float


@dataclass(frozen=True, slots=True)
class HeardBeat:
    beat: Heartbeat
    at_s: float


class Ears:
    """Hears one device. `on_news` is called after each message that was good."""

    def __init__(self, key: Key, mac: bytes, standing: Standing, on_news: Callable[[Kind], None]) -> None:
        self._public = CheckingKey.from_public(DEVICE, key.public)
        self._secret = CheckingKey.from_secret(DEVICE, mac)
        self._standing, self._on_news = standing, on_news
        self.hellos: list[HeardHello] = []
        self.beats: list[HeardBeat] = []
        self.told: dict[bytes, Told] = {}
        self.wants: list[Want] = []
        self.byes: list[bytes] = []
        self.haves: dict[str, Haves] = {}

    @property
    def receipts(self) -> list[Receipt]:
        """Every receipt so far, by number."""
        return sorted((told.receipt for told in self.told.values()), key=lambda receipt: receipt.n)

    def of(self, occurrence: str) -> list[Receipt]:
        """The receipts of an occurrence, by number."""
        return [receipt for receipt in self.receipts if receipt.occurrence == occurrence]

    def about(self, order: str) -> list[Receipt]:
        """The receipts of an order, by number."""
        return [receipt for receipt in self.receipts if receipt.order == order]

    def hear(self, topic: str, payload: bytes) -> None:
        """A message on one of the device's uplink topics."""
        try:
            device, up = topics.parse_up(topic)
        except BadMessage:
            self._standing.spoke(topic, "not a topic of the protocol")
            return
        if device != DEVICE:
            return
        if up is topics.Up.BYE:
            self.byes.append(payload)
        else:
            self.take(_KINDS[up], payload)

    def take(self, kind: Kind, payload: bytes) -> None:
        """A message of this kind, by whatever carrier."""
        try:
            self._take(kind, payload)
        except BadMessage as bad:
            self._standing.spoke(kind.value, f"{bad.reason} {bad.detail}")
        else:
            self._standing.spoke(kind.value, "")
            self._on_news(kind)

    def _take(self, kind: Kind, data: bytes) -> None:
        if kind in {Kind.HEARTBEAT, Kind.WANT}:
            payload = unseal(kind, data, lambda kid: self._secret if kid == DEVICE else None).payload
        else:
            payload = verify(kind, data, lambda kid: self._public if kid == DEVICE else None).payload
        match kind:
            case Kind.HELLO:
                self._hello(Hello.from_map(payload))
            case Kind.HEARTBEAT:
                self._beat(Heartbeat.from_map(payload))
            case Kind.RECEIPT:
                self._receipt(Receipt.from_map(payload), data)
            case _:
                want = Want.from_map(payload)
                _check_own(want.device)
                self.wants.append(want)

    def _hello(self, hello: Hello) -> None:
        _check_own(hello.device)
        self._standing.hello(hello)
        self.haves = dict(hello.haves)
        self.hellos.append(HeardHello(hello, time.monotonic()))

    def _beat(self, beat: Heartbeat) -> None:
        _check_own(beat.device)
        self._standing.heartbeat(beat)
        self.haves = dict(beat.haves)
        self.beats.append(HeardBeat(beat, time.monotonic()))

    def _receipt(self, receipt: Receipt, data: bytes) -> None:
        _check_own(receipt.device)
        name = digest(data)
        self._standing.receipt(receipt, name)
        told = self.told.setdefault(name, Told(receipt, data, name))
        told.at_s.append(time.monotonic())


def _check_own(device: str) -> None:
    if device != DEVICE:
        raise BadMessage("foreign", device)
