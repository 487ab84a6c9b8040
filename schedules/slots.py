"""Occurrences as the slots that clashes, limits and pauses are judged by."""

from datetime import datetime

from devices.wire.orders import Status
from schedules.conflicts import Slot
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.models import Occurrence


def slot_of(row: Occurrence, ground: Ground, *, whole: bool = False) -> Slot:
    """An occurrence with the clusters that are to hear it; `whole`: with those a pause leaves out."""
    meant = ground.meant(read_audience(row.audience))
    if not whole:
        meant = meant.difference(row.paused)
    gateways = frozenset(ground.transmitters[cluster] for cluster in meant if cluster in ground.transmitters)
    actual = row.status is Status.ACTUAL
    return Slot(row.id, row.start_at, row.ends_at, row.play_class, meant, gateways, row.volume, actual)


def around(slots: list[Slot]) -> tuple[datetime, datetime]:
    """From the first beginning to the last end; there must be one."""
    return min(slot.start for slot in slots), max(slot.end for slot in slots)
