"""Which clusters of an audience could not sound a broadcast, because their controllers are of an older kind."""

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from server.web.audience import Chosen
from server.web.page import Page


async def unable(page: Page, session: AsyncSession, announcement_id: str, chosen: Chosen) -> list[str]:
    """Their names; nothing while nobody is chosen, or the announcement has nothing that could be sounded."""
    audience = chosen.audience
    if audience is None or not announcement_id:
        return []
    try:
        parts = await page.runtime.programme.parts(session, announcement_id)
        found = await page.runtime.devices.unable(session, page.place.id, audience, parts)
    except LoaError:
        return []  # what is wrong with either is said where it is chosen
    return sorted(cluster.name for cluster in found)
