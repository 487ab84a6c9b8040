"""Where speakers turn that MQTT does not reach: one request brings what they say, its answer what they lack."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from base.ids import NAME
from devices.wire.errors import BadMessage
from devices.wire.up import MAX_UP_BYTES
from server.auth.guard import client_address, public
from server.deps import RuntimeOf

router = APIRouter(prefix="/exchange", tags=["exchange"])

CBOR = "application/cbor"
DeviceName = Annotated[str, Path(pattern=f"^{NAME.pattern}$")]


@router.post(
    "/{device_id}",
    dependencies=[Depends(public)],
    response_class=Response,
    responses={
        200: {"description": "A down frame", "content": {CBOR: {}}},
        404: {"description": "No such device"},
        413: {"description": "Larger than an up frame may be"},
        422: {"description": "No up frame, or nothing in it could be taken"},
        429: {"description": "Too many requests of this device"},
    },
    openapi_extra={"requestBody": {"required": True, "content": {CBOR: {"schema": {"type": "string"}}}}},
)
async def exchange(device_id: DeviceName, request: Request, runtime: RuntimeOf) -> Response:
    """Take an up frame, answer with a down frame; every message in either proves itself. See docs/protocol.md."""
    await runtime.exchanges.attempt(device_id, client_address(request))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_UP_BYTES:
            raise BadMessage("too_large", "up")
    frame = await runtime.exchange.answer(device_id, bytes(body))
    return Response(frame, media_type=CBOR, headers={"Cache-Control": "no-store"})
