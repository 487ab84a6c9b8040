"""Who may approve, by place and class; and a bulletin whose signed PDF is asked for, signed for real."""

import zlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from base.errors import Conflict, Forbidden, NotFound, Refused
from devices.wire.orders import PlayClass
from schedules import approving
from schedules.approval_models import BulletinSignature
from schedules.composition import Composition, Item
from schedules.models import Announcement, AnnouncementState
from schedules.signatures import Paper, SignatureDesk
from schedules.signing.verdict import MAX_BYTES
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, OPERATOR, Room
from tests.support.signing import NOW, Person, person, sign

FONTS = Path(__file__).parents[3] / "server" / "web" / "static" / "vendor"
CHAIR, DEPUTY = "chair", "deputy"


@pytest.fixture
def desk(room: Room) -> SignatureDesk:
    room.clock.now = NOW
    return SignatureDesk(room.audio, room.clock, FONTS)


async def rule(room: Room, place: str = COMMUNE, play_class: int = PlayClass.NORMAL, **said: object) -> None:
    wanted = {"roles": (), "other_than_author": False, "signed": False} | said
    async with room.database.writing() as session:
        await approving.set_rule(session, place, play_class, **wanted)  # type: ignore[arg-type] # of the tests


async def submitted(room: Room, title: str = "Lịch tiêm chủng") -> str:
    async with room.database.writing() as session:
        draft = await room.draft(session, title)
        await room.announcements.submit(session, draft.id, OPERATOR)
        return draft.id


async def approve(room: Room, announcement_id: str, who: str = CHAIR, *roles: str) -> Announcement:
    async with room.database.writing() as session:
        return await room.announcements.approve(session, announcement_id, who, roles=roles)


async def hand_in(room: Room, desk: SignatureDesk, announcement_id: str, who: Person) -> BulletinSignature:
    made, anchors = await paper(room, desk, announcement_id)
    return await keep(room, desk, made, await sign(made.pdf, who, at=NOW + timedelta(seconds=1)), anchors)


async def paper(room: Room, desk: SignatureDesk, announcement_id: str) -> tuple[Paper, list[str]]:
    async with room.database.reading() as session:
        return await desk.paper(session, announcement_id), await desk.anchors(session, announcement_id)


async def keep(room: Room, desk: SignatureDesk, made: Paper, pdf: bytes, anchors: list[str]) -> BulletinSignature:
    examined = await desk.examine(made, pdf, anchors)
    async with room.database.writing() as session:
        return await desk.keep(session, examined, APPROVER)


async def certify(room: Room, desk: SignatureDesk, who: Person, place: str = COMMUNE) -> str:
    async with room.database.writing() as session:
        return (await desk.add_certificate(session, place, "", who.pem.encode(), APPROVER)).id


async def test_without_a_rule_whoever_may_approve_does(room: Room):
    assert (await approve(room, await submitted(room), OPERATOR)).state is AnnouncementState.APPROVED


async def test_the_nearest_rule_of_the_class_says_who_may(room: Room):
    async with room.database.reading() as session:
        province = (await approving.path_of(session, COMMUNE))[1]
    await rule(room, province, roles=("administrator",))
    await rule(room, COMMUNE, PlayClass.PRIORITY, roles=("approver",))
    waiting = await submitted(room)
    with pytest.raises(Forbidden, match="approve_by_administrator"):
        await approve(room, waiting, CHAIR, "approver")
    await rule(room, roles=("approver",))
    with pytest.raises(Forbidden, match="approve_by_approver"):
        await approve(room, waiting, CHAIR, "administrator")
    assert (await approve(room, waiting, CHAIR, "approver")).state is AnnouncementState.APPROVED
    async with room.database.writing() as session:
        await approving.drop_rule(session, COMMUNE, PlayClass.NORMAL)
        found = await approving.standing(session, COMMUNE)
    assert [(each.terms.place_id, each.own is not None) for each in found] == [
        ("", False),
        (province, False),
        (COMMUNE, True),
    ]


