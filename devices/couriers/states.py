"""How far a bundle has come, by what is proved of it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from devices.couriers.models import BundleDevice, Carriage, CourierBundle, HandOver


class BundleState(StrEnum):
    """PREPARED: the file is there. CARRIED: somebody has it. HANDED_OVER: every device it is for took it.

    PLAYED: and every airing it brought has come to its end, by receipts. EXPIRED: not handed over everywhere in time.
    """

    PREPARED = "prepared"
    CARRIED = "carried"
    HANDED_OVER = "handed_over"
    PLAYED = "played"
    EXPIRED = "expired"


class Progress(NamedTuple):
    """How many airings of a bundle's orders there are for its devices, and how many have come to their end."""

    airings: int
    ended: int


@dataclass(frozen=True, slots=True)
class BundleView:
    """A bundle with its way so far."""

    bundle: CourierBundle
    devices: Sequence[BundleDevice]
    carriages: Sequence[Carriage]
    progress: Progress
    state: BundleState

    @property
    def handed(self) -> int:
        """How many of its devices took it, as far as somebody says so."""
        return sum(bool(each.proof) for each in self.devices)

    @property
    def proved(self) -> int:
        """How many of them said so themselves, in a return file."""
        return sum(each.proof == HandOver.RETURN for each in self.devices)


def view(
    bundle: CourierBundle,
    devices: Sequence[BundleDevice],
    carriages: Sequence[Carriage],
    progress: Progress,
    now: datetime,
) -> BundleView:
    """The bundle and its state."""
    state = _state(bundle, devices, carriages, progress, now)
    return BundleView(bundle, devices, carriages, progress, state)


def _state(
    bundle: CourierBundle,
    devices: Sequence[BundleDevice],
    carriages: Sequence[Carriage],
    progress: Progress,
    now: datetime,
) -> BundleState:
    if devices and all(each.proof for each in devices):
        played = progress.airings > 0 and progress.ended == progress.airings
        return BundleState.PLAYED if played else BundleState.HANDED_OVER
    if now >= bundle.expires_at:
        return BundleState.EXPIRED
    return BundleState.CARRIED if carriages or any(each.proof for each in devices) else BundleState.PREPARED
