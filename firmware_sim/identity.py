"""Who a device is, whom it sounds for, and whose word it takes (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.wire.audience import Audience, Listener
from devices.wire.content import FILL, STREAM
from devices.wire.envelope import CheckingKey, SigningKey
from devices.wire.topics import device_log
from firmware_sim.saved import SavedKeys

FIRMWARE = "loa-ref 0.1"
CODECS = ("opus16", "opus8")
"""Renditions this speaker can play."""
SPEAKER, RADIO = "speaker", "radio"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster this device sounds or transmits for; `code` addresses a wireless one."""

    listener: Listener
    languages: tuple[str, ...]
    code: str = ""

    @property
    def id(self) -> str:
        return self.listener.cluster


@dataclass(frozen=True, slots=True)
class Identity:
    """One device: its own loudspeakers (absent for a bare gateway) and the wireless clusters it transmits to."""

    device: str
    commune: str
    model: str
    follows: tuple[str, ...]
    own: Cluster | None
    children: tuple[Cluster, ...] = ()
    codecs: tuple[str, ...] = CODECS
    parts: tuple[str, ...] = (STREAM, FILL)

    @property
    def logs(self) -> tuple[str, ...]:
        """The logs it follows: its authorities' and its own."""
        return (*self.follows, device_log(self.device))

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        return self.children if self.own is None else (self.own, *self.children)

    @property
    def outputs(self) -> dict[str, tuple[Cluster, ...]]:
        """The outputs it has, each with the clusters that hear it."""
        own = {} if self.own is None else {SPEAKER: (self.own,)}
        return own | ({RADIO: self.children} if self.children else {})

    def commune_of(self, device: str) -> str | None:
        """The commune of a device, as far as this one needs to know: its own only."""
        return self.commune if device == self.device else None


@dataclass(frozen=True, slots=True)
class Keys:
    """What the device trusts, signs with, and seals heartbeats with.

    standing: what was said at enrolment of the keys of an authority: until when each is used, which are retired.
    """

    trusted: Mapping[str, CheckingKey]
    signing: SigningKey
    mac: CheckingKey
    standing: Mapping[str, SavedKeys] = field(default_factory=dict)


def addressed(audience: Audience, clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    """Those of the clusters that are meant."""
    return tuple(cluster for cluster in clusters if audience.includes(cluster.listener))


def languages_of(clusters: Iterable[Cluster]) -> tuple[str, ...]:
    """The languages these clusters hear, each once, in the order they first appear."""
    return tuple(dict.fromkeys(language for cluster in clusters for language in cluster.languages))
