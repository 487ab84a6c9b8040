"""Announcements and their way to approval."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from base.errors import Refused
from schedules.changes import ProgrammeChanged
from schedules.models import Announcement, AnnouncementState
from server.acts import Act, acting
from server.api.announcement_shapes import (
    AnnouncementChange,
    AnnouncementIn,
    AnnouncementOut,
    Comment,
    shown,
)
from server.api.shapes import PROBLEMS, Id, Limit, Name, Page, page_of
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.errors import PreconditionNeeded

router = APIRouter(prefix="/announcements", tags=["announcements"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]
Approver = Annotated[Who, Depends(allow(Permission.APPROVE))]
Revision = Annotated[str | None, Header(alias="If-Match", description="The ETag of the revision this is about")]


@router.get("")
async def of_place(
    *,
    who: Viewer,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    state: AnnouncementState | None = None,
    before: Annotated[Id | None, Query()] = None,
    limit: Limit = 50,
) -> Page[AnnouncementOut]:
    """A place's announcements, newest first."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        views = await runtime.announcements.list(session, place_id, state=state, before=before, limit=limit + 1)
    return page_of([view.announcement for view in views], [shown(view) for view in views], limit, "id")


@router.post("", status_code=201)
async def create(body: AnnouncementIn, who: Writer, runtime: RuntimeOf, response: Response) -> AnnouncementOut:
    """Write a draft: of an announcement with `versions`, or of a session with `composition`."""
    async with acting(runtime, who) as act:
        act.require(Permission.WRITE_ANNOUNCEMENT, body.place_id)
        made = await _written(act, body)
        return await _done(act, "write_announcement", made, response)


@router.get("/{announcement_id}")
async def get(announcement_id: Id, who: Viewer, runtime: RuntimeOf, response: Response) -> AnnouncementOut:
    """One announcement with its versions and approval trail."""
    async with runtime.database.reading() as session:
        view = await runtime.announcements.get(session, announcement_id)
    who.require(Permission.VIEW, view.announcement.place_id)
    _tag(response, view.announcement)
    return shown(view)


@router.patch(
    "/{announcement_id}", responses={412: {"description": "Changed since"}, 428: {"description": "No If-Match"}}
)
async def edit(
    *,
    announcement_id: Id,
    body: AnnouncementChange,
    who: Writer,
    runtime: RuntimeOf,
    response: Response,
    if_match: Revision = None,
) -> AnnouncementOut:
    """Change an announcement one has seen."""
    revision = _revision(if_match)
    if revision is None:
        raise PreconditionNeeded
    async with acting(runtime, who) as act:
        await _require(act, Permission.WRITE_ANNOUNCEMENT, announcement_id)
        changed = await runtime.announcements.edit(
            act.session,
            announcement_id,
            revision=revision,
            user_id=who.id,
            title=body.title,
            play_class=body.play_class,
            level=body.level,
            versions=body.versions,
            composition=None if body.composition is None else body.composition.value(),
        )
        return await _done(act, "edit_announcement", changed, response)


@router.post("/{announcement_id}/submit")
async def submit(
    announcement_id: Id, who: Writer, runtime: RuntimeOf, response: Response, if_match: Revision = None
) -> AnnouncementOut:
    """Hand it to the approver."""
    async with acting(runtime, who) as act:
        await _require(act, Permission.WRITE_ANNOUNCEMENT, announcement_id)
        moved = await runtime.announcements.submit(act.session, announcement_id, who.id, revision=_revision(if_match))
        return await _done(act, "submit_announcement", moved, response)


@router.post("/{announcement_id}/approve")
async def approve(
    announcement_id: Id, who: Approver, runtime: RuntimeOf, response: Response, if_match: Revision = None
) -> AnnouncementOut:
    """Allow it on air. With If-Match only the revision that was listened to."""
    async with acting(runtime, who) as act:
        found = await _require(act, Permission.APPROVE, announcement_id)
        moved = await runtime.announcements.approve(
            act.session, found.id, who.id, roles=who.roles_at(found.place_id), revision=_revision(if_match)
        )
        return await _done(act, "approve_announcement", moved, response)


@router.post("/{announcement_id}/send-back")
async def send_back(
    *,
    announcement_id: Id,
    body: Comment,
    who: Approver,
    runtime: RuntimeOf,
    response: Response,
    if_match: Revision = None,
) -> AnnouncementOut:
    """Return it to its author."""
    async with acting(runtime, who) as act:
        await _require(act, Permission.APPROVE, announcement_id)
        moved = await runtime.announcements.send_back(
            act.session, announcement_id, who.id, body.comment, revision=_revision(if_match)
        )
        return await _done(act, "send_back_announcement", moved, response)


@router.post("/{announcement_id}/archive")
async def archive(
    announcement_id: Id, who: Writer, runtime: RuntimeOf, response: Response, if_match: Revision = None
) -> AnnouncementOut:
    """Put it away for good."""
    async with acting(runtime, who) as act:
        await _require(act, Permission.WRITE_ANNOUNCEMENT, announcement_id)
        moved = await runtime.announcements.archive(act.session, announcement_id, who.id, revision=_revision(if_match))
        return await _done(act, "archive_announcement", moved, response)


async def _written(act: Act, body: AnnouncementIn) -> Announcement:
    write: Callable[..., Awaitable[Announcement]]
    if body.versions is not None and body.composition is None:
        write = partial(act.runtime.announcements.create, versions=body.versions)
    elif body.composition is not None and body.versions is None:
        write = partial(act.runtime.announcements.compose, composition=body.composition.value())
    else:
        raise Refused("server.announcement_content")
    return await write(
        act.session,
        place_id=body.place_id,
        title=body.title,
        play_class=body.play_class,
        level=body.level,
        user_id=act.who.id,
    )


async def _require(act: Act, permission: Permission, announcement_id: str) -> Announcement:
    found = await act.runtime.announcements.find(act.session, announcement_id)
    act.require(permission, found.place_id)
    return found


async def _done(act: Act, action: str, announcement: Announcement, response: Response) -> AnnouncementOut:
    place_id, announcement_id = announcement.place_id, announcement.id
    view = await act.runtime.announcements.get(act.session, announcement_id)
    changed = ProgrammeChanged(place_id, "announcement", announcement_id)
    await act.done(action, f"announcement/{announcement_id}", place_id, changed, revision=announcement.revision)
    _tag(response, announcement)
    return shown(view)


def _tag(response: Response, announcement: Announcement) -> None:
    response.headers["ETag"] = f'"{announcement.revision}"'


def _revision(if_match: str | None) -> int | None:
    """The revision an If-Match names; None when there is none. Raises Refused for another kind of tag."""
    if if_match is None:
        return None
    found = re.fullmatch(r'"(\d{1,9})"', if_match.strip())
    if found is None:
        raise Refused("server.input_wrong")
    return int(found[1])
