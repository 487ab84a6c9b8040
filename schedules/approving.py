"""The rules of who may approve, kept and enforced."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from base.errors import NotFound
from devices.places import PlaceTree
from schedules import bulletins
from schedules.approval_models import ApproverRule, BulletinSignature
from schedules.approver import CLASSES, Approver, Terms, check_rule, terms
from schedules.models import Announcement
from schedules.repository import approvals as rows
from schedules.repository import ground
from schedules.repository.places import lock_place
from schedules.signing.certificates import read_certificate


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a class in a place, and the place's own rule, if it has one."""

    play_class: int
    terms: Terms
    own: ApproverRule | None


async def path_of(session: AsyncSession, place_id: str) -> tuple[str, ...]:
    """A place and those above it. Raises NotFound("schedules.place_unknown")."""
    places = await ground.around(session, place_id)
    if place_id not in {place.id for place in places}:
        raise NotFound("schedules.place_unknown", place_id=place_id)
    return PlaceTree.of(places).path(place_id)


async def standing(session: AsyncSession, place_id: str) -> tuple[Standing, ...]:
    """What holds in a place, class by class."""
    path = await path_of(session, place_id)
    rules = await rows.rules(session, path)
    own = {rule.play_class: rule for rule in rules if rule.place_id == place_id}
    return tuple(Standing(int(each), terms(rules, path, each), own.get(int(each))) for each in CLASSES)


async def set_rule(
    session: AsyncSession,
    place_id: str,
    play_class: int,
    *,
    roles: Collection[str],
    other_than_author: bool,
    signed: bool,
) -> ApproverRule:
    """Write a place's own rule for a class. Raises Refused("schedules.approver_rule_wrong")."""
    check_rule(play_class, roles)
    await path_of(session, place_id)
    await lock_place(session, place_id)  # a rule that is not there yet cannot be locked
    found = await rows.rule(session, place_id, play_class) or ApproverRule(place_id=place_id, play_class=play_class)
    found.roles, found.other_than_author, found.signed = sorted(set(roles)), other_than_author, signed
    session.add(found)
    await session.flush()
    return found


async def drop_rule(session: AsyncSession, place_id: str, play_class: int) -> None:
    """Let the rule of a place above hold again. Twice is once. Raises Refused("schedules.approver_rule_wrong")."""
    check_rule(play_class, ())
    found = await rows.rule(session, place_id, play_class)
    if found is not None:
        await session.delete(found)
        await session.flush()


async def terms_of(session: AsyncSession, announcement: Announcement) -> Terms:
    """What it takes to approve an announcement."""
    path = await path_of(session, announcement.place_id)
    return terms(await rows.rules(session, path), path, announcement.play_class)


async def check(session: AsyncSession, audio: AudioService, announcement: Announcement, who: Approver) -> None:
    """Raise Forbidden, or Conflict without a signed PDF, unless somebody may approve an announcement as it is now."""
    needed = await terms_of(session, announcement)
    needed.check(who, announcement.title, await bulletins.authors(session, announcement))
    if needed.signed:
        found = await signature_of(session, audio, announcement)
        needed.check_signed(announcement.title, is_signed=found is not None)


async def signature_of(
    session: AsyncSession, audio: AudioService, announcement: Announcement
) -> BulletinSignature | None:
    """The newest signed PDF that says what the announcement says now, and leads to a certificate that still counts."""
    found = [each for each in await rows.signatures(session, announcement.id) if each.revision == announcement.revision]
    if not found:
        return None
    digest = (await bulletins.load(session, audio, announcement.id)).digest
    kept = await rows.certificates(session, await path_of(session, announcement.place_id))
    anchors = {read_certificate(each.pem.encode()).fingerprint for each in kept}
    good = (each for each in found if each.verdict["digest"] == digest and each.verdict["anchor"] in anchors)
    return next(good, None)
