"""Weeks drafted beside the one in force: their airings, and publishing them at once."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from base.errors import NotFound
from schedules.changes import ProgrammeChanged
from schedules.drafting import NewAirings
from schedules.edits import Change
from schedules.models import ProgrammeDraft
from server.acts import Act
from server.api.draft_shapes import DraftedChange, DraftIn, DraftOut, DraftWhole, NewAiringsIn, whole
from server.api.idempotent import Repeatable
from server.api.programme_changes import ChangedOut, Nothing, changed_out
from server.api.revisions import Revision, needed_revision
from server.api.shapes import PROBLEMS, Id, MomentIn, Name, Page
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.i18n import negotiate
from server.idempotency import Answer

router = APIRouter(prefix="/places/{place_id}/programme/drafts", tags=["programme"], responses=PROBLEMS)

Scheduler = Annotated[Who, Depends(allow(Permission.SCHEDULE))]
CHANGES: dict[int | str, dict[str, Any]] = {412: {"description": "Changed since"}, 428: {"description": "No If-Match"}}


@router.get("")
async def of_place(place_id: Name, who: Viewer, runtime: RuntimeOf) -> Page[DraftOut]:
    """A place's drafts: the open ones first, then the newest."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.drafts.list(session, place_id)
    return Page(items=[DraftOut.model_validate(row) for row in found])


@router.post("", status_code=201, response_model=DraftOut)
async def create(place_id: Name, body: DraftIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Begin a draft. Nothing is planned before it is published."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        row = await act.runtime.programme.drafts.create(
            act.session,
            place_id,
            name=body.name,
            day=body.day,
            begin=body.begin,
            source=body.source,
            user_id=who.id,
        )
        return await _drafted(act, "create_draft", row)

    return await once(who, body, work, status=201)


@router.get("/{draft_id}")
async def show(
    *, place_id: Name, draft_id: Id, who: Viewer, runtime: RuntimeOf, request: Request, response: Response
) -> DraftWhole:
    """A draft with its airings, and everything that keeps it from being published."""
    async with runtime.database.reading() as session:
        await _found(runtime.programme.drafts.find(session, draft_id), place_id)
        who.require(Permission.VIEW, place_id)
        looked = await runtime.programme.drafts.look(session, draft_id)
    response.headers["ETag"] = f'"{looked.row.revision}"'
    return whole(looked, negotiate(request))


@router.post("/{draft_id}/airings", response_model=DraftOut, responses=CHANGES)
async def add(
    *, place_id: Name, draft_id: Id, body: NewAiringsIn, who: Scheduler, once: Repeatable, if_match: Revision = None
) -> JSONResponse:
    """Let something be heard in the week."""
    new = NewAirings(body.announcement_id, tuple(body.days), tuple(body.times), body.audience.audience(), body.volume)

    async def work(act: Act) -> ProgrammeDraft:
        revision = needed_revision(if_match)
        return await act.runtime.programme.drafts.add(act.session, draft_id, new, revision=revision, user_id=who.id)

    return await once(who, body, _changing(place_id, draft_id, "add_to_draft", work))


@router.patch("/{draft_id}/airings/{schedule_id}/{original}", response_model=DraftOut, responses=CHANGES)
async def change(
    *,
    place_id: Name,
    draft_id: Id,
    schedule_id: Id,
    original: MomentIn,
    body: DraftedChange,
    who: Scheduler,
    once: Repeatable,
    if_match: Revision = None,
) -> JSONResponse:
    """Let one airing be different, or not be heard."""
    audience = None if body.audience is None else body.audience.audience()
    what = Change(
        time=body.time,
        day=body.day,
        announcement=body.announcement_id,
        audience=audience,
        volume=body.volume,
        cancel=body.cancel,
    )

    async def work(act: Act) -> ProgrammeDraft:
        revision, name = needed_revision(if_match), (schedule_id, original)
        return await act.runtime.programme.drafts.change(
            act.session, draft_id, name, what, revision=revision, user_id=who.id
        )

    return await once(who, body, _changing(place_id, draft_id, "change_draft", work))


@router.delete("/{draft_id}/airings/{schedule_id}/{original}", response_model=DraftOut, responses=CHANGES)
async def restore(
    *,
    place_id: Name,
    draft_id: Id,
    schedule_id: Id,
    original: MomentIn,
    who: Scheduler,
    once: Repeatable,
    if_match: Revision = None,
) -> JSONResponse:
    """Forget what the draft says of an airing: it is as in force, and a new one is taken out."""

    async def work(act: Act) -> ProgrammeDraft:
        revision, name = needed_revision(if_match), (schedule_id, original)
        return await act.runtime.programme.drafts.restore(
            act.session, draft_id, name, revision=revision, user_id=who.id
        )

    return await once(who, Nothing(), _changing(place_id, draft_id, "change_draft", work))


@router.post("/{draft_id}/refresh", response_model=DraftOut, responses=CHANGES)
async def refresh(
    *, place_id: Name, draft_id: Id, body: Nothing, who: Scheduler, once: Repeatable, if_match: Revision = None
) -> JSONResponse:
    """Take the schedules as they are now; what the draft says of its own days goes on."""

    async def work(act: Act) -> ProgrammeDraft:
        drafts, revision = act.runtime.programme.drafts, needed_revision(if_match)
        row, _ = await drafts.refresh(act.session, draft_id, revision=revision, user_id=who.id)
        return row

    return await once(who, body, _changing(place_id, draft_id, "refresh_draft", work))


@router.post("/{draft_id}/discard", response_model=DraftOut)
async def discard(place_id: Name, draft_id: Id, body: Nothing, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Throw it away."""

    async def work(act: Act) -> ProgrammeDraft:
        return await act.runtime.programme.drafts.discard(act.session, draft_id, user_id=who.id)

    return await once(who, body, _changing(place_id, draft_id, "discard_draft", work))


@router.post("/{draft_id}/publish", response_model=ChangedOut, responses=CHANGES)
async def publish(
    *, place_id: Name, draft_id: Id, body: Nothing, who: Scheduler, once: Repeatable, if_match: Revision = None
) -> JSONResponse:
    """Put all of it in force at once, or nothing; one undo takes it back."""

    async def work(act: Act) -> Answer:
        drafts, revision = act.runtime.programme.drafts, needed_revision(if_match)
        await _found(drafts.find(act.session, draft_id), place_id)
        act.require(Permission.SCHEDULE, place_id)
        done = await drafts.publish(act.session, draft_id, revision=revision, user_id=who.id)
        return await changed_out(act, "publish_draft", place_id, done)

    return await once(who, body, work)


def _changing(
    place_id: str, draft_id: str, action: str, work: Callable[[Act], Awaitable[ProgrammeDraft]]
) -> Callable[[Act], Awaitable[Answer]]:
    """The act around a change of a draft of this place."""

    async def act_on(act: Act) -> Answer:
        await _found(act.runtime.programme.drafts.find(act.session, draft_id), place_id)
        act.require(Permission.SCHEDULE, place_id)
        return await _drafted(act, action, await work(act))

    return act_on


async def _found(looking: Awaitable[ProgrammeDraft], place_id: str) -> None:
    """Raise NotFound for a draft of another place."""
    row = await looking
    if row.place_id != place_id:
        raise NotFound("schedules.draft_unknown", id=row.id)


async def _drafted(act: Act, action: str, row: ProgrammeDraft) -> Answer:
    await act.done(action, f"draft/{row.id}", row.place_id, ProgrammeChanged(row.place_id, "draft", row.id))
    shown: dict[str, Any] = DraftOut.model_validate(row).model_dump(mode="json")
    return shown
