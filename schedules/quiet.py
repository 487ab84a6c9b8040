"""Who is left in peace, and when: the pauses of a place as they are kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from devices.wire.orders import PlayClass
from schedules.conflicts import Slot
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.models import Occurrence, PauseRow
from schedules.pauses import Occasion, Pause, Silence, less_silent, placed, silent
from schedules.repository import programme as rows
from schedules.slots import heard_slots, slot_of


def pause_of(row: PauseRow) -> Pause | None:
    """A pause as it holds; None when it was called off before it began."""
    end = row.end_at if row.ended_at is None else min(row.end_at, row.ended_at)
    if end <= row.start_at:
        return None
    return Pause(
        id=row.id,
        whom=read_audience(row.audience),
        start=row.start_at,
        end=end,
        occasion=Occasion(row.occasion),
        who=row.who,
        note=row.note,
        up_to=PlayClass(row.up_to),
    )


def silences(kept: Iterable[PauseRow], ground: Ground) -> tuple[Silence, ...]:
    """The pauses that hold, each with its clusters as they are now."""
    held = (pause_of(row) for row in kept)
    return placed([pause for pause in held if pause is not None], ground.listeners)


async def load(session: AsyncSession, ground: Ground, start: datetime, end: datetime) -> tuple[Silence, ...]:
    """Those of a place that touch [start, end)."""
    kept = await rows.pauses(session, ground.place.id, start, end)
    return silences(kept, ground) if kept else ()


async def left_out(session: AsyncSession, ground: Ground, row: Occurrence) -> frozenset[str]:
    """The clusters meant by an occurrence that are paused when it would sound."""
    found = await load(session, ground, row.start_at, row.ends_at + timedelta.resolution)
    return silent(slot_of(row, ground, whole=True), found) if found else frozenset()


async def slots(
    session: AsyncSession, ground: Ground, found: Sequence[Occurrence], start: datetime, end: datetime
) -> list[Slot]:
    """Occurrences of [start, end) for those who are to hear them, by the pauses as they are now."""
    held = await load(session, ground, start, end)
    return [less_silent(slot, held) for slot in heard_slots(found, ground)]
