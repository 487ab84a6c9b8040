"""What speakers fetch: content by its hash, only what an unexpired order names, resumable, cacheable for ever."""

import re
from collections.abc import Callable

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from base.errors import NotFound
from server.auth.guard import public
from server.deps import RuntimeOf
from server.httpd import AHEAD_BYTES, CONNECTION

router = APIRouter(prefix="/content", tags=["content"])

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CODECS = {"opus16": "audio/ogg", "opus8": "audio/ogg", "mp3-32": "audio/mpeg"}
FOR_EVER = "public, max-age=31536000, immutable"


class _Content(FileResponse):
    """The file, or a range of it, in pieces no larger than what a connection holds back; every byte is counted."""

    handed_out: Callable[[int], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope.get("extensions", {}).get(CONNECTION, {}).get("transport")

        async def hand_out(message: Message) -> None:
            if connection is None or not connection.is_closing():
                self.handed_out(len(message.get("body", b"")))
            await send(message)

        async def in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            while len(body) > AHEAD_BYTES:
                await hand_out({**message, "body": body[:AHEAD_BYTES], "more_body": True})
                body = body[AHEAD_BYTES:]
            await hand_out({**message, "body": body} if body else message)

        await super().__call__(scope, receive, in_pieces)


@router.head("/{sha256}", dependencies=[Depends(public)], include_in_schema=False)
@router.get(
    "/{sha256}",
    dependencies=[Depends(public)],
    response_class=FileResponse,
    responses={206: {"description": "The range asked for"}, 404: {}, 416: {"description": "No such range"}},
)
async def content(sha256: str, runtime: RuntimeOf) -> Response:
    """The bytes whose SHA-256 this is. Raises NotFound for anything no order in force names."""
    if not _SHA256.fullmatch(sha256):
        raise NotFound("devices.content_unknown", sha256=sha256[:64])
    async with runtime.database.reading() as session:
        published = await runtime.devices.content(session, sha256)
    path = runtime.audio.rendition_path(sha256)
    answer = _Content(
        path,
        media_type=_CODECS.get(published.codec, "application/octet-stream"),
        headers={"ETag": f'"{sha256}"', "Cache-Control": FOR_EVER},
    )
    answer.handed_out = runtime.metrics.content_bytes.inc
    return answer