async def test_who_wrote_or_changed_it_cannot_approve_it_where_another_is_asked_for(room: Room):
    await rule(room, other_than_author=True)
    waiting = await submitted(room)
    async with room.database.writing() as session:
        await room.announcements.edit(session, waiting, revision=1, user_id=DEPUTY, title="Lịch tiêm chủng mới")
        await room.announcements.submit(session, waiting, OPERATOR)
    for author in (OPERATOR, DEPUTY):
        with pytest.raises(Forbidden, match="approve_own"):
            await approve(room, waiting, author)
    assert (await approve(room, waiting)).state is AnnouncementState.APPROVED


@pytest.mark.parametrize(
    "said", [{"play_class": 3}, {"play_class": 7}, {"roles": ("operator",)}, {"roles": ("x",) * 9}]
)
async def test_what_is_no_rule_is_refused(room: Room, said: dict[str, object]):
    with pytest.raises(Refused, match="approver_rule_wrong"):
        await rule(room, **said)  # type: ignore[arg-type] # hostile input


async def test_the_rule_of_no_class_is_not_dropped(room: Room):
    async with room.database.writing() as session:
        with pytest.raises(Refused, match="approver_rule_wrong"):
            await approving.drop_rule(session, COMMUNE, 7)


@BOTH
async def test_nothing_is_approved_without_the_signed_pdf_of_what_it_says_now(room: Room, desk: SignatureDesk):
    await rule(room, signed=True)
    waiting, chair = await submitted(room), person("Chủ tịch xã Bảo Nhai")
    with pytest.raises(Conflict, match="approve_unsigned"):
        await approve(room, waiting)
    async with room.database.reading() as session:
        with pytest.raises(Conflict, match="signing_no_certificates"):
            await desk.anchors(session, waiting)
    certificate = await certify(room, desk, chair)
    kept = await hand_in(room, desk, waiting, chair)
    assert (kept.signer, kept.revision, kept.verdict["signer"]) == ("Chủ tịch xã Bảo Nhai", 1, "Chủ tịch xã Bảo Nhai")
    async with room.database.writing() as session:
        await desk.retire_certificate(session, certificate)
    with pytest.raises(Conflict, match="approve_unsigned"):
        await approve(room, waiting)
    await certify(room, desk, chair)
    assert (await approve(room, waiting)).state is AnnouncementState.APPROVED
    async with room.database.writing() as session:
        await room.announcements.edit(session, waiting, revision=1, user_id=OPERATOR, title="Khác")
        await room.announcements.submit(session, waiting, OPERATOR)
    with pytest.raises(Conflict, match="approve_unsigned"):
        await approve(room, waiting)


async def test_a_session_is_signed_with_all_that_stands_in_it(room: Room, desk: SignatureDesk):
    await rule(room, signed=True)
    chair = person("Chủ tịch")
    await certify(room, desk, chair)
    part = await submitted(room, "Giá lúa")
    await hand_in(room, desk, part, chair)
    await approve(room, part)
    async with room.database.writing() as session:
        made = await room.announcements.compose(
            session, place_id=COMMUNE, title="Buổi sáng", composition=Composition(items=(Item(part),)), user_id=OPERATOR
        )
        await room.announcements.submit(session, made.id, OPERATOR)
    await hand_in(room, desk, made.id, chair)
    async with room.database.writing() as session:
        await room.announcements.edit(
            session, part, revision=1, user_id=OPERATOR, versions={"vi": await room.asset(session)}
        )
        await room.announcements.edit(session, part, revision=2, user_id=OPERATOR, title="Giá lúa hôm nay")
        await room.announcements.submit(session, part, OPERATOR)
    await hand_in(room, desk, part, chair)
    await approve(room, part)
    with pytest.raises(Conflict, match="approve_unsigned"):
        await approve(room, made.id)


