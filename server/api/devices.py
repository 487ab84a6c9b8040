"""Devices: one-time codes by which boards are enrolled."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from devices.wire.audience import MAX_CLUSTERS
from server.acts import acting
from server.api.shapes import PROBLEMS, Moment, Name, Shown, Strict
from server.auth.guard import Manager
from server.deps import RuntimeOf
from server.enrolments import make_code

router = APIRouter(tags=["devices"], responses=PROBLEMS)


class CodeIn(Strict):
    """What the device is for; nothing given: what it is for now."""

    cluster_ids: Annotated[list[Name], Field(max_length=MAX_CLUSTERS, default_factory=list)]
    transmitter_khz: Annotated[int, Field(gt=0, le=3_000_000)] | None = None


class CodeOut(Shown):
    """The code is shown here and nowhere else; `fingerprint` is to be compared with what the board prints."""

    device_id: str
    code: str
    expires_at: Moment
    fingerprint: str


@router.post("/devices/{device_id}/enrolment-code", status_code=201)
async def make(device_id: Name, body: CodeIn, who: Manager, runtime: RuntimeOf) -> CodeOut:
    """Make a one-time code that holds for 24 hours; one made before for this device is void."""
    async with acting(runtime, who) as act:
        made = await make_code(act, device_id, body.cluster_ids, body.transmitter_khz)
    issued = made.issued
    return CodeOut(
        device_id=issued.device_id, code=issued.code, expires_at=issued.expires_at, fingerprint=made.fingerprint
    )
