"""Announcements and their way to approval."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from base.errors import Refused
from devices.wire.orders import Level, PlayClass
from schedules.announcements import AnnouncementView
from schedules.changes import ProgrammeChanged
from schedules.models import Announcement, AnnouncementState
from server.acts import Act, acting
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Name, Page, Shown, Strict, page_of
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.errors import PreconditionNeeded

router = APIRouter(prefix="/announcements", tags=["announcements"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]
Approver = Annotated[Who, Depends(allow(Permission.APPROVE))]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Versions = Annotated[dict[str, Id], Field(min_length=1, max_length=20, description="language → asset id")]


class AnnouncementIn(Strict):
    """What is to be heard. play_class: 0 background, 1 normal, 2 priority. level: 1 commune, 2 province, 3 country."""

    place_id: Name
    title: Title
    play_class: PlayClass = PlayClass.NORMAL
    level: Level = Level.COMMUNE
    versions: Versions


class AnnouncementChange(Strict):
    """What to change; what is not given stays. An approved announcement becomes a draft again."""

    title: Title | None = None
    play_class: PlayClass | None = None
    level: Level | None = None
    versions: Versions | None = None


class Comment(Strict):
    """What is to be changed before it can go on air."""

    comment: Annotated[str, Field(min_length=1, max_length=1_000)]


class VersionOut(Shown):
    """One language."""

    language: str
    asset_id: str
    duration_ms: int


class StepOut(Shown):
    """Who did what on its way to air."""

    action: str
    user_id: str
    at: Moment
    revision: int
    comment: str


class AnnouncementOut(Shown):
    """An announcement; `revision` is also its ETag."""

    id: str
    place_id: str
    title: str
    play_class: PlayClass
    level: Level
    state: AnnouncementState
    revision: int
    created_by: str
    created_at: Moment
    changed_at: Moment
    versions: list[VersionOut] = Field(default_factory=list)
    steps: list[StepOut] = Field(default_factory=list)


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
    return page_of([view.announcement for view in views], [_shown(view) for view in views], limit, "id")


@router.post("", status_code=201)
async def create(body: AnnouncementIn, who: Writer, runtime: RuntimeOf, response: Response) -> AnnouncementOut:
    """Write a draft."""
    async with acting(runtime, who) as act:
        act.require(Permission.WRITE_ANNOUNCEMENT, body.place_id)
        made = await runtime.announcements.create(
            act.session,
            place_id=body.place_id,
            title=body.title,
            play_class=body.play_class,
            level=body.level,
            versions=body.versions,
            user_id=who.id,
        )
        return await _done(act, "write_announcement", made, response)


@router.get("/{announcement_id}")
async def get(announcement_id: Id, who: Viewer, runtime: RuntimeOf, response: Response) -> AnnouncementOut:
    """One announcement with its versions and approval trail."""
    async with runtime.database.reading() as session:
        view = await runtime.announcements.get(session, announcement_id)
    who.require(Permission.VIEW, view.announcement.place_id)
    _tag(response, view.announcement)
    return _shown(view)


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
        await _require(act, Permission.APPROVE, announcement_id)
        moved = await runtime.announcements.approve(act.session, announcement_id, who.id, revision=_revision(if_match))
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


async def _require(act: Act, permission: Permission, announcement_id: str) -> None:
    found = await act.runtime.announcements.find(act.session, announcement_id)
    act.require(permission, found.place_id)


async def _done(act: Act, action: str, announcement: Announcement, response: Response) -> AnnouncementOut:
    place_id, announcement_id = announcement.place_id, announcement.id
    view = await act.runtime.announcements.get(act.session, announcement_id)
    changed = ProgrammeChanged(place_id, "announcement", announcement_id)
    await act.done(action, f"announcement/{announcement_id}", place_id, changed, revision=announcement.revision)
    _tag(response, announcement)
    return _shown(view)


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


def _shown(view: AnnouncementView) -> AnnouncementOut:
    shown = AnnouncementOut.model_validate(view.announcement)
    versions = [
        VersionOut(language=each.language, asset_id=each.asset.id, duration_ms=each.asset.duration_ms)
        for each in view.versions
    ]
    return shown.model_copy(
        update={"versions": versions, "steps": [StepOut.model_validate(step) for step in view.steps]}
    )
