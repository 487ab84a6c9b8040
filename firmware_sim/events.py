"""What can happen to a speaker (pure values)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Booted:
    """Power is on and what was saved is loaded. health: what the sensors say, the charge of the battery above all."""

    health: "Health | None" = None


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker accepted us and our subscriptions are on their way."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection is gone."""


@dataclass(frozen=True, slots=True)
class OrderReceived:
    """Bytes that claim to be a signed order, by whatever carrier."""

    data: bytes
    carrier: str = "mqtt"


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """Bytes that claim to be a frame for this device: missing orders, acknowledgements, beacons, blocks of content."""

    data: bytes


@dataclass(frozen=True, slots=True)
class BeaconReceived:
    """Bytes that claim to be a signed beacon."""

    data: bytes


@dataclass(frozen=True, slots=True)
class BundleTaken:
    """A courier's bundle was read to its end, found right, and its contents are here; its messages claim to be signed.

    id: nothing of it was taken before.
    """

    id: str
    expires_ms: int
    orders: tuple[bytes, ...] = ()
    beacons: tuple[bytes, ...] = ()
    acks: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class BeatAsked:
    """A carrier is about to hand over what there is to tell: a heartbeat goes with it."""


@dataclass(frozen=True, slots=True)
class ContentStored:
    """This content is on flash and its hash is right."""

    sha256: bytes


@dataclass(frozen=True, slots=True)
class ContentFailed:
    """This content cannot be had for now (`not_found`, `corrupt`, `full`), or was dropped (`dropped`)."""

    sha256: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """The player came to the end of run `run`, or gave up (`reason` not empty) after `sounded_ms`."""

    output: str
    occurrence: str
    run: int
    sounded_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """A reading of the sensors, as the heartbeat states it."""

    power: str = "grid"
    battery_pct: int | None = None
    link: str = "4g"
    signal_dbm: int | None = None
    temperature_c: int | None = None
    storage_free_kib: int = 0
    storage_total_kib: int = 0
    faults: tuple[str, ...] = ()
    children: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    Booted
    | LinkUp
    | LinkDown
    | OrderReceived
    | FrameReceived
    | BeaconReceived
    | BundleTaken
    | BeatAsked
    | ContentStored
    | ContentFailed
    | SoundEnded
    | Health
    | Tick
)
