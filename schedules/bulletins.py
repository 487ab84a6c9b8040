"""An announcement's revision as the bulletin that is signed, with every sound of everything in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset, Rendition
from audio.service import AudioService
from base.errors import NotFound
from devices.models import Place
from schedules.approval import Action
from schedules.content import composition_of, in_sessions
from schedules.dispatch import in_order_of_need
from schedules.models import Announcement
from schedules.repository import announcements as rows
from schedules.signing.bulletin import Bulletin, Item, Sound

_WRITING = {Action.CREATE, Action.EDIT}


async def load(session: AsyncSession, audio: AudioService, announcement_id: str) -> Bulletin:
    """What an announcement says and sounds as it is now. Raises NotFound("schedules.announcement_unknown")."""
    about = await rows.one(session, announcement_id)
    if about is None:
        raise NotFound("schedules.announcement_unknown", id=announcement_id[:26])
    place = await session.get(Place, about.place_id)
    composition = composition_of(about)
    inside = {} if composition is None else await rows.many(session, in_sessions([composition]))
    said = [about] if composition is None else [inside[each] for each in sorted(inside)]
    return Bulletin(
        id=about.id,
        revision=about.revision,
        place=place.name if place is not None else about.place_id,
        title=about.title,
        play_class=about.play_class,
        level=about.level,
        items=await _items(session, audio, said),
        composition=about.composition,
    )


async def written_at(session: AsyncSession, announcement: Announcement) -> datetime:
    """When the revision came to be."""
    steps = (await rows.steps(session, [announcement.id]))[announcement.id]
    found = [step.at for step in steps if step.revision == announcement.revision and step.action in _WRITING]
    return found[0] if found else announcement.created_at


async def authors(session: AsyncSession, announcement: Announcement) -> frozenset[str]:
    """Whoever wrote or changed an announcement, or anything that stands in it, in any revision."""
    steps = await rows.steps(session, {announcement.id, *in_sessions([composition_of(announcement)])})
    return frozenset(step.user_id for each in steps.values() for step in each if step.action in _WRITING)


async def last_author(session: AsyncSession, announcement: Announcement) -> str:
    """Who wrote it as it is now."""
    steps = (await rows.steps(session, [announcement.id]))[announcement.id]
    wrote = [step.user_id for step in steps if step.action in _WRITING]
    return wrote[-1] if wrote else announcement.created_by


async def _items(session: AsyncSession, audio: AudioService, said: Sequence[Announcement]) -> tuple[Item, ...]:
    versions = await rows.versions(session, [each.id for each in said])
    ids = {asset_id for by_language in versions.values() for asset_id in by_language.values()}
    assets = await rows.assets(session, ids)
    encodings = await audio.renditions(session, ids)
    return tuple(
        Item(
            each.id,
            each.title,
            tuple(
                _sound(language, assets[versions[each.id][language]], encodings)
                for language in in_order_of_need(versions[each.id])
                if versions[each.id][language] in assets
            ),
        )
        for each in said
    )


def _sound(language: str, asset: AudioAsset, encodings: Mapping[str, Sequence[Rendition]]) -> Sound:
    files = tuple(sorted((each.codec, each.sha256) for each in encodings.get(asset.id, ())))
    return Sound(language, asset.mastered_sha256, asset.duration_ms, asset.text or "", files)
