"""Whether a PDF is ours with a good signature and nothing else: the only door to pyHanko.

The paper we made must stand unchanged at its beginning, and what was appended may only sign it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult
from pyhanko.sign.general import CMSExtractionError, NonexistentAttributeError, find_unique_cms_attribute
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.errors import (
    DisallowedAlgorithmError,
    NoDSSFoundError,
    SignatureValidationError,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

CLOCKS_APART = timedelta(hours=1)
"""How far the clock of the approver's machine may be ahead of ours."""
MAX_SIGNATURES = 8
_WEAK = (AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE, AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})


class Unfit(Exception):
    """It does not count, for the reason that this code (`verdict.CODES`) says."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a PDF. paper: what we made; anchors: PEM; not_before: when the revision came to be."""

    pdf: bytes
    paper: bytes
    anchors: Sequence[str]
    now: datetime
    not_before: datetime


async def check(question: Question) -> dict[str, Any]:
    """What `verdict.read_answer` reads of a good one. Raises Unfit, and for damaged files whatever pyHanko does."""
    if not question.pdf.startswith(b"%PDF-"):
        raise Unfit("schedules.signed_unreadable", part="%PDF")
    reader = PdfFileReader(io.BytesIO(question.pdf))
    if reader.encrypted:
        raise Unfit("schedules.signed_encrypted")
    if not question.pdf.startswith(question.paper):
        raise Unfit("schedules.signed_other")
    found = list(reader.embedded_regular_signatures)
    if not found:
        raise Unfit("schedules.signed_nothing")
    if len(found) > MAX_SIGNATURES:
        raise Unfit("schedules.signed_unreadable", part=f"{len(found)} signatures")
    _check_only_signed(reader, question.paper)
    return await _signature(reader, found[-1], question)


def _check_only_signed(reader: PdfFileReader, paper: bytes) -> None:
    """Our paper is the first revision, and every later one adds signatures, their pictures and proofs, and no more."""
    starts = reader.xrefs.get_startxref_for_revision(0)
    ours = int(paper.rsplit(b"startxref", 1)[1].split()[0])
    if starts != ours:
        raise Unfit("schedules.signed_changed")
    if not isinstance(DEFAULT_DIFF_POLICY.review_file(reader, 0), DiffResult):
        raise Unfit("schedules.signed_changed")


async def _signature(reader: PdfFileReader, last: EmbeddedPdfSignature, question: Question) -> dict[str, Any]:
    claimed = last.self_reported_timestamp
    if claimed is None or not question.not_before <= claimed <= question.now + CLOCKS_APART:
        raise Unfit("schedules.signed_time", time="–" if claimed is None else claimed.isoformat(timespec="minutes"))
    anchors = [x509.Certificate.load(pem.unarmor(each.encode())[2]) for each in question.anchors]
    try:
        status = await async_validate_pdf_signature(
            last, _context(reader, last, anchors, claimed), key_usage_settings=_USAGE
        )
    except DisallowedAlgorithmError as error:
        raise Unfit("schedules.signed_weak") from error
    except (SignatureValidationError, CMSExtractionError) as error:
        raise Unfit("schedules.signed_changed") from error
    _judge(status, claimed)
    path = status.validation_path
    assert path is not None
    known = {each.sha256: each for each in anchors}
    anchor = next(each for each in path if each.sha256 in known)
    signer = status.signing_cert
    return {
        "ok": True,
        "signer": _name(signer.subject),
        "issuer": _name(signer.issuer),
        "serial": f"{signer.serial_number:x}",
        "anchor": anchor.sha256.hex(),
        "signed_at": claimed.isoformat(),
    }


def _context(
    reader: PdfFileReader, last: EmbeddedPdfSignature, anchors: list[x509.Certificate], at: datetime
) -> ValidationContext:
    """What may be relied on: the configured certificates and what the file brings along. The network is not asked."""
    said: dict[str, Any] = {
        "trust_roots": anchors,
        "moment": at,
        "best_signature_time": at,
        "allow_fetching": False,
        "revocation_mode": "soft-fail",
        "retroactive_revinfo": True,
        **_archived(last),
    }
    try:
        return DocumentSecurityStore.read_dss(reader).as_validation_context(said)
    except NoDSSFoundError:
        return ValidationContext(**said)


def _archived(last: EmbeddedPdfSignature) -> dict[str, Any]:
    """What Adobe's attribute brings along about revocation."""
    try:
        found = find_unique_cms_attribute(last.signer_info["signed_attrs"], "adobe_revocation_info_archival")
    except NonexistentAttributeError:
        return {}
    return {"crls": list(found["crl"] or ()), "ocsps": list(found["ocsp"] or ())}


def _judge(status: PdfSignatureStatus, at: datetime) -> None:
    """Raise Unfit unless the signature is whole, over the whole file, and of somebody it may be of."""
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    if not (status.intact and status.valid and whole and status.docmdp_ok is not False):
        raise Unfit("schedules.signed_changed")
    signer = _name(status.signing_cert.subject)
    if status.revoked:
        raise Unfit("schedules.signed_revoked", signer=signer)
    if not status.trusted:
        if status.trust_problem_indic in _WEAK:
            raise Unfit("schedules.signed_weak")
        cert = status.signing_cert
        if not cert.not_valid_before <= at <= cert.not_valid_after:
            raise Unfit("schedules.signed_expired", signer=signer)
        raise Unfit("schedules.signed_stranger", signer=signer)


def _name(name: x509.Name) -> str:
    shown = name.native.get("common_name") or name.human_friendly
    return "".join(letter for letter in str(shown) if letter.isprintable())[:120]
