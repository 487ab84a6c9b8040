"""A signed bulletin handed in by somebody: examined outside any transaction, kept and audited within one."""

from schedules.approval_models import BulletinSignature
from schedules.changes import ProgrammeChanged
from server.acts import acting
from server.auth.permissions import Permission
from server.auth.who import Who
from server.runtime import Runtime


async def hand_in(runtime: Runtime, who: Who, announcement_id: str, pdf: bytes) -> BulletinSignature:
    """Keep what was signed. Raises Forbidden, NotFound, and what `SignatureDesk.examine` and `keep` do."""
    desk = runtime.signatures
    async with runtime.database.reading() as session:
        about = await runtime.announcements.find(session, announcement_id)
        who.require(Permission.APPROVE, about.place_id)
        paper = await desk.paper(session, about.id)
        anchors = await desk.anchors(session, about.id)
    async with runtime.sound_work.turn(is_long=False):
        examined = await desk.examine(paper, pdf, anchors)
    async with acting(runtime, who) as act:
        act.require(Permission.APPROVE, about.place_id)
        kept = await desk.keep(act.session, examined, who.id)
        changed = ProgrammeChanged(about.place_id, "announcement", about.id)
        await act.done(
            "sign_announcement",
            f"announcement/{about.id}",
            about.place_id,
            changed,
            revision=kept.revision,
            signer=kept.signer,
            sha256=kept.sha256,
        )
    return kept
