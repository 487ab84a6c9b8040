"""Who may approve what in a place, and the certificates that signed bulletins must lead to."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from base.errors import LoaError
from schedules import approving
from schedules.approver import ROLES
from schedules.signing.certificates import MAX_BYTES, read_certificate
from server.auth.models import Role
from server.auth.permissions import Permission
from server.web import fields
from server.web.governed import governed
from server.web.page import AdminPage, Page, ViewPage, go

router = APIRouter(include_in_schema=False)


@router.get("/policy/approval")
async def show(page: ViewPage, place: str = "") -> HTMLResponse:
    return await _show(page, place)


@router.post("/policy/approval")
async def set_rule(page: AdminPage, place: str = "") -> Response:
    """Write the place's own rule for a class, or take it away."""
    said = await page.request.form()
    try:
        play_class = fields.whole(said, "play_class")
        async with page.act() as act:
            about = await governed(page, act.session, place)
            act.require(Permission.ADMINISTER, about.id)
            roles = [str(each) for each in said.getlist("role")]
            if "inherit" in said:
                await approving.drop_rule(act.session, about.id, play_class)
                await act.done("drop_approver_rule", f"place/{about.id}", about.id, play_class=play_class)
            else:
                other, signed = bool(said.get("other")), bool(said.get("signed"))
                await approving.set_rule(
                    act.session, about.id, play_class, roles=roles, other_than_author=other, signed=signed
                )
                await act.done(
                    "set_approver_rule",
                    f"place/{about.id}",
                    about.id,
                    play_class=play_class,
                    roles=roles,
                    other=other,
                    signed=signed,
                )
    except LoaError as error:
        return await _show(page, place, error)
    return go(f"/policy/approval{about.query}&done=saved")


@router.post("/policy/certificates")
async def add_certificate(page: AdminPage, place: str = "") -> Response:
    """Let a certificate count, from a file or pasted."""
    said = await page.request.form()
    file, name = said.get("file"), str(said.get("name", ""))
    raw = await file.read(MAX_BYTES + 1) if isinstance(file, UploadFile) else b""
    try:
        async with page.act() as act:
            about = await governed(page, act.session, place)
            act.require(Permission.ADMINISTER, about.id)
            added = await page.runtime.signatures.add_certificate(act.session, about.id, name, raw, page.me.id)
            await act.done("add_certificate", f"certificate/{added.id}", about.id, name=added.name)
    except LoaError as error:
        return await _show(page, place, error)
    return go(f"/policy/approval{about.query}&done=saved")


@router.post("/policy/certificates/{certificate_id}/retire")
async def retire_certificate(page: AdminPage, certificate_id: str, place: str = "") -> Response:
    """Let a certificate count no more."""
    try:
        async with page.act() as act:
            found = await page.runtime.signatures.certificate(act.session, certificate_id)
            act.require(Permission.ADMINISTER, found.place_id)
            await page.runtime.signatures.retire_certificate(act.session, certificate_id)
            await act.done("retire_certificate", f"certificate/{found.id}", found.place_id, name=found.name)
    except LoaError as error:
        return await _show(page, place, error)
    return go(f"/policy/approval?place={found.place_id}&done=saved")


async def _show(page: Page, place: str, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        about = await governed(page, session, place)
        standing = await approving.standing(session, about.id)
        kept = await page.runtime.signatures.certificates(session, about.id)
    return page.html(
        "policy/approval.html",
        error=error,
        about=about,
        standing=standing,
        roles=[Role(each) for each in ROLES],
        certificates=[_certificate(about.id, about.names, each) for each in kept],
        now=page.now,
    )


def _certificate(place_id: str, names: dict[str, str], row: Any) -> dict[str, Any]:
    about = read_certificate(row.pem.encode())
    return {"row": row, "about": about, "own": row.place_id == place_id, "place": names.get(row.place_id, "")}
