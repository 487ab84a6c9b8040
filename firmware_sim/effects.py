"""What a speaker wants done (pure values), and the turn that collects it.

Within one turn everything kept comes first: it is one transaction on flash, durable before anything sounds or is told.
"""

from dataclasses import dataclass, field

from devices.wire.blocks import Block
from devices.wire.content import Rendition
from devices.wire.haves import Haves
from devices.wire.orders import PlayClass
from devices.wire.reports import Receipt
from devices.wire.trust import SignedOrder
from firmware_sim.clock import Reading
from firmware_sim.plan import SoundPlan
from firmware_sim.saved import Loss, Mark, SavedConfig, SavedKeys


@dataclass(frozen=True, slots=True)
class KeepOrder:
    """Keep the signed bytes until `forget_ms`."""

    signed: SignedOrder
    forget_ms: int


@dataclass(frozen=True, slots=True)
class KeepHaves:
    log: str
    haves: Haves


@dataclass(frozen=True, slots=True)
class KeepMark:
    mark: Mark


@dataclass(frozen=True, slots=True)
class KeepReceipt:
    """Keep the signed receipt, and its number and digest as the end of the chain."""

    receipt: Receipt
    envelope: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class DropReceipts:
    """The server has these."""

    held: Haves


@dataclass(frozen=True, slots=True)
class KeepConfig:
    saved: SavedConfig


@dataclass(frozen=True, slots=True)
class KeepKeys:
    """Whom to trust for an authority from now on."""

    authority: str
    saved: SavedKeys


@dataclass(frozen=True, slots=True)
class KeepBundle:
    """A courier's bundle was taken; another copy of it is refused until it expires."""

    bundle: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class KeepLoss:
    """When flash was lost."""

    loss: Loss


@dataclass(frozen=True, slots=True)
class Prune:
    """Drop orders, marks and names of bundles that were to be forgotten before this wall-clock moment."""

    before_ms: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """Bring this content here, the least `urgency_ms` first; answered by ContentStored or ContentFailed.

    `bank`: it belongs to the message bank. `emergency`: for a real one, which alone may take the bank's room.
    """

    rendition: Rendition
    urgency_ms: int
    bank: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Forget:
    """No order needs this content any more: stop fetching it; it may go when room is wanted."""

    sha256: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """Make this sound from a position; its end is told by SoundEnded with the same `run`.

    emergency: a real one, to be heard even if flash has failed.
    codes, play_class: for an output that is a transmitter: the clusters it addresses, and what its encoder is told.
    """

    output: str
    occurrence: str
    run: int
    plan: SoundPlan
    position_ms: int
    volume: int
    emergency: bool
    codes: tuple[str, ...] = ()
    play_class: PlayClass = PlayClass.NORMAL


@dataclass(frozen=True, slots=True)
class Tune:
    """These live streams are due soon."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    output: str
    occurrence: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand a message to the link; lost when there is none.

    stated: it may only go out while everything kept until now is durable, and is told again otherwise.
    """

    topic: str
    payload: bytes
    stated: bool = False


@dataclass(frozen=True, slots=True)
class TakeBlock:
    """A block of content came in a frame."""

    block: Block


@dataclass(frozen=True, slots=True)
class Link:
    """Have the link up, or take it down until told otherwise."""

    up: bool


@dataclass(frozen=True, slots=True)
class Log:
    """Something for the log; `alarming` when a person should look at it."""

    event: str
    reason: str = ""
    detail: str = ""
    alarming: bool = False


Keep = (
    KeepOrder
    | KeepHaves
    | KeepMark
    | KeepReceipt
    | DropReceipts
    | KeepConfig
    | KeepKeys
    | KeepBundle
    | KeepLoss
    | Prune
)
Effect = Keep | Fetch | Forget | Sound | Tune | Silence | TakeBlock | Publish | Log | Link

_TOLD = Publish | Log


@dataclass(slots=True)
class Turn:
    """One event being handled: the moment, whether the link is up, and the effects so far."""

    now: Reading
    linked: bool
    effects: list[Effect] = field(default_factory=list)

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def publish(self, topic: str, payload: bytes, *, stated: bool = False) -> None:
        """Publish when there is a link."""
        if self.linked:
            self.effects.append(Publish(topic, payload, stated))

    def in_order(self) -> list[Effect]:
        """Kept first, then sound and content, then what is told to others; the link is taken down after that."""
        return sorted(self.effects, key=_place)


def _place(effect: Effect) -> int:
    if isinstance(effect, Keep):
        return 0
    if isinstance(effect, Link):
        return 3
    return 2 if isinstance(effect, _TOLD) else 1
