"""Typing a text and having it spoken."""

from fastapi import APIRouter
from fastapi.responses import Response

from base.errors import LoaError
from server.auth.permissions import Permission
from server.web.announcement_new import BLANK, sound_form_again
from server.web.fields import speed
from server.web.page import WritePage
from server.web.sound_steps import heading, keep, on_to_details

router = APIRouter(include_in_schema=False)


@router.post("/announcements/new/text")
async def text(page: WritePage) -> Response:
    """Speak a text and keep the sound."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    target = form.get("target", "")
    try:
        page.me.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
        voice = form.get("voice", "vi")
        language = next((each.language for each in page.runtime.audio.voices() if each.id == voice), "")
        words = form.get("text", "")
        prepared = await page.runtime.audio.prepare_text(
            words, language=language, voice=voice, speed=speed(form, "speed")
        )
        asset = await keep(page, prepared, title=heading(words))
    except LoaError as error:
        return await sound_form_again(page, target, BLANK | form, error)
    return on_to_details(asset, target)
