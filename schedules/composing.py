"""What a session may be composed of, and when it may be approved, by the announcements that stand in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset
from audio.service import AudioService
from base.errors import Conflict, Refused
from devices.wire.content import Part
from schedules import composition as compositions
from schedules import content, sounds
from schedules.composition import Composition
from schedules.dispatch import in_order_of_need
from schedules.models import Announcement, AnnouncementState
from schedules.repository import announcements as rows

_NAMED = 3
"""How many titles an error names."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """An announcement that stands in a session. languages: the main one first; duration_ms: of the main one."""

    id: str
    title: str
    state: AnnouncementState
    languages: tuple[str, ...]
    duration_ms: int


async def check(session: AsyncSession, audio: AudioService, place_id: str, composition: Composition) -> None:
    """Raise Refused unless a place can compose this: of its own announcements, none of them a session or put away.

    session_items_count, session_tone_wrong, session_gap_wrong, session_identification_twice, session_item_unknown,
    session_nested, session_item_archived, no_versions, session_too_large.
    """
    compositions.check(composition)
    ids = composition.announcement_ids
    found = await rows.many(session, ids, lock=True)
    for announcement_id in ids:
        _check_item(place_id, announcement_id, found.get(announcement_id))
    versions = await sounds.versions(session, audio, await rows.versions(session, ids))
    _check_parts(compositions.parts(composition, versions))


async def check_approvable(session: AsyncSession, audio: AudioService, announcement: Announcement) -> None:
    """Raise Conflict("schedules.session_items_not_approved") unless all that stands in a session is approved.

    Also Refused, when it has grown since it was composed: session_too_large.
    """
    found = (await content.load(session, audio, [announcement.id], lock=True))[announcement.id]
    if found.composition is not None:
        check_items_approved(found)
        _check_parts(found.parts(announcement.play_class))


def check_items_approved(found: content.Content) -> None:
    """Raise Conflict("schedules.session_items_not_approved"), which names them, or the first of them."""
    waiting = found.not_approved
    if waiting:
        names = ", ".join(f"“{title}”" for title in waiting[:_NAMED]) + (" …" if len(waiting) > _NAMED else "")
        raise Conflict("schedules.session_items_not_approved", title=found.announcement.title, items=names)


def check_schedulable(found: content.Content) -> None:
    """Raise Refused("schedules.session_item_archived") for a session that can never be whole again as it is."""
    for each in found.contains:
        _check_not_archived(each)


def item_view(announcement: Announcement, by_language: Mapping[str, str], assets: Mapping[str, AudioAsset]) -> ItemView:
    """How a session shows an announcement of it, whose versions are language → asset id."""
    languages = tuple(language for language in in_order_of_need(by_language) if by_language[language] in assets)
    main_ms = assets[by_language[languages[0]]].duration_ms if languages else 0
    return ItemView(announcement.id, announcement.title, announcement.state, languages, main_ms)


def _check_item(place_id: str, announcement_id: str, found: Announcement | None) -> None:
    if found is None or found.place_id != place_id:
        raise Refused("schedules.session_item_unknown", id=announcement_id[:26])
    if found.composition is not None:
        raise Refused("schedules.session_nested", title=found.title)
    _check_not_archived(found)


def _check_not_archived(found: Announcement) -> None:
    if found.state is AnnouncementState.ARCHIVED:
        raise Refused("schedules.session_item_archived", title=found.title)


def _check_parts(parts: Sequence[Part]) -> None:
    if not parts:
        raise Refused("schedules.no_versions")
    compositions.check_size(parts)
