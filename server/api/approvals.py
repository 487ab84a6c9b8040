"""Who may approve what in a place, the certificates that count, and signed bulletins."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi.responses import Response
from pydantic import Field

from devices.wire.orders import PlayClass
from schedules import approving
from schedules.approval_models import BulletinSignature, SignerCertificate
from schedules.approver import ROLES
from schedules.signatures import MAX_NAME
from schedules.signing.certificates import MAX_BYTES as MOST_OF_A_CERTIFICATE
from schedules.signing.certificates import read_certificate
from schedules.signing.verdict import MAX_BYTES
from server import signing
from server.acts import acting
from server.api.shapes import PROBLEMS, Id, Moment, Name, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf

router = APIRouter(tags=["approval"], responses=PROBLEMS)

Governor = Annotated[Who, Depends(allow(Permission.ADMINISTER))]
Approver = Annotated[Who, Depends(allow(Permission.APPROVE))]
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The PDF"}}


class ApproverRuleIn(Strict):
    """roles: none means whoever may approve at all. signed: with a signed PDF of the bulletin."""

    roles: Annotated[list[Literal["approver", "administrator"]], Field(max_length=len(ROLES))] = Field(
        default_factory=list
    )
    other_than_author: bool = False
    signed: bool = False


class ApproverRuleOut(Shown):
    """What holds for a class. place_id: whose rule it is, empty where there is none; own: whether the place's."""

    play_class: PlayClass
    roles: list[str]
    other_than_author: bool
    signed: bool
    place_id: str
    own: bool


class CertificateIn(Strict):
    """One certificate in PEM. An empty name is that in the certificate."""

    pem: Annotated[str, Field(max_length=MOST_OF_A_CERTIFICATE)]
    name: Annotated[str, Field(max_length=MAX_NAME)] = ""


class CertificateOut(Shown):
    """A certificate a signature may lead to. is_authority: it may have issued others."""

    id: str
    place_id: str
    name: str
    issuer: str
    fingerprint: str
    not_before: Moment
    not_after: Moment
    is_authority: bool
    retired_at: Moment | None


class SignatureOut(Shown):
    """A signed PDF that counts, or counted, for a revision. sha256: of the PDF."""

    id: str
    announcement_id: str
    revision: int
    sha256: str
    signer: str
    signed_at: Moment
    at: Moment


@router.get("/places/{place_id}/approver-rules")
async def rules(place_id: Name, who: Viewer, runtime: RuntimeOf) -> list[ApproverRuleOut]:
    """What holds in a place, class by class."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await approving.standing(session, place_id)
    return [_rule(each) for each in found]


@router.put("/places/{place_id}/approver-rules/{play_class}")
async def set_rule(
    place_id: Name, play_class: PlayClass, body: ApproverRuleIn, who: Governor, runtime: RuntimeOf
) -> list[ApproverRuleOut]:
    """Write the place's own rule for a class."""
    async with acting(runtime, who) as act:
        act.require(Permission.ADMINISTER, place_id)
        said = body.model_dump()
        await approving.set_rule(act.session, place_id, play_class, **said)
        found = await approving.standing(act.session, place_id)
        await act.done("set_approver_rule", f"place/{place_id}", place_id, play_class=int(play_class), **said)
    return [_rule(each) for each in found]


@router.delete("/places/{place_id}/approver-rules/{play_class}")
async def drop_rule(place_id: Name, play_class: PlayClass, who: Governor, runtime: RuntimeOf) -> list[ApproverRuleOut]:
    """Let the rule of the nearest place above hold. Twice is once."""
    async with acting(runtime, who) as act:
        act.require(Permission.ADMINISTER, place_id)
        await approving.drop_rule(act.session, place_id, play_class)
        found = await approving.standing(act.session, place_id)
        await act.done("drop_approver_rule", f"place/{place_id}", place_id, play_class=int(play_class))
    return [_rule(each) for each in found]


@router.get("/places/{place_id}/signer-certificates")
async def certificates(place_id: Name, who: Viewer, runtime: RuntimeOf) -> list[CertificateOut]:
    """The certificates that count in a place: its own and those of the places above."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        return [_certificate(each) for each in await runtime.signatures.certificates(session, place_id)]


@router.post("/places/{place_id}/signer-certificates", status_code=201)
async def add_certificate(place_id: Name, body: CertificateIn, who: Governor, runtime: RuntimeOf) -> CertificateOut:
    """Let a certificate count."""
    async with acting(runtime, who) as act:
        act.require(Permission.ADMINISTER, place_id)
        added = await runtime.signatures.add_certificate(act.session, place_id, body.name, body.pem.encode(), who.id)
        await act.done("add_certificate", f"certificate/{added.id}", place_id, name=added.name)
    return _certificate(added)


@router.post("/signer-certificates/{certificate_id}/retire")
async def retire_certificate(certificate_id: Id, who: Governor, runtime: RuntimeOf) -> CertificateOut:
    """Let a certificate count no more. Twice is once."""
    async with acting(runtime, who) as act:
        found = await runtime.signatures.certificate(act.session, certificate_id)
        act.require(Permission.ADMINISTER, found.place_id)
        await runtime.signatures.retire_certificate(act.session, certificate_id)
        await act.done("retire_certificate", f"certificate/{found.id}", found.place_id, name=found.name)
    return _certificate(found)


@router.get("/announcements/{announcement_id}/bulletin", responses=PDF, response_class=Response)
async def bulletin(announcement_id: Id, who: Viewer, runtime: RuntimeOf) -> Response:
    """The PDF of what an announcement says now, to be signed without any other change."""
    async with runtime.database.reading() as session:
        about = await runtime.announcements.find(session, announcement_id)
        who.require(Permission.VIEW, about.place_id)
        made = await runtime.signatures.paper(session, about.id)
    headers = {"ETag": f'"{made.revision}"', "Cache-Control": "no-store"}
    return Response(made.pdf, media_type="application/pdf", headers=headers)


@router.post("/announcements/{announcement_id}/signatures", status_code=201)
async def hand_in(
    announcement_id: Id,
    who: Approver,
    runtime: RuntimeOf,
    file: Annotated[UploadFile, File(description="The signed PDF, at most 5 MB")],
) -> SignatureOut:
    """Hand a signed PDF in; it is kept when its signature is good and it says what the announcement says now."""
    kept = await signing.hand_in(runtime, who, announcement_id, await file.read(MAX_BYTES + 1))
    return _signature(kept)


def _rule(found: approving.Standing) -> ApproverRuleOut:
    terms = found.terms
    return ApproverRuleOut(
        play_class=PlayClass(found.play_class),
        roles=sorted(terms.roles),
        other_than_author=terms.other_than_author,
        signed=terms.signed,
        place_id=terms.place_id,
        own=found.own is not None,
    )


def _certificate(row: SignerCertificate) -> CertificateOut:
    about = read_certificate(row.pem.encode())
    return CertificateOut(
        id=row.id,
        place_id=row.place_id,
        name=row.name,
        issuer=about.issuer,
        fingerprint=about.fingerprint,
        not_before=about.not_before,
        not_after=about.not_after,
        is_authority=about.is_authority,
        retired_at=row.retired_at,
    )


def _signature(row: BulletinSignature) -> SignatureOut:
    return SignatureOut.model_validate(row)
