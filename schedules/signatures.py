"""Signed bulletins: the paper to be signed, what comes back examined and kept, and the certificates that count."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import Conflict, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from schedules import approving, bulletins
from schedules.approval_models import BulletinSignature, SignerCertificate
from schedules.models import Announcement, AnnouncementState
from schedules.repository import announcements as announcement_rows
from schedules.repository import approvals as rows
from schedules.repository.places import lock_place
from schedules.signing import paper
from schedules.signing.certificates import read_certificate
from schedules.signing.verdict import MAX_BYTES, Verdict, read_answer

MAX_CERTIFICATES = 50
"""Of one place, those that count."""
MAX_NAME = 120
MEMORY_MB, CPU_S, TIMEOUT_S = 768, 20, 30.0
_WORKER = "schedules.signing.check_worker"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Paper:
    """The PDF of an announcement's revision as it is now."""

    announcement_id: str
    revision: int
    digest: str
    written_at: datetime
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Examined:
    """A signed PDF that counts, not yet kept."""

    paper: Paper
    pdf: bytes
    sha256: str
    verdict: Verdict


class SignatureDesk:
    """What touches the database runs in the caller's transaction; `examine` needs none and takes a second or two."""

    def __init__(self, audio: AudioService, clock: Clock, fonts: Path) -> None:
        """fonts: the folder of the letters (`signing.paper`)."""
        self._audio, self._clock, self._fonts = audio, clock, fonts

    async def paper(self, session: AsyncSession, announcement_id: str) -> Paper:
        """The PDF to be signed. Raises NotFound("schedules.announcement_unknown")."""
        about = await self._announcement(session, announcement_id)
        bulletin = await bulletins.load(session, self._audio, about.id)
        written_at = await bulletins.written_at(session, about)
        made = paper.make(bulletin, written_at, self._fonts)
        return Paper(about.id, about.revision, bulletin.digest, written_at, made)

    async def anchors(self, session: AsyncSession, announcement_id: str) -> list[str]:
        """The certificates a signature must lead to, as PEM. Raises Conflict("schedules.signing_no_certificates")."""
        about = await self._announcement(session, announcement_id)
        found = await rows.certificates(session, await approving.path_of(session, about.place_id))
        if not found:
            raise Conflict("schedules.signing_no_certificates")
        return [each.pem for each in found]

    async def examine(self, made: Paper, pdf: bytes, anchors: Sequence[str]) -> Examined:
        """Look at what was uploaded, in a limited process. Raises Refused: signed_large, and `verdict.CODES`."""
        if len(pdf) > MAX_BYTES:
            raise Refused("schedules.signed_large", limit_mb=MAX_BYTES // 1_000_000)
        with tempfile.TemporaryDirectory(prefix="loa-pdf-") as folder:
            uploaded, ours = Path(folder) / "signed.pdf", Path(folder) / "paper.pdf"
            uploaded.write_bytes(pdf)
            ours.write_bytes(made.pdf)
            request = {
                "pdf": uploaded,
                "paper": ours,
                "anchors": list(anchors),
                "now": self._clock().isoformat(),
                "not_before": made.written_at.isoformat(),
                "memory_mb": MEMORY_MB,
                "cpu_s": CPU_S,
            }
            try:
                answer = await run_worker(_WORKER, request, timeout_s=TIMEOUT_S)
            except (WorkerFailed, WorkerTimeout) as error:
                raise Refused("schedules.signed_unreadable", part=type(error).__name__) from error
        return Examined(made, pdf, _sha256(pdf), read_answer(answer, made.digest))

    async def keep(self, session: AsyncSession, examined: Examined, user_id: str) -> BulletinSignature:
        """Keep a signed PDF with its announcement, unless that was changed meanwhile. Twice is once.

        Raises Conflict: signed_not_submitted, stale_revision; Refused("schedules.signed_other").
        """
        about, found = await self._unchanged(session, examined.paper), examined.verdict
        for before in await rows.signatures(session, about.id):
            if (before.sha256, before.verdict["anchor"]) == (examined.sha256, found.anchor):
                return before
        kept = BulletinSignature(
            id=new_id(),
            announcement_id=about.id,
            revision=about.revision,
            sha256=examined.sha256,
            pdf=examined.pdf,
            verdict=found.to_map(),
            signer=found.signer,
            signed_at=found.signed_at,
            by=user_id,
            at=self._clock(),
        )
        session.add(kept)
        await session.flush()
        _log.info("bulletin.signed", announcement=about.id, revision=about.revision, sha256=examined.sha256)
        return kept

    async def current(self, session: AsyncSession, announcement: Announcement) -> BulletinSignature | None:
        """The signature that counts for an announcement as it is now."""
        return await approving.signature_of(session, self._audio, announcement)

    async def signature(self, session: AsyncSession, signature_id: str) -> BulletinSignature:
        """A signed PDF as it was uploaded. Raises NotFound("schedules.signature_unknown")."""
        found = await rows.signature(session, signature_id)
        if found is None:
            raise NotFound("schedules.signature_unknown", id=signature_id[:26])
        return found

    async def certificates(self, session: AsyncSession, place_id: str) -> list[SignerCertificate]:
        """The certificates that count in a place: its own and those of the places above."""
        return await rows.certificates(session, await approving.path_of(session, place_id))

    async def add_certificate(
        self, session: AsyncSession, place_id: str, name: str, raw: bytes, user_id: str
    ) -> SignerCertificate:
        """Let a certificate count. Raises Refused: certificate_*, also for one that is there already; name_wrong."""
        about, shown = read_certificate(raw), name.strip()
        if len(shown) > MAX_NAME:
            raise Refused("schedules.certificate_name", limit=MAX_NAME)
        await approving.path_of(session, place_id)
        await lock_place(session, place_id)
        beside = await rows.certificates(session, [place_id])
        if len(beside) >= MAX_CERTIFICATES:
            raise Refused("schedules.certificates_count", limit=MAX_CERTIFICATES)
        if any(each.pem == about.pem for each in beside):
            raise Conflict("schedules.certificate_known", name=about.name)
        added = SignerCertificate(
            id=new_id(),
            place_id=place_id,
            name=shown or about.name,
            pem=about.pem,
            added_by=user_id,
            added_at=self._clock(),
        )
        session.add(added)
        await session.flush()
        return added

    async def retire_certificate(self, session: AsyncSession, certificate_id: str) -> SignerCertificate:
        """Let a certificate count no more: also not for what is signed but not yet approved. Twice is once."""
        found = await self.certificate(session, certificate_id)
        if found.retired_at is None:
            found.retired_at = self._clock()
            await session.flush()
        return found

    async def certificate(self, session: AsyncSession, certificate_id: str) -> SignerCertificate:
        """Raises NotFound("schedules.certificate_unknown")."""
        found = await rows.certificate(session, certificate_id)
        if found is None:
            raise NotFound("schedules.certificate_unknown", id=certificate_id[:26])
        return found

    async def _unchanged(self, session: AsyncSession, made: Paper) -> Announcement:
        """The announcement of a paper, locked, while it still says what the paper does and waits for approval."""
        about = await announcement_rows.one(session, made.announcement_id, lock=True)
        if about is None:
            raise NotFound("schedules.announcement_unknown", id=made.announcement_id)
        if about.state is not AnnouncementState.SUBMITTED:
            raise Conflict("schedules.signed_not_submitted", title=about.title)
        if about.revision != made.revision:
            raise Conflict("schedules.stale_revision", seen=made.revision, current=about.revision)
        if (await bulletins.load(session, self._audio, about.id)).digest != made.digest:
            raise Refused("schedules.signed_other")
        return about

    async def _announcement(self, session: AsyncSession, announcement_id: str) -> Announcement:
        found = await announcement_rows.one(session, announcement_id)
        if found is None:
            raise NotFound("schedules.announcement_unknown", id=announcement_id[:26])
        return found


def _sha256(pdf: bytes) -> str:
    return hashlib.sha256(pdf).hexdigest()
