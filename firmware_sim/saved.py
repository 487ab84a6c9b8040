"""What a device finds on its flash when it boots (pure values)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.wire.config import Config
from devices.wire.haves import Haves

FORGET_AFTER_MS = 86_400_000
"""Orders and marks outlive the order's expiry by a day, so that no late copy finds them forgotten."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one airing on one output has come.

    `proven_ms` has certainly sounded. `ahead_ms` may have sounded: after a power cut the sound goes on from there, so
    that nothing is heard twice. `began_wall_ms` is None before the first sample. `stored`: the receipt that its content
    is here was written. `final`: its last receipt was written.
    """

    occurrence: str
    output: str
    forget_ms: int
    ahead_ms: int = 0
    proven_ms: int = 0
    began_wall_ms: int | None = None
    stored: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class SavedConfig:
    """The configuration in force and when it was issued."""

    config: Config
    issued_ms: int


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A public key of an authority; past `until_ms` it is used with a warning. None: nobody said until when."""

    epoch: int
    public: bytes
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that was replaced: an order signed by it counts as held when its number is below `below`."""

    epoch: int
    public: bytes
    below: int


@dataclass(frozen=True, slots=True)
class SavedKeys:
    """Whom a device trusts for one authority, since the keys order numbered `seq` of its log; 0: since enrolment.

    former: every other key that was ever trusted here; it opens nothing but orders found on flash.
    """

    seq: int
    keys: tuple[HeldKey, ...]
    retired: tuple[RetiredKey, ...] = ()
    former: tuple[HeldKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """Flash was spoilt and built anew from what could be read, at `at_ms`; None while no sure clock has told when.

    What may have begun before that moment, and of which nothing kept says how far it came, does not begin again.
    """

    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """Everything kept. `boot` counts this boot already; `receipts` are those not acknowledged, by number.

    keys: by authority. bundles: those taken, with their expiry in Unix milliseconds.
    """

    boot: int = 1
    orders: tuple[bytes, ...] = ()
    haves: Mapping[str, Haves] = field(default_factory=dict)
    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict)
    receipts: Mapping[int, bytes] = field(default_factory=dict)
    last_receipt: int = 0
    last_digest: bytes = bytes(32)
    config: SavedConfig | None = None
    keys: Mapping[str, SavedKeys] = field(default_factory=dict)
    bundles: Mapping[str, int] = field(default_factory=dict)
    loss: Loss | None = None
