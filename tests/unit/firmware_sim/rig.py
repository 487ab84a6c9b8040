"""A speaker on a test bench: virtual clock, flash in memory, a player that sounds in virtual time, real signatures."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import new_id
from devices.wire import topics
from devices.wire.audience import Audience, Listener
from devices.wire.beacon import Beacon
from devices.wire.config import Config, Hours
from devices.wire.content import Rendition, Speech, Tone, Version
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign, unseal, verify
from devices.wire.orders import Body, Order, Play
from devices.wire.reports import Ack, Heartbeat, Hello, Receipt, ReceiptState
from devices.wire.trust import digest
from firmware_sim import events
from firmware_sim.clock import Reading
from firmware_sim.effects import Effect, Fetch, Keep, Link, Publish, Silence, Sound
from firmware_sim.identity import Cluster, Identity, Keys
from firmware_sim.memory import MemoryFlash
from firmware_sim.speaker import Speaker

T0 = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000
"""Midnight UTC of a day in 2026."""
HOUR = 3_600_000
TONE = Tone(((600, 600, 10_000, 0),))
SEEDS = {name: bytes([n]) * 32 for n, name in enumerate(("bao-nhai", "lao-cai", "vn", "device", "enemy", "mac"), 1)}
COMMUNE, PROVINCE, COUNTRY = (SigningKey.from_seed(f"{name}#1", SEEDS[name]) for name in ("bao-nhai", "lao-cai", "vn"))
ENEMY = SigningKey.from_seed("bao-nhai#1", SEEDS["enemy"])
DEVICE = SigningKey.from_seed("bn-s01", SEEDS["device"])
MAC = CheckingKey.from_secret("bn-s01", SEEDS["mac"])
OPEN = Config(Hours((), 420))


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


TRUSTED = {
    f"{name}#1": CheckingKey.from_public(f"{name}#1", public_of(SEEDS[name])) for name in ("bao-nhai", "lao-cai", "vn")
}
DEVICE_PUBLIC = CheckingKey.from_public("bn-s01", public_of(SEEDS["device"]))
KEYS = Keys(TRUSTED, DEVICE, MAC)
SIGNERS = {"bao-nhai": COMMUNE, "lao-cai": PROVINCE, "vn": COUNTRY, "d/bn-s01": COMMUNE}


def cluster(name: str, village: str, *, code: str = "") -> Cluster:
    return Cluster(Listener(name, frozenset({village, "bao-nhai", "lao-cai"})), ("vi",), code)


SMART = Identity("bn-s01", "bao-nhai", "loa-ref", ("bao-nhai", "lao-cai", "vn"), cluster("bn-s01", "bn-v01"))
GATEWAY = Identity(
    "bn-s01",
    "bao-nhai",
    "loa-ref",
    ("bao-nhai", "lao-cai", "vn"),
    cluster("bn-s01", "bn-v01"),
    (cluster("bn-w01", "bn-v02", code="0101"), cluster("bn-w02", "bn-v03", code="0102")),
)


def speech(number: int = 1, duration_ms: int = 20_000, codecs: tuple[str, ...] = ("opus16",)) -> Speech:
    renditions = tuple(
        Rendition(bytes([number, place]) * 16, 40_000 // (place + 1), codec, duration_ms)
        for place, codec in enumerate(codecs)
    )
    return Speech((Version("vi", renditions),))


def play(start_ms: int | None = T0 + 10_000, **changes: Any) -> Play:
    values: dict[str, Any] = {"occurrence": new_id(), "start_ms": start_ms, "parts": (TONE,)}
    return Play(**(values | changes))


def ack(*envelopes: bytes) -> bytes:
    """A frame that acknowledges these receipts."""
    stored = tuple(digest(envelope) for envelope in envelopes)
    return Frame(acks=(sign(Kind.ACK, Ack("bn-s01", stored).to_map(), COMMUNE),)).to_bytes()


def beacon(head: int, floor: int = 1, log: str = "bao-nhai", at_ms: int = T0, tip: bytes = bytes(32)) -> bytes:
    return sign(Kind.BEACON, Beacon(log, head, floor, tip, at_ms).to_map(), SIGNERS[log])


@dataclass
class Server:
    """Writes the logs."""

    seqs: dict[str, int] = field(default_factory=dict)

    def order(self, body: Body, log: str = "bao-nhai", **changes: Any) -> bytes:
        """A signed order, the next of its log unless `seq` says otherwise."""
        self.seqs[log] = seq = changes.pop("seq", self.seqs.get(log, 0) + 1)
        key = changes.pop("key", None) or SIGNERS[log]
        values: dict[str, Any] = {
            "id": new_id(),
            "log": log,
            "seq": seq,
            "prev": bytes(32),
            "issued_ms": T0,
            "expires_ms": T0 + HOUR,
            "audience": Audience(),
            "body": body,
        }
        return sign(Kind.ORDER, Order(**(values | changes)).to_map(), key)


@dataclass
class Rig:
    """One device. `effects` is everything it ever wanted; `heard` what sounded: (from, to, occurrence, output)."""

    identity: Identity = SMART
    defaults: Config = OPEN
    sure: bool = True
    fetches: bool = True
    fetch_ms: int = 1_000
    wall_ms: int = T0
    mono_ms: int = 0
    battery_pct: int | None = None
    """What the sensors say at a start."""

    def __post_init__(self) -> None:
        self.flash = MemoryFlash()
        self.server = Server()
        self.effects: list[Effect] = []
        self.receipts: list[Receipt] = []
        self.links: list[tuple[int, bool]] = []
        self.heard: list[tuple[int, int, str, str]] = []
        self._sounds: dict[str, tuple[Sound, int]] = {}
        self._arrivals: list[tuple[int, bytes]] = []
        self._envelopes: list[bytes] = []
        self._boot()

    def _boot(self) -> None:
        saved = self.flash.boot()
        self.speaker = Speaker(self.identity, KEYS, saved, defaults=self.defaults, jitter=Random(1).random)
        self.feed(events.Booted(events.Health(battery_pct=self.battery_pct)))

    @property
    def now(self) -> Reading:
        return Reading(self.wall_ms, self.mono_ms, sure=self.sure)

    def feed(self, event: events.Event) -> list[Effect]:
        effects = self.speaker.handle(event, self.now)
        self.effects += effects
        kept = [effect for effect in effects if isinstance(effect, Keep)]
        assert effects[: len(kept)] == kept, "something happened before all was kept"
        self.flash.keep(kept)
        for effect in effects:
            self._carry_out(effect)
        return effects

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Sound():
                assert effect.output not in self._sounds, "two sounds on one output"
                self._sounds[effect.output] = (effect, self.mono_ms)
            case Silence():
                self._silence(effect.output)
            case Link(up=up):
                self.links.append((self.wall_ms, up))
                self.feed(events.LinkUp() if up else events.LinkDown())
            case Fetch() if self.fetches:
                self._arrivals.append((self.mono_ms + self.fetch_ms, effect.rendition.sha256))
            case Publish(topic=topic, payload=payload) if topic == topics.up("bn-s01", topics.Up.RECEIPT):
                if payload not in self._envelopes:
                    self._envelopes.append(payload)
                    self.receipts.append(
                        Receipt.from_map(verify(Kind.RECEIPT, payload, lambda _: DEVICE_PUBLIC).payload)
                    )

    def _silence(self, output: str) -> None:
        held = self._sounds.pop(output, None)
        if held is not None:
            sound, since = held
            self.heard.append((self.wall_ms - (self.mono_ms - since), self.wall_ms, sound.occurrence, output))

    def order(self, body: Body, log: str = "bao-nhai", **changes: Any) -> bytes:
        """Sign an order and give it to the device."""
        data = self.server.order(body, log, **changes)
        self.feed(events.OrderReceived(data))
        return data

    def run(self, ms: int) -> None:
        """Let virtual time pass."""
        end = self.mono_ms + ms
        while self.mono_ms < end:
            moments = [self.speaker.wake_at(self.now), end]
            moments += [due for due, _ in self._arrivals] + [self._ends_at(name) for name in self._sounds]
            step = max(0, min(moments) - self.mono_ms)
            self.mono_ms, self.wall_ms = self.mono_ms + step, self.wall_ms + step
            self._happen()

    def _ends_at(self, output: str) -> int:
        sound, since = self._sounds[output]
        total = sound.plan.total_ms
        return 2**53 if total is None else since + total - sound.position_ms

    def _happen(self) -> None:
        for output in [name for name in self._sounds if self._ends_at(name) <= self.mono_ms]:
            sound, _ = self._sounds[output]
            self._silence(output)
            self.feed(events.SoundEnded(output, sound.occurrence, sound.run, sound.plan.total_ms or 0))
        for due, sha in [arrival for arrival in self._arrivals if arrival[0] <= self.mono_ms]:
            self._arrivals.remove((due, sha))
            self.feed(events.ContentStored(sha))
        self.feed(events.Tick())

    def power_cut(self, off_ms: int = 0, *, spoilt: bool = False) -> None:
        """Power goes, and comes back after a while; the flash remains, or was spoilt and built anew."""
        if spoilt:
            self.flash.spoil()
        for output in list(self._sounds):
            self._silence(output)
        self._arrivals.clear()
        self.wall_ms += off_ms
        self.mono_ms = 0
        self._boot()

    def link(self) -> None:
        self.feed(events.LinkUp())

    def acknowledge(self, upto: int = 10**6) -> None:
        """Acknowledge what was told, up to a number."""
        told = [e for e, receipt in zip(self._envelopes, self.receipts, strict=True) if receipt.n <= upto]
        self.feed(events.FrameReceived(ack(*told)))

    def states(self, occurrence: str | None = None) -> list[tuple[ReceiptState, str]]:
        """State and reason of every receipt told so far, in order; of one occurrence when given."""
        return [(r.state, r.reason) for r in self.receipts if occurrence is None or r.occurrence == occurrence]

    def sounded(self, output: str = "speaker") -> list[tuple[int, int, str]]:
        """What has sounded, as (from, to, occurrence), milliseconds after T0; what still sounds up to now."""
        now = [
            (self.wall_ms - (self.mono_ms - since), self.wall_ms, sound.occurrence, name)
            for name, (sound, since) in self._sounds.items()
        ]
        return [(a - T0, b - T0, occ) for a, b, occ, name in [*self.heard, *now] if name == output]

    def published(self, kind: topics.Up) -> list[bytes]:
        topic = topics.up("bn-s01", kind)
        return [e.payload for e in self.effects if isinstance(e, Publish) and e.topic == topic]

    def heartbeats(self) -> list[Heartbeat]:
        beats = self.published(topics.Up.HEARTBEAT)
        return [Heartbeat.from_map(unseal(Kind.HEARTBEAT, data, lambda _: MAC).payload) for data in beats]

    def hellos(self) -> list[Hello]:
        hellos = self.published(topics.Up.HELLO)
        return [Hello.from_map(verify(Kind.HELLO, data, lambda _: DEVICE_PUBLIC).payload) for data in hellos]
