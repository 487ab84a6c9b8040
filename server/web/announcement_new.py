"""A new announcement in steps: its sound, its details; checking and sending is its own page's."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile as FormFile

from audio.models import AudioAsset
from audio.service import PreparedAsset
from base.errors import LoaError, NotFound, Refused
from schedules.models import Announcement
from server.api.assets import prepare_upload
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web.announcements import changed, find
from server.web.fields import speed, whole
from server.web.page import Page, WritePage, go

router = APIRouter(include_in_schema=False)

VOICES = {
    "vi": N_("Vietnamese, northern"),
    "vi-vn-x-central": N_("Vietnamese, central"),
    "vi-vn-x-south": N_("Vietnamese, southern"),
    "en": N_("English"),
}
"""The voices that are always there → their names on the screen; others bring their own."""
_BLANK = {"language": "vi", "text": "", "voice": "vi", "speed": "1.0"}
MB = 1_000_000


@router.get("/announcements/new")
async def sound_form(page: WritePage, target: str = "") -> HTMLResponse:
    return await _sound_form(page, target, _BLANK)


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
        asset = await _keep(page, prepared, title=_heading(file.filename))
    except LoaError as error:
        return await _sound_form(page, target, _BLANK | {"language": language}, error)
    return _on(asset, target)


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
        asset = await _keep(page, prepared, title=_heading(words))
    except LoaError as error:
        return await _sound_form(page, target, _BLANK | form, error)
    return _on(asset, target)


@router.get("/announcements/new/details")
async def details_form(page: WritePage, asset: str, target: str = "") -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        sound = await _sound(page, session, asset)
    form = {"title": sound.title, "play_class": 1, "language": sound.language or "vi"}
    return await _details_form(page, sound, target, form)


@router.post("/announcements/new/details")
async def details(page: WritePage) -> Response:
    """Make the draft, or add the sound to an announcement as another language."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    target = form.get("target", "")
    async with page.runtime.database.reading() as session:
        sound = await _sound(page, session, form.get("asset", ""))
    try:
        it = await (_add_language(page, target, sound, form) if target else _create(page, sound, form))
    except LoaError as error:
        return await _details_form(page, sound, target, form, error)
    return go(f"/announcements/{it.id}", "written")


async def _keep(page: Page, prepared: PreparedAsset, *, title: str) -> AudioAsset:
    place_id = page.place.id
    async with page.act() as act:
        asset = await page.runtime.audio.save(
            act.session, prepared, commune_id=place_id, title=title, user_id=page.me.id
        )
        await act.done("add_sound", f"asset/{asset.id}", place_id, source=asset.source)
    return asset


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


async def _sound(page: Page, session: AsyncSession, asset_id: str) -> AudioAsset:
    sound = await page.runtime.audio.get(session, asset_id)
    if sound.commune_id != page.place.id:
        raise NotFound("audio.asset_unknown", asset_id=asset_id)
    return sound


async def _target(page: Page, target: str) -> Announcement | None:
    if not target:
        return None
    async with page.runtime.database.reading() as session:
        return (await find(page, session, target)).announcement


async def _sound_form(page: Page, target: str, form: Mapping[str, Any], error: LoaError | None = None) -> HTMLResponse:
    limits = page.runtime.settings.limits
    shown = {
        "bytes": limits.upload_bytes,
        "megabytes": limits.upload_bytes // MB,
        "minutes": limits.sound_s // 60,
    }
    voices = [{"id": each.id, "label": VOICES.get(each.id, each.title)} for each in page.runtime.audio.voices()]
    announcement = await _target(page, target)
    return page.html("announcements/new.html", error=error, target=announcement, form=form, voices=voices, limits=shown)


async def _details_form(
    page: Page, sound: AudioAsset, target: str, form: Mapping[str, Any], error: LoaError | None = None
) -> HTMLResponse:
    announcement = await _target(page, target)
    return page.html("announcements/details.html", error=error, asset=sound, target=announcement, form=form)


def _heading(words: str) -> str:
    """A first title: the file's name without its ending, or the first words of the text."""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "?")
    stem = first.rsplit(".", 1)[0] if len(first.rsplit(".", 1)[-1]) <= 4 else first
    return stem.replace("_", " ").strip()[:80] or "?"


def _on(asset: AudioAsset, target: str) -> RedirectResponse:
    return go(f"/announcements/new/details?asset={asset.id}" + (f"&target={target}" if target else ""))
