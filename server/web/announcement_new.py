"""A new announcement in steps: its sound, its details; checking and sending is its own page's."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, UploadFile
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile as FormFile

from audio.models import AudioAsset
from base.errors import LoaError, Refused
from schedules.models import Announcement
from server.api.assets import prepare_upload
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web.announcements import changed, find
from server.web.fields import whole
from server.web.page import Page, WritePage, go
from server.web.sound_steps import heading, keep, on_to_details, sound_of, target_of

router = APIRouter(include_in_schema=False)

VOICES = {
    "vi": N_("Vietnamese, northern"),
    "vi-vn-x-central": N_("Vietnamese, central"),
    "vi-vn-x-south": N_("Vietnamese, southern"),
    "en": N_("English"),
}
"""The voices that are always there → their names on the screen; others bring their own."""
BLANK = {"language": "vi", "text": "", "voice": "vi", "speed": "1.0"}
MB = 1_000_000


@router.get("/announcements/new")
async def sound_form(page: WritePage, target: str = "") -> HTMLResponse:
    return await sound_form_again(page, target, BLANK)


@router.post("/announcements/new/upload")
async def upload(page: WritePage) -> Response:
    """Check, clean, level and keep an uploaded sound."""
    form = await page.request.form()
    target, language = str(form.get("target", "")), str(form.get("language", "vi"))
    file = form.get("file")
    try:
        page.me.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
        if not isinstance(file, FormFile) or not file.filename:
            raise Refused("server.upload_missing")
        prepared = await prepare_upload(page.runtime, UploadFile(file.file, filename=file.filename), language=language)
        asset = await keep(page, prepared, title=heading(file.filename))
    except LoaError as error:
        return await sound_form_again(page, target, BLANK | {"language": language}, error)
    return on_to_details(asset, target)


@router.get("/announcements/new/details")
async def details_form(page: WritePage, asset: str, target: str = "") -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        sound = await sound_of(page, session, asset)
    form = {"title": sound.title, "play_class": 1, "language": sound.language or "vi"}
    return await _details_form(page, sound, target, form)


@router.post("/announcements/new/details")
async def details(page: WritePage) -> Response:
    """Make the draft, or add the sound to an announcement as another language."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    target = form.get("target", "")
    async with page.runtime.database.reading() as session:
        sound = await sound_of(page, session, form.get("asset", ""))
    try:
        it = await (_add_language(page, target, sound, form) if target else _create(page, sound, form))
    except LoaError as error:
        return await _details_form(page, sound, target, form, error)
    return go(f"/announcements/{it.id}", "written")


async def _create(page: Page, sound: AudioAsset, form: Mapping[str, str]) -> Announcement:
    async with page.act() as act:
        act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
        it = await page.runtime.announcements.create(
            act.session,
            place_id=page.place.id,
            title=form.get("title", ""),
            play_class=whole(form, "play_class"),
            versions={form.get("language", "vi"): sound.id},
            user_id=page.me.id,
        )
        await act.done("write_announcement", f"announcement/{it.id}", it.place_id, changed(it))
    return it


async def _add_language(page: Page, target: str, sound: AudioAsset, form: Mapping[str, str]) -> Announcement:
    async with page.act() as act:
        view = await find(page, act.session, target)
        it = view.announcement
        act.require(Permission.WRITE_ANNOUNCEMENT, it.place_id)
        versions = {version.language: version.asset.id for version in view.versions}
        it = await page.runtime.announcements.edit(
            act.session,
            it.id,
            revision=it.revision,
            user_id=page.me.id,
            versions=versions | {form.get("language", "vi"): sound.id},
        )
        await act.done(
            "edit_announcement", f"announcement/{it.id}", it.place_id, changed(it), language=form.get("language", "vi")
        )
    return it


async def sound_form_again(
    page: Page, target: str, form: Mapping[str, Any], error: LoaError | None = None
) -> HTMLResponse:
    """The first step, with what was typed and why it was refused."""
    limits = page.runtime.settings.limits
    shown = {
        "bytes": limits.upload_bytes,
        "megabytes": limits.upload_bytes // MB,
        "minutes": limits.sound_s // 60,
    }
    voices = [{"id": each.id, "label": VOICES.get(each.id, each.title)} for each in page.runtime.audio.voices()]
    announcement = await target_of(page, target)
    return page.html("announcements/new.html", error=error, target=announcement, form=form, voices=voices, limits=shown)


async def _details_form(
    page: Page, sound: AudioAsset, target: str, form: Mapping[str, Any], error: LoaError | None = None
) -> HTMLResponse:
    announcement = await target_of(page, target)
    return page.html("announcements/details.html", error=error, asset=sound, target=announcement, form=form)
