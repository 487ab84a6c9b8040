"""What every way to a new sound shares: keeping it, naming it, going on to its details."""

from urllib.parse import urlencode

from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset
from audio.service import PreparedAsset
from base.errors import NotFound
from schedules.models import Announcement
from server import uploads
from server.web.announcements import find
from server.web.page import Page

_HEADING_LENGTH = 80
_LONGEST_ENDING = 4


async def keep(page: Page, prepared: PreparedAsset, *, title: str) -> AudioAsset:
    """Write what was prepared as a sound of this commune, audited."""
    return await uploads.keep(page.runtime, page.me, prepared, page.place.id, title)


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
    stem = first.rsplit(".", 1)[0] if len(first.rsplit(".", 1)[-1]) <= _LONGEST_ENDING else first
    return stem.replace("_", " ").strip()[:_HEADING_LENGTH] or "?"


def details_path(asset_id: str) -> str:
    """The second step, about this sound."""
    return f"/announcements/new/details?asset={asset_id}"


def on_to_details(asset: AudioAsset, target: str) -> RedirectResponse:
    """To the second step."""
    return go_with(details_path(asset.id), target=target)


def go_with(path: str, **values: str) -> RedirectResponse:
    """On to a page, with those of these values that are not empty."""
    more = query(**values)
    return RedirectResponse(f"{path}&{more[1:]}" if more and "?" in path else f"{path}{more}", 303)


def query(**values: str) -> str:
    """The end of an address, from its question mark, with those of these values that are not empty."""
    more = urlencode({name: value for name, value in values.items() if value})
    return f"?{more}" if more else ""
