"""The second step to a new announcement: the details of its sound. Checking and sending is its own page's."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from audio.models import AudioAsset
from base.errors import LoaError
from schedules.models import Announcement
from server.auth.permissions import Permission
from server.web import sound_report
from server.web.announcements import changed, find
from server.web.fields import whole
from server.web.page import Page, WritePage, go
from server.web.sound_steps import sound_of, target_of

router = APIRouter(include_in_schema=False)


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
    page.runtime.sound_work.use(sound.id)
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


async def _details_form(
    page: Page, sound: AudioAsset, target: str, form: Mapping[str, Any], error: LoaError | None = None
) -> HTMLResponse:
    announcement = await target_of(page, target)
    async with page.runtime.database.reading() as session:
        report = await page.runtime.audio.report(session, sound.id)
    return page.html(
        "announcements/details.html",
        error=error,
        asset=sound,
        target=announcement,
        form=form,
        report_view=sound_report.view(report),
    )
