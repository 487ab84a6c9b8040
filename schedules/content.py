"""From announcements to the parts an order carries: one with versions of its own, or a session of several."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService
from devices.wire.content import Part, Version
from devices.wire.orders import PlayClass
from schedules import composition as compositions
from schedules import sounds
from schedules.composition import Composition
from schedules.dispatch import bulletin_parts
from schedules.models import Announcement, AnnouncementState, Occurrence
from schedules.repository import announcements as rows


@dataclass(frozen=True, slots=True)
class Content:
    """What an announcement sounds as it is now. contains: a session's announcements, each once, as far as known.

    versions: announcement → its versions; of the announcement itself, or of what it contains.
    """

    announcement: Announcement
    composition: Composition | None
    contains: tuple[Announcement, ...]
    versions: Mapping[str, tuple[Version, ...]]

    def parts(self, play_class: int) -> tuple[Part, ...]:
        """In the order in which they sound; none when a sound is missing. A session opens as it says, in any class."""
        if self.composition is None:
            return bulletin_parts(PlayClass(play_class), self.versions[self.announcement.id])
        return compositions.parts(self.composition, self.versions)

    @property
    def not_approved(self) -> tuple[str, ...]:
        """The titles of what stands in it and may not go on air now."""
        return tuple(each.title for each in self.contains if each.state is not AnnouncementState.APPROVED)

    @property
    def may_air(self) -> bool:
        """Whether it is approved, and so is all that stands in it."""
        return self.announcement.state is AnnouncementState.APPROVED and not self.not_approved


def as_approved(row: Occurrence, content: Content) -> None:
    """Let an airing be of this announcement, in the class and of the level in which it is approved."""
    about = content.announcement
    row.announcement_id, row.play_class, row.level = about.id, about.play_class, about.level


async def load(
    session: AsyncSession, audio: AudioService, announcement_ids: Collection[str], *, lock: bool = False
) -> dict[str, Content]:
    """The content of those that exist; with `lock`, nobody else changes them or what stands in them.

    Locked are first sessions, then announcements by id: a session stands in nothing, so nobody waits in a circle.
    """
    found = await rows.many(session, announcement_ids)
    sessions = {each.id for each in found.values() if each.composition is not None}
    if lock:
        await rows.many(session, sessions, lock=True)
    composed = {each.id: composition_of(each) for each in found.values()}
    sounding = (found.keys() - sessions) | in_sessions(composed.values())
    contained = await rows.many(session, sounding, lock=lock)
    versions = await sounds.versions(session, audio, await rows.versions(session, sounding))
    return {each.id: _content(each, composed[each.id], contained, versions) for each in found.values()}


def composition_of(announcement: Announcement) -> Composition | None:
    """What a session is composed of; None for an announcement with versions of its own."""
    kept = announcement.composition
    return None if kept is None else Composition.from_map(kept)


def in_sessions(composed: Iterable[Composition | None]) -> set[str]:
    """The announcements that stand in any of these."""
    return {each for composition in composed if composition is not None for each in composition.announcement_ids}


def _content(
    announcement: Announcement,
    composition: Composition | None,
    contained: Mapping[str, Announcement],
    versions: Mapping[str, tuple[Version, ...]],
) -> Content:
    inside = () if composition is None else composition.announcement_ids
    return Content(announcement, composition, tuple(contained[each] for each in inside if each in contained), versions)
