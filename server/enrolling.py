"""Where a board makes itself known: its code and its public key in, its device file out. Described for makers of boards
in docs/device-makers.md.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from server.api.shapes import Strict
from server.auth.guard import client_address, public
from server.deps import RuntimeOf
from server.enrolments import take_board

router = APIRouter(tags=["enrolment"], include_in_schema=False)


class BoardIn(Strict):
    """The key is the board's own; `proof` signs `loa/1/enrol`, 0, the code without hyphen, 0, the public key."""

    code: Annotated[str, Field(max_length=40)]
    public: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    model: Annotated[str, Field(max_length=64)] = ""


class BoardOut(BaseModel):
    """`device_file` lacks only `keys.seed`; `ca` goes beside it as ca.crt."""

    device_file: dict[str, Any]
    ca: str | None
    fingerprint: str


@router.post("/enrol", dependencies=[Depends(public)])
async def enrol(body: BoardIn, request: Request, runtime: RuntimeOf) -> BoardOut:
    """Take a board in."""
    await runtime.enrolments.attempt(client_address(request))
    answer = await take_board(
        runtime,
        typed=body.code,
        public=bytes.fromhex(body.public),
        proof=bytes.fromhex(body.proof),
        model=body.model,
    )
    return BoardOut(device_file=answer.device_file, ca=answer.authority, fingerprint=answer.fingerprint)
