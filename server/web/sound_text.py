"""Typing a text and having it spoken."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web.fields import speed
from server.web.page import Page, WritePage
from server.web.sound_steps import heading, keep, on_to_details, target_of

router = APIRouter(include_in_schema=False)

VOICES = {
    "vi": N_("Vietnamese, northern"),
    "vi-vn-x-central": N_("Vietnamese, central"),
    "vi-vn-x-south": N_("Vietnamese, southern"),
    "en": N_("English"),
}
"""The voices that are always there → their names on the screen; others bring their own."""
_BLANK = {"text": "", "voice": "vi", "speed": "1.0"}


@router.get("/announcements/new/text")
async def text_form(page: WritePage, target: str = "") -> HTMLResponse:
    return await _text_form(page, target, _BLANK)


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
        return await _text_form(page, target, _BLANK | form, error)
    return on_to_details(asset, target)


async def _text_form(page: Page, target: str, form: Mapping[str, str], error: LoaError | None = None) -> HTMLResponse:
    voices = [{"id": each.id, "label": VOICES.get(each.id, each.title)} for each in page.runtime.audio.voices()]
    announcement = await target_of(page, target)
    return page.html("announcements/text.html", error=error, target=announcement, form=form, voices=voices)
