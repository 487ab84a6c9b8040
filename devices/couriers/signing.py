"""Whose signature the devices of a bundle will know (pure)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from devices.models import AuthorityKey
from devices.wire.haves import Haves


class Trusting(NamedTuple):
    """What decides which keys a device trusts: when its device file was made, what it holds of its commune's log."""

    enrolled_at: datetime
    held: Haves


def common_epochs(keys: Iterable[AuthorityKey], devices: Sequence[Trusting]) -> list[int]:
    """The epochs of an authority that every one of these devices is known to trust, the newest first.

    A village that only couriers reach may have slept through a change of keys: the very bundle that tells it of the
    new one must be signed by one that it knows.
    """
    known = [key for key in keys if all(_trusts(device, key) for device in devices)]
    return sorted((key.epoch for key in known if key.signing_from is not None), reverse=True)


def _trusts(device: Trusting, key: AuthorityKey) -> bool:
    """By its device file, or by the orders that announced and retired the key, as far as it has shown to hold them."""
    if _told(device, key.retired_at, key.retired_seq):
        return False
    return key.announced_seq is None or _told(device, key.made_at, key.announced_seq)


def _told(device: Trusting, at: datetime | None, seq: int | None) -> bool:
    if at is None:
        return False
    return device.enrolled_at > at or (seq is not None and seq in device.held)
