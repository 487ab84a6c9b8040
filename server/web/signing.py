"""A bulletin's PDF to be signed, the signed one handed in, and what it says of an announcement's approval."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from base.errors import LoaError, NotFound
from schedules.signing.verdict import MAX_BYTES
from server import signing
from server.web import announcements
from server.web.page import ApprovePage, ViewPage, go

router = APIRouter(include_in_schema=False)

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@router.get("/announcements/{announcement_id}/bulletin.pdf")
async def paper(page: ViewPage, announcement_id: str) -> Response:
    """The PDF of what it says now."""
    async with page.runtime.database.reading() as session:
        it = (await announcements.find(page, session, announcement_id)).announcement
        made = await page.runtime.signatures.paper(session, it.id)
    return _pdf(made.pdf, f"{it.id}-{made.revision}.pdf")


@router.post("/announcements/{announcement_id}/signed")
async def hand_in(page: ApprovePage, announcement_id: str) -> Response:
    """Take a signed PDF, if it is one."""
    file = (await page.request.form()).get("file")
    pdf = await file.read(MAX_BYTES + 1) if isinstance(file, UploadFile) else b""
    try:
        await signing.hand_in(page.runtime, page.me, announcement_id, pdf)
    except LoaError as error:
        return await announcements.show_with(page, announcement_id, error)
    return go(f"/announcements/{announcement_id}", "signed")


@router.get("/announcements/{announcement_id}/signed/{signature_id}.pdf")
async def signed(page: ViewPage, announcement_id: str, signature_id: str) -> Response:
    """A signed PDF as it was handed in."""
    async with page.runtime.database.reading() as session:
        it = (await announcements.find(page, session, announcement_id)).announcement
        found = await page.runtime.signatures.signature(session, signature_id)
    if found.announcement_id != it.id:
        raise NotFound("schedules.signature_unknown", id=signature_id[:26])
    return _pdf(found.pdf, f"{it.id}-{found.revision}-signed.pdf")


def _pdf(pdf: bytes, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pdf, media_type="application/pdf", headers=_HEADERS | disposition)
