"""What every way to a new sound shares: keeping it, naming it, going on to its details."""

from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset
from audio.service import PreparedAsset
from base.errors import NotFound
from schedules.models import Announcement
from server.web.announcements import find
from server.web.page import Page, go


async def keep(page: Page, prepared: PreparedAsset, *, title: str) -> AudioAsset:
    """Write what was prepared as a sound of this commune, audited."""
    place_id = page.place.id
    async with page.act() as act:
        asset = await page.runtime.audio.save(
            act.session, prepared, commune_id=place_id, title=title, user_id=page.me.id
        )
        await act.done("add_sound", f"asset/{asset.id}", place_id, source=asset.source)
    return asset


async def sound_of(page: Page, session: AsyncSession, asset_id: str) -> AudioAsset:
    """A sound of this commune. Raises NotFound."""
    sound = await page.runtime.audio.get(session, asset_id)
    if sound.commune_id != page.place.id:
        raise NotFound("audio.asset_unknown", asset_id=asset_id)
    return sound


async def target_of(page: Page, target: str) -> Announcement | None:
    """The announcement that is to get another language; None when the sound starts a new one. Raises NotFound."""
    if not target:
        return None
    async with page.runtime.database.reading() as session:
        return (await find(page, session, target)).announcement


def heading(words: str) -> str:
    """A first title: the file's name without its ending, or the first words of the text."""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "?")
    stem = first.rsplit(".", 1)[0] if len(first.rsplit(".", 1)[-1]) <= 4 else first
    return stem.replace("_", " ").strip()[:80] or "?"


def on_to_details(asset: AudioAsset, target: str) -> RedirectResponse:
    """To the second step."""
    return go(f"/announcements/new/details?asset={asset.id}" + (f"&target={target}" if target else ""))
