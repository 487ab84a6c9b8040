"""What is planned of an announcement, after that was changed: its class and level, and when it ends."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from schedules import content
from schedules.dispatch import with_times
from schedules.repository import announcements
from schedules.repository import programme as rows


async def retime(session: AsyncSession, audio: AudioService, announcement_ids: Collection[str], now: datetime) -> None:
    """Let what is planned of these be what they are now, and end when they do: clashes and calendars go by it.

    What is just being ordered is left to who orders it, and goes by what is approved then.
    """
    planned = await rows.planned_of(session, announcement_ids, now)
    known = await content.load(session, audio, {row.announcement_id or "" for row in planned})
    for row in planned:
        content.as_approved(row, known[row.announcement_id or ""])
        with_times(row, known[row.announcement_id or ""].parts(row.play_class))
    about = await announcements.many(session, announcement_ids)
    for schedule in await rows.free_schedules(session, announcement_ids):
        schedule.play_class = about[schedule.announcement_id].play_class
