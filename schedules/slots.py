"""Occurrences as the slots that clashes, limits and pauses are judged by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from devices.wire.orders import Status
from schedules.conflicts import Slot
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.models import Occurrence


class Meant(Protocol):
    """What of an occurrence's row makes its slot."""

    @property
    def id(self) -> str: ...
    @property
    def start_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def play_class(self) -> int: ...
    @property
    def status(self) -> Status: ...
    @property
    def audience(self) -> Mapping[str, Any]: ...
    @property
    def volume(self) -> int: ...


def slot_of(row: Occurrence, ground: Ground, *, whole: bool = False) -> Slot:
    """An occurrence with the clusters that are to hear it; `whole`: with those a pause leaves out."""
    meant = ground.meant(read_audience(row.audience))
    if not whole:
        meant = meant.difference(row.paused)
    return _slot(row, meant, gateways_of(meant, ground))


def slots_of(found: Sequence[Meant], ground: Ground) -> list[Slot]:
    """The same of many, with those a pause leaves out; an audience that many have is looked up once."""
    known: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    slots: list[Slot] = []
    for row in found:
        key = str(row.audience)
        if key not in known:
            meant = ground.meant(read_audience(row.audience))
            known[key] = meant, gateways_of(meant, ground)
        slots.append(_slot(row, *known[key]))
    return slots


def heard_slots(found: Sequence[Occurrence], ground: Ground) -> list[Slot]:
    """The same of many, with the clusters that are to hear them."""
    return [
        slot_of(row, ground) if row.paused else slot for row, slot in zip(found, slots_of(found, ground), strict=True)
    ]


def gateways_of(clusters: frozenset[str], ground: Ground) -> frozenset[str]:
    """The gateways that transmit to these clusters."""
    return frozenset(ground.transmitters[cluster] for cluster in clusters if cluster in ground.transmitters)


def _slot(row: Meant, clusters: frozenset[str], gateways: frozenset[str]) -> Slot:
    actual = row.status is Status.ACTUAL
    return Slot(row.id, row.start_at, row.ends_at, row.play_class, clusters, gateways, row.volume, actual)


def around(slots: list[Slot]) -> tuple[datetime, datetime]:
    """From the first beginning to the last end; there must be one."""
    return min(slot.start for slot in slots), max(slot.end for slot in slots)
