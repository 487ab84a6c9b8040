"""From asset ids by language to the versions an order names."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import Rendition as Encoding
from audio.renditions import RENDITIONS
from audio.service import AudioService
from devices.wire.content import Rendition, Version
from schedules.dispatch import in_order_of_need

Assets = Mapping[str, str]
"""Language → asset id."""
NAMED = tuple(spec.codec for spec in RENDITIONS)
"""An order names every encoding there is, in this order: a speaker passes over what it cannot play."""


async def versions(
    session: AsyncSession, audio: AudioService, wanted: Mapping[str, Assets]
) -> dict[str, tuple[Version, ...]]:
    """The versions of each of `wanted`, best rendition first; a language with no rendition is left out."""
    ids = {asset_id for assets in wanted.values() for asset_id in assets.values()}
    encodings = await audio.renditions(session, ids, NAMED)
    return {name: as_versions(assets, encodings) for name, assets in wanted.items()}


def as_versions(assets: Assets, encodings: Mapping[str, Sequence[Encoding]]) -> tuple[Version, ...]:
    """The versions of one thing, of languages that have a sound."""
    sounds = {language: _renditions(encodings.get(asset_id, ())) for language, asset_id in assets.items()}
    return tuple(Version(language, sounds[language]) for language in in_order_of_need(sounds) if sounds[language])


def _renditions(encodings: Iterable[Encoding]) -> tuple[Rendition, ...]:
    return tuple(Rendition(bytes.fromhex(e.sha256), e.size, e.codec, e.duration_ms) for e in encodings)
