"""Announcements: the list, one with its way to air, and the steps on that way."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from schedules.announcements import AnnouncementView, VersionView
from schedules.changes import ProgrammeChanged
from schedules.models import Announcement, AnnouncementState
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository, sound_report
from server.web.approval import approval_of
from server.web.fields import whole, whole_or_none
from server.web.languages import lacking
from server.web.page import ApprovePage, Page, ViewPage, WritePage, go
from server.web.signs import ANNOUNCEMENT
from server.web.tones import TONE_WORDS

router = APIRouter(include_in_schema=False)

ROWS = 50
SOURCES = {"upload": N_("uploaded"), "speech": N_("spoken by the computer"), "recording": N_("recorded")}
_UNSENT = {AnnouncementState.DRAFT, AnnouncementState.RETURNED}

Step = Callable[..., Awaitable[Announcement]]


@router.get("/announcements")
async def index(page: ViewPage, state: str = "", before: str | None = None) -> HTMLResponse:
    """Fifty at a time, newest first."""
    wanted = AnnouncementState(state) if state in set(AnnouncementState) else None
    async with page.runtime.database.reading() as session:
        found = await page.runtime.announcements.list(
            session, page.place.id, state=wanted, before=before, limit=ROWS + 1
        )
    rows = [view.announcement for view in found[:ROWS]]
    older = rows[-1].id if len(found) > ROWS else ""
    return page.html("announcements/index.html", rows=rows, states=ANNOUNCEMENT, state=wanted or "", older=older)


@router.get("/announcements/{announcement_id}")
async def show(page: ViewPage, announcement_id: str) -> HTMLResponse:
    return await _show(page, announcement_id)


@router.post("/announcements/{announcement_id}/submit")
async def submit(page: WritePage, announcement_id: str) -> Response:
    step = page.runtime.announcements.submit
    return await _step(
        page,
        announcement_id,
        step,
        action="submit_announcement",
        permission=Permission.WRITE_ANNOUNCEMENT,
        done="submitted",
    )


@router.post("/announcements/{announcement_id}/approve")
async def approve(page: ApprovePage, announcement_id: str) -> Response:
    return await _step(
        page,
        announcement_id,
        partial(_approve, page),
        action="approve_announcement",
        permission=Permission.APPROVE,
        done="approved",
    )


@router.post("/announcements/{announcement_id}/send-back")
async def send_back(page: ApprovePage, announcement_id: str) -> Response:
    comment = str((await page.request.form()).get("comment", ""))
    step = page.runtime.announcements.send_back
    return await _step(
        page,
        announcement_id,
        step,
        comment,
        action="send_back_announcement",
        permission=Permission.APPROVE,
        done="sent_back",
    )


@router.post("/announcements/{announcement_id}/archive")
async def archive(page: WritePage, announcement_id: str) -> Response:
    step = page.runtime.announcements.archive
    return await _step(
        page,
        announcement_id,
        step,
        action="archive_announcement",
        permission=Permission.WRITE_ANNOUNCEMENT,
        done="archived",
    )


@router.get("/announcements/{announcement_id}/edit")
async def edit_form(page: WritePage, announcement_id: str) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        it = (await find(page, session, announcement_id)).announcement
    form = {"title": it.title, "play_class": it.play_class, "revision": it.revision}
    return page.html("announcements/edit.html", it=it, form=form)


@router.post("/announcements/{announcement_id}/edit")
async def edit(page: WritePage, announcement_id: str) -> Response:
    """Change title and class, unless somebody changed it meanwhile."""
    form = dict(await page.request.form())
    try:
        async with page.act() as act:
            it = (await find(page, act.session, announcement_id)).announcement
            act.require(Permission.WRITE_ANNOUNCEMENT, it.place_id)
            await page.runtime.announcements.edit(
                act.session,
                announcement_id,
                revision=whole(form, "revision"),
                user_id=page.me.id,
                title=str(form.get("title", "")),
                play_class=whole(form, "play_class"),
            )
            await act.done("edit_announcement", f"announcement/{it.id}", it.place_id, changed(it))
    except LoaError as error:
        async with page.runtime.database.reading() as session:
            it = (await find(page, session, announcement_id)).announcement
        return page.html("announcements/edit.html", error=error, it=it, form=form)
    return go(f"/announcements/{announcement_id}", "saved")


async def find(page: Page, session: AsyncSession, announcement_id: str) -> AnnouncementView:
    """An announcement this person may see. Raises NotFound, Forbidden."""
    view = await page.runtime.announcements.get(session, announcement_id)
    page.me.require(Permission.VIEW, view.announcement.place_id)
    return view


def changed(it: Announcement) -> ProgrammeChanged:
    """What open pages are told of a changed announcement."""
    return ProgrammeChanged(it.place_id, "announcement", it.id)


async def show_with(page: Page, announcement_id: str, error: LoaError) -> HTMLResponse:
    """Its page, with what did not work."""
    return await _show(page, announcement_id, error)


async def _approve(
    page: Page, session: AsyncSession, announcement_id: str, user_id: str, *, revision: int | None
) -> Announcement:
    """Approve it with the roles this person has in its place."""
    it = await page.runtime.announcements.find(session, announcement_id)
    return await page.runtime.announcements.approve(
        session, it.id, user_id, roles=page.me.roles_at(it.place_id), revision=revision
    )


async def _step(
    page: Page, announcement_id: str, step: Step, *more: str, action: str, permission: Permission, done: str
) -> Response:
    form = dict(await page.request.form())
    try:
        async with page.act() as act:
            it = (await find(page, act.session, announcement_id)).announcement
            act.require(permission, it.place_id)
            await step(act.session, it.id, page.me.id, *more, revision=whole_or_none(form, "revision"))
            await act.done(action, f"announcement/{it.id}", it.place_id, changed(it))
    except LoaError as error:
        return await _show(page, announcement_id, error)
    return go(f"/announcements/{announcement_id}", done)


async def _show(page: Page, announcement_id: str, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        view = await find(page, session, announcement_id)
        names = await repository.user_names(session, {step.user_id for step in view.steps})
        versions = [await _version(page, session, version) for version in view.versions]
        put_away = view.announcement.state is AnnouncementState.ARCHIVED
        missing = [] if put_away else await lacking(page, session, announcement_id)
        approval = await approval_of(page, session, view.announcement)
    it = view.announcement
    steps = [
        {"at": step.at, "who": names.get(step.user_id, "–"), "action": step.action, "comment": step.comment}
        for step in view.steps
    ]
    return page.html(
        "announcements/show.html",
        error=error,
        it=it,
        view=view,
        states=ANNOUNCEMENT,
        tones=TONE_WORDS,
        versions=versions,
        lacking=missing,
        steps=steps,
        may=_may(page, it),
        approval=approval,
        unapproved=any(each and not each.ready for each in (view.identification, *view.items)),
    )


async def _version(page: Page, session: AsyncSession, version: VersionView) -> dict[str, Any]:
    """A language with its sound, and what was found in what came in."""
    return {
        "language": version.language,
        "asset": version.asset,
        "source": SOURCES.get(version.asset.source, ""),
        "report": sound_report.view(await page.runtime.audio.report(session, version.asset.id)),
    }


def _may(page: Page, it: Announcement) -> dict[str, Any]:
    """What this person can do with it now."""
    writes = page.me.can(Permission.WRITE_ANNOUNCEMENT, it.place_id)
    approved = it.state is AnnouncementState.APPROVED
    return {
        "edit": writes and it.state is not AnnouncementState.ARCHIVED,
        "submit": writes and it.state in _UNSENT,
        "approve": page.me.can(Permission.APPROVE, it.place_id) and it.state is AnnouncementState.SUBMITTED,
        "broadcast": page.me.can(Permission.BROADCAST, it.place_id) and approved,
        "schedule": page.me.can(Permission.SCHEDULE, it.place_id) and approved,
        "archive": writes and it.state is not AnnouncementState.ARCHIVED,
    }
