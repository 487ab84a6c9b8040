"""When what is planned ends, after what it sounds was changed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from schedules import content
from schedules.dispatch import with_times
from schedules.repository import programme as rows


async def retime(session: AsyncSession, audio: AudioService, announcement_ids: Collection[str], now: datetime) -> None:
    """Let what is planned of these end when they end as they sound now: clashes and calendars go by it.

    What is just being ordered is left to who orders it, and goes by the sounds of the order.
    """
    planned = await rows.planned_of(session, announcement_ids, now)
    known = await content.load(session, audio, {row.announcement_id or "" for row in planned})
    for row in planned:
        with_times(row, known[row.announcement_id or ""].parts(row.play_class))
