"""Broadcasts: an approved announcement on air now."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import Field

from schedules.changes import ProgrammeChanged
from server.acts import Act
from server.api.idempotent import Repeatable
from server.api.occurrences import OccurrenceOut
from server.api.shapes import PROBLEMS, AudienceIn, Id, Strict
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.idempotency import Answer

router = APIRouter(prefix="/broadcasts", tags=["broadcasts"], responses=PROBLEMS)

Broadcaster = Annotated[Who, Depends(allow(Permission.BROADCAST))]


class BroadcastIn(Strict):
    """An approved announcement, who shall hear it, and how loud (percent of what the device allows)."""

    announcement_id: Id
    audience: AudienceIn = AudienceIn()
    volume: Annotated[int, Field(ge=0, le=100)] = 80


@router.post("", status_code=201, response_model=OccurrenceOut)
async def broadcast_now(body: BroadcastIn, who: Broadcaster, once: Repeatable) -> JSONResponse:
    """Order it to sound in a few seconds, everywhere at the same moment."""

    async def work(act: Act) -> Answer:
        announcement = await act.runtime.announcements.find(act.session, body.announcement_id)
        act.require(Permission.BROADCAST, announcement.place_id)
        occurrence = await act.runtime.programme.broadcast_now(
            act.session,
            announcement_id=body.announcement_id,
            audience=body.audience.audience(),
            volume=body.volume,
            user_id=who.id,
        )
        changed = ProgrammeChanged(occurrence.place_id, "occurrence", occurrence.id)
        await act.done(
            "broadcast_now", f"occurrence/{occurrence.id}", occurrence.place_id, changed, title=occurrence.title
        )
        return OccurrenceOut.model_validate(occurrence).model_dump(mode="json")

    return await once(who, body, work, status=201)
