"""What a session may be composed of, and when it may be approved, by what stands in it: announcements, stations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset
from audio.service import AudioService
from base.errors import Conflict, NotFound, Refused
from devices.wire.content import Part
from schedules import composition as compositions
from schedules import content, fixed_times, sounds
from schedules.composition import Composition, Element, Item, Relay, Source
from schedules.dispatch import in_order_of_need
from schedules.models import Announcement, AnnouncementState, RelaySource
from schedules.repository import announcements as rows
from schedules.repository import relays

_NAMED = 3
"""How many titles an error names."""


class ItemKind(StrEnum):
    """What stands in a session."""

    ANNOUNCEMENT = "announcement"
    RELAY = "relay"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class ItemView:
    """What stands in a session. languages: the main one first; duration_ms: of the main one, or of the relayed slot.

    A station has no state but a source, and its fallback if it has one. at_s: when it begins at a time of its own, and
    of music until when it goes on, in seconds from the beginning of the session.
    """

    id: str
    title: str
    state: AnnouncementState | None
    languages: tuple[str, ...]
    duration_ms: int
    kind: ItemKind = ItemKind.ANNOUNCEMENT
    at_s: int | None = None
    source: Source | None = None
    fallback: "ItemView | None" = None

    @property
    def ready(self) -> bool:
        """Whether nothing of it keeps the session from being approved."""
        if self.kind is ItemKind.RELAY:
            return self.fallback is not None and self.fallback.ready
        return self.state is AnnouncementState.APPROVED


async def checked(session: AsyncSession, audio: AudioService, place_id: str, composition: Composition) -> Composition:
    """What a place composes, with its stations as they are now: of its own announcements, none a session or put away.

    Raises Refused: session_items_count, session_tone_wrong, session_gap_wrong, session_identification_twice,
    session_item_unknown, session_nested, session_item_archived, no_versions, session_too_large, relay_unknown,
    relay_length_wrong, session_time_wrong, and what `fixed_times.check` does; Conflict: relay_retired.
    """
    compositions.check(composition)
    composition = composition.with_sources(await _sources(session, place_id, composition))
    ids = composition.announcement_ids
    found = await rows.many(session, ids, lock=True)
    for announcement_id in ids:
        check_item(place_id, announcement_id, found.get(announcement_id))
    versions = await sounds.versions(session, audio, await rows.versions(session, ids))
    _check_parts(compositions.parts(composition, versions))
    fixed_times.check(composition, versions, {each.id: each.title for each in found.values()})
    return composition


async def check_approvable(session: AsyncSession, audio: AudioService, announcement: Announcement) -> None:
    """Raise Conflict unless all that stands in a session may air: session_items_not_approved, relay_no_fallback,
    relay_retired.

    Also Refused, when it has grown since it was composed: session_too_large, and what `fixed_times.check` does.
    """
    found = (await content.load(session, audio, [announcement.id], lock=True))[announcement.id]
    if found.composition is not None:
        await _sources(session, announcement.place_id, found.composition)
        for relay in found.composition.relays:
            if relay.source is not None and relay.fallback_id is None:
                raise Conflict("schedules.relay_no_fallback", name=relay.source.name)
        check_items_approved(found)
        _check_whole(found, found.composition)


async def check_still_fits(session: AsyncSession, audio: AudioService, session_ids: Collection[str]) -> None:
    """Raise Conflict("schedules.session_times_lost") for an approved session that what changed in it makes none."""
    for found in (await content.load(session, audio, session_ids)).values():
        if found.composition is not None and found.announcement.state is AnnouncementState.APPROVED:
            try:
                _check_whole(found, found.composition)
            except Refused as error:
                raise Conflict("schedules.session_times_lost", session=found.announcement.title) from error


def check_items_approved(found: content.Content) -> None:
    """Raise Conflict("schedules.session_items_not_approved"), which names them, or the first of them."""
    waiting = found.not_approved
    if waiting:
        names = ", ".join(f"“{title}”" for title in waiting[:_NAMED]) + (" …" if len(waiting) > _NAMED else "")
        raise Conflict("schedules.session_items_not_approved", title=found.announcement.title, items=names)


def check_announceable(found: content.Content | None, place_id: str, announcement_id: str) -> None:
    """Raise for what a schedule of a place cannot announce: NotFound("schedules.announcement_unknown") for another
    place's, Conflict("schedules.not_approved") for one put away, and as `check_schedulable`.
    """
    if found is None or found.announcement.place_id != place_id:
        raise NotFound("schedules.announcement_unknown", id=announcement_id[:26])
    if found.announcement.state is AnnouncementState.ARCHIVED:
        raise Conflict("schedules.not_approved", title=found.announcement.title)
    check_schedulable(found)


def check_schedulable(found: content.Content) -> None:
    """Raise Refused("schedules.session_item_archived") for a session that can never be whole again as it is."""
    for each in found.contains:
        _check_not_archived(each)


def item_view(announcement: Announcement, by_language: Mapping[str, str], assets: Mapping[str, AudioAsset]) -> ItemView:
    """How a session shows an announcement of it, whose versions are language → asset id."""
    languages = tuple(language for language in in_order_of_need(by_language) if by_language[language] in assets)
    main_ms = assets[by_language[languages[0]]].duration_ms if languages else 0
    return ItemView(announcement.id, announcement.title, announcement.state, languages, main_ms)


def item_views(composition: Composition, known: Mapping[str, ItemView]) -> tuple[ItemView, ...]:
    """What stands in a session, one for each of its items whose announcement is known."""
    found = (_shown(item, known) for item in composition.items)
    return tuple(each for each in found if each is not None)


def source_of(row: RelaySource) -> Source:
    """A station as a session keeps it."""
    return Source(row.name, row.url, row.quiet_s, row.level, row.fallback_announcement_id, row.again_s)


def check_item(place_id: str, announcement_id: str, found: Announcement | None) -> None:
    """Raise Refused for what cannot stand in a session of a place, nor in for a station: session_item_unknown,
    session_nested, session_item_archived.
    """
    if found is None or found.place_id != place_id:
        raise Refused("schedules.session_item_unknown", id=announcement_id[:26])
    if found.composition is not None:
        raise Refused("schedules.session_nested", title=found.title)
    _check_not_archived(found)


def _check_not_archived(found: Announcement) -> None:
    if found.state is AnnouncementState.ARCHIVED:
        raise Refused("schedules.session_item_archived", title=found.title)


async def _sources(session: AsyncSession, place_id: str, composition: Composition) -> dict[str, Source]:
    ids = {relay.source_id for relay in composition.relays}
    found = await relays.many(session, ids)
    for source_id in ids:
        row = found.get(source_id)
        if row is None or row.place_id != place_id:
            raise Refused("schedules.relay_unknown", id=source_id[:26])
        if row.retired_at is not None:
            raise Conflict("schedules.relay_retired", name=row.name)
    return {row.id: source_of(row) for row in found.values()}


def _shown(item: Element, known: Mapping[str, ItemView]) -> ItemView | None:
    match item:
        case Relay(source_id, lasts_s, at_s=at_s, source=source):
            name = source.name if source is not None else source_id
            fallback = known.get(item.fallback_id or "")
            return ItemView(source_id, name, None, (), lasts_s * 1_000, ItemKind.RELAY, at_s, source, fallback)
        case Item(announcement_id, at_s=at_s):
            view = known.get(announcement_id)
            return None if view is None else replace(view, at_s=at_s)
        case _:
            view = known.get(item.announcement_id)
            return None if view is None else replace(view, kind=ItemKind.MUSIC, at_s=item.until_s)


def _check_whole(found: content.Content, composition: Composition) -> None:
    _check_parts(found.parts(found.announcement.play_class))
    fixed_times.check(composition, found.versions, {each.id: each.title for each in found.contains})


def _check_parts(parts: Sequence[Part]) -> None:
    if not parts:
        raise Refused("schedules.no_versions")
    compositions.check_size(parts)
