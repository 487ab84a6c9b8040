"""The preparation of a sound that was sent with `Prefer: respond-async`: how far it is, how it ended, ending it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from server.api.shapes import PROBLEMS, Id, Shown
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.i18n import negotiate, translate_error
from server.runtime import Runtime
from server.sound_work import Work, WorkState

router = APIRouter(prefix="/sound-work", tags=["assets"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]


class WorkProblem(BaseModel):
    """Why nothing became of it."""

    code: str
    params: dict[str, Any]
    detail: str


class WorkOut(Shown):
    """One sound in preparation. share: 0 to 1; ahead: how many come before it; asset_id: once it is done."""

    id: str
    name: str
    place_id: str
    state: WorkState
    share: float
    ahead: int = 0
    asset_id: str | None
    problem: WorkProblem | None = Field(default=None)


@router.get("/{work_id}")
async def get(work_id: Id, request: Request, who: Writer, runtime: RuntimeOf) -> WorkOut:
    """How far it is; what ended over an hour ago is not found, nor what a restart of the server cut off."""
    return shown(request, runtime, _find(runtime, who, work_id))


@router.delete("/{work_id}", status_code=204)
async def cancel(work_id: Id, who: Writer, runtime: RuntimeOf) -> None:
    """End it and keep nothing of it; what has ended stays as it is."""
    work = _find(runtime, who, work_id)
    runtime.sound_work.cancel(work.id)
    await runtime.sound_work.wait(work)


def shown(request: Request, runtime: Runtime, work: Work) -> WorkOut:
    """As the answer shows it."""
    problem = None
    if work.error is not None:
        detail = translate_error(negotiate(request), work.error)
        problem = WorkProblem(code=work.error.code, params=work.error.params, detail=detail)
    out = WorkOut.model_validate(work)
    return out.model_copy(update={"ahead": runtime.sound_work.ahead(work), "problem": problem})


def _find(runtime: Runtime, who: Who, work_id: str) -> Work:
    work = runtime.sound_work.find(work_id)
    who.require(Permission.WRITE_ANNOUNCEMENT, work.place_id)
    return work
