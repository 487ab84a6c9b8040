"""Sending a sound file, or what the recorder recorded; watching it being prepared."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as FormFile

from base.errors import LoaError, NotFound, Refused
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.sound_work import Work, WorkState
from server.uploads import Wish, prepare_later
from server.web.fields import whole_or_none
from server.web.page import Page, WritePage
from server.web.signs import LANGUAGES
from server.web.sound_steps import details_path, go_with, heading, query, target_of

router = APIRouter(include_in_schema=False)

AT_ONCE_S = 2.0
"""So long the answer waits: a short sound is ready by then, and nobody need see how it was prepared."""
PROFILES = {
    "voice": N_("A voice: made clear"),
    "music": N_("Music: levelled gently"),
    "relay": N_("A finished programme: only levelled"),
}
"""What is in the file → how it is mastered, in the order of the form."""
_BLANK = {"language": "vi", "profile": "voice", "quieten": ""}
_SOURCES = {"upload", "recording"}
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,16}")
_MB = 1_000_000


@router.get("/announcements/new")
@router.get("/announcements/new/upload")
async def sound_form(page: WritePage, target: str = "", language: str = "") -> HTMLResponse:
    """The three ways to a sound; `language` is the one it is wanted in."""
    return await _sound_form(page, target, _BLANK | ({"language": language} if language in LANGUAGES else {}))


@router.post("/announcements/new/upload")
async def upload(page: WritePage) -> Response:
    """Check, clean, level and keep a sound in the background; a short one is done before the answer."""
    form = await page.request.form()
    target = str(form.get("target", ""))
    try:
        work = await _begin(page, form, target)
    except LoaError as error:
        return await _sound_form(page, target, _typed(form), error)
    await page.runtime.sound_work.wait(work, AT_ONCE_S)
    if work.error is not None:
        return await _sound_form(page, target, _typed(form), work.error)
    return _where(work)


@router.get("/announcements/new/work/{work_id}")
async def watch(page: WritePage, work_id: str) -> Response:
    """How far it is; once it is done, on to the details."""
    try:
        work = _find(page, work_id)
    except NotFound as error:
        return page.html("announcements/work.html", error=error, work=None, target="")
    if work.state is WorkState.DONE:
        return _where(work)
    return page.html("announcements/work.html", error=work.error, **_shown(page, work))


@router.get("/announcements/new/work/{work_id}/progress")
async def progress(page: WritePage, work_id: str) -> Response:
    """The same as a piece of the page; when it has ended, the page is told to look at the whole."""
    work = _find(page, work_id)
    if work.ended:
        return Response(headers={"HX-Redirect": _where(work).headers["location"]})
    return page.html("announcements/work_progress.html", **_shown(page, work))


@router.post("/announcements/new/work/{work_id}/cancel")
async def cancel(page: WritePage, work_id: str) -> Response:
    """End it and keep nothing; what was done before that stays."""
    work = _find(page, work_id)
    page.runtime.sound_work.cancel(work.id)
    await page.runtime.sound_work.wait(work)
    if work.state is WorkState.CANCELLED:
        return go_with("/announcements/new", target=work.target, done="sound_cancelled")
    return _where(work)


async def _begin(page: Page, form: FormData, target: str) -> Work:
    file = form.get("file")
    if not isinstance(file, FormFile) or not file.filename:
        raise Refused("server.upload_missing")
    fields = {name: str(value) for name, value in form.items() if name != "file"}
    language, source = fields.get("language", "vi"), fields.get("source", "upload")
    if not _LANGUAGE.fullmatch(language) or source not in _SOURCES:
        raise Refused("server.input_wrong")
    await target_of(page, target)
    wish = Wish(
        place_id=page.place.id,
        title=heading(file.filename),
        language=language,
        profile=fields.get("profile", "voice"),
        quieten=bool(fields.get("quieten")),
        source=source,
        start_ms=whole_or_none(fields, "start_ms"),
        end_ms=whole_or_none(fields, "end_ms"),
        target=target,
    )
    return await prepare_later(page.runtime, page.me, UploadFile(file.file, filename=file.filename), wish)


def _where(work: Work) -> RedirectResponse:
    """The page that shows it now."""
    if work.asset_id is not None:
        return go_with(details_path(work.asset_id), target=work.target)
    return go_with(f"/announcements/new/work/{work.id}")


def _find(page: Page, work_id: str) -> Work:
    work = page.runtime.sound_work.find(work_id)
    page.me.require(Permission.WRITE_ANNOUNCEMENT, work.place_id)
    return work


def _shown(page: Page, work: Work) -> dict[str, Any]:
    return {"work": work, "target": work.target, "ahead": page.runtime.sound_work.ahead(work)}


def _typed(form: FormData) -> dict[str, str]:
    return _BLANK | {name: str(form[name]) for name in _BLANK if name in form}


async def _sound_form(page: Page, target: str, form: Mapping[str, Any], error: LoaError | None = None) -> HTMLResponse:
    limits = page.runtime.settings.limits
    shown = {"bytes": limits.upload_bytes, "megabytes": limits.upload_bytes // _MB, "minutes": limits.sound_s // 60}
    announcement = await target_of(page, target)
    wanted = {"target": target, "language": form["language"] if form["language"] != _BLANK["language"] else ""}
    return page.html(
        "announcements/new.html",
        wanted=query(**wanted),
        error=error,
        target=announcement,
        form=form,
        profiles=PROFILES,
        limits=shown,
        unused=page.runtime.sound_work.of(page.place.id, page.me.id),
    )