async def test_what_was_changed_while_it_was_examined_is_not_kept(room: Room, desk: SignatureDesk):
    waiting, chair = await submitted(room), person("Chủ tịch")
    await certify(room, desk, chair)
    made, anchors = await paper(room, desk, waiting)
    examined = await desk.examine(made, await sign(made.pdf, chair), anchors)
    async with room.database.writing() as session:
        await room.announcements.edit(session, waiting, revision=1, user_id=OPERATOR, title="Khác")
    async with room.database.writing() as session:
        with pytest.raises(Conflict, match="signed_not_submitted"):
            await desk.keep(session, examined, APPROVER)
        await room.announcements.submit(session, waiting, OPERATOR)
        with pytest.raises(Conflict, match="stale_revision"):
            await desk.keep(session, examined, APPROVER)


@BOTH
async def test_a_signed_pdf_is_kept_once_and_read_only_by_who_downloads_it(room: Room, desk: SignatureDesk):
    waiting, chair = await submitted(room), person("Chủ tịch")
    await certify(room, desk, chair)
    made, anchors = await paper(room, desk, waiting)
    pdf = await sign(made.pdf, chair, at=NOW + timedelta(seconds=1))
    first, again = [await keep(room, desk, made, pdf, anchors) for _ in range(2)]
    assert again.id == first.id
    async with room.database.reading() as session:
        found = await desk.current(session, await room.announcements.find(session, waiting))
        assert found is not None
        assert inspect(found).unloaded == {"pdf"}, "megabytes that no page shows"
        assert (await desk.signature(session, found.id)).pdf == pdf


async def test_hostile_uploads_end_in_the_limited_process(room: Room, desk: SignatureDesk):
    waiting, chair = await submitted(room), person("Chủ tịch")
    await certify(room, desk, chair)
    made, anchors = await paper(room, desk, waiting)
    with pytest.raises(Refused, match="signed_large"):
        await desk.examine(made, b"%PDF-" + bytes(MAX_BYTES), anchors)
    with pytest.raises(Refused, match="signed_unreadable"):
        await desk.examine(made, bomb(), anchors)


def bomb() -> bytes:
    """A PDF whose table of contents is two gigabytes of nothing, in two megabytes."""
    packed = _zeros()
    head = b"%PDF-1.7\n"
    stream = b"1 0 obj\n<</Type/XRef/Size 9/W[1 2 1]/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(packed)
    return head + stream + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def _zeros() -> bytes:
    """Two gigabytes of zeros, packed as quickly as one piece of them."""
    size, count = 1 << 24, 128
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(size)) + packer.flush(zlib.Z_FULL_FLUSH)
    check = (size * count % 65_521) << 16 | 1
    return b"\x78\x9c" + piece * count + packer.flush() + check.to_bytes(4, "big")


async def test_certificates_are_read_with_care(room: Room, desk: SignatureDesk):
    chair = person("Chủ tịch")
    certificate = await certify(room, desk, chair)
    hostile = {
        "certificate_large": b"-----BEGIN CERTIFICATE-----" + b"A" * 20_000,
        "certificate_unreadable": b"\x30\x82\xff\xff",
        "certificate_known": chair.der,
    }
    async with room.database.writing() as session:
        for code, raw in hostile.items():
            with pytest.raises((Refused, Conflict), match=code):
                await desk.add_certificate(session, COMMUNE, "", raw, APPROVER)
        with pytest.raises(Refused, match="certificate_unreadable"):
            await desk.add_certificate(session, COMMUNE, "", (chair.pem + person("Hai").pem).encode(), APPROVER)
        with pytest.raises(Refused, match="certificate_name"):
            await desk.add_certificate(session, COMMUNE, "a" * 999, person("Ba").der, APPROVER)
        with pytest.raises(NotFound, match="certificate_unknown"):
            await desk.retire_certificate(session, "nobody's")
        retired = await desk.retire_certificate(session, certificate)
        first: datetime | None = retired.retired_at
        room.clock.move(hours=1)
        assert (await desk.retire_certificate(session, certificate)).retired_at == first
