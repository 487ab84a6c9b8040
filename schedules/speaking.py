"""The words of emergency templates: spoken ahead of time, and ordered into every message bank."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from audio.service import AudioService, PreparedAsset
from base.errors import NotFound, Unavailable
from base.ids import new_id
from base.times import Clock
from devices.models import OrderEntry
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.orders import Hold, PlayClass
from schedules import sounds
from schedules.emergency import DRILL_VARIANT, Sounds, spoken
from schedules.models import EmergencyTemplate
from schedules.repository import emergencies as rows
from schedules.templates import EXERCISE_TEXTS, FIRST_TEMPLATES, TemplateDraft

HOLD_STANDS = timedelta(days=180)
HOLD_RENEWED = timedelta(days=60)
"""A hold is ordered again this long after the last, so that the one in force always has four months left: a village
that only a courier reaches gets it in time."""


@dataclass(frozen=True, slots=True)
class PreparedTemplate:
    """The sounds of a template, made outside any transaction. `texts`: the words they were made from."""

    template_id: str
    title: str
    texts: Mapping[str, str]
    spoken: Mapping[str, PreparedAsset] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplateKeeper:
    """Keeps a place's templates complete and in the message banks."""

    devices: DeviceService
    audio: AudioService
    clock: Clock

    async def ensure(self, session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
        """The place's templates; the first ones are written when they are missing."""
        present = {template.key for template in await rows.templates(session, place_id)}
        session.add_all(_template(place_id, draft) for draft in FIRST_TEMPLATES if draft.key not in present)
        await session.flush()
        return await rows.templates(session, place_id)

    async def unspoken(self, session: AsyncSession, place_id: str) -> list[EmergencyTemplate]:
        """Templates with words, or an announcement of exercise, that nobody has spoken yet."""
        return [template for template in await rows.templates(session, place_id) if _missing(template)]

    async def prepare(self, template: EmergencyTemplate, words: Mapping[str, str]) -> PreparedTemplate:
        """Speak what is missing, with the commune's words (written → said); slow, and needs no session.

        What is spoken stays as it is when the dictionary changes. Raises Refused or Unavailable from speech.
        """
        texts = dict(template.texts)
        made: dict[str, PreparedAsset] = {}
        for key, text in _missing(template).items():
            language = key.removesuffix(DRILL_VARIANT)
            made[key] = await self.audio.prepare_text(text, language=language, dictionary=words)
        return PreparedTemplate(template.id, next(iter(template.titles.values()), template.key), texts, made)

    async def save(
        self, session: AsyncSession, prepared: PreparedTemplate, *, user_id: str | None
    ) -> EmergencyTemplate:
        """Give a template its sounds. Raises Unavailable when its words were changed meanwhile: prepare again."""
        template = await rows.template(session, prepared.template_id, lock=True)
        if template is None:
            raise NotFound("schedules.template_unknown", id=prepared.template_id)
        if template.texts != prepared.texts:
            raise Unavailable("schedules.template_changed", title=prepared.title)
        assets = dict(template.assets)
        for key, sound in prepared.spoken.items():
            asset = await self.audio.save(
                session, sound, commune_id=template.place_id, title=prepared.title, user_id=user_id
            )
            assets[key] = asset.id
        if assets != template.assets:
            template.assets, template.held_at = assets, None
        await session.flush()
        return template

    async def hold(self, session: AsyncSession, place_id: str) -> list[OrderEntry]:
        """Order into the message banks what changed since it was last ordered there, or was ordered long ago."""
        now = self.clock()
        waiting = await rows.not_held(session, place_id, now - HOLD_RENEWED)
        ready = [template for template in waiting if not _missing(template)]
        sounding = await self.sounds(session, ready)
        entries = [await self._hold(session, template, sounding[template.id], now) for template in ready]
        await session.flush()
        return entries

    async def sounds(self, session: AsyncSession, templates: list[EmergencyTemplate]) -> dict[str, Sounds]:
        """Template id → what it sounds like."""
        wanted: dict[str, dict[str, str]] = {}
        for template in templates:
            words, exercise = spoken(template.assets)
            wanted[template.id] = {key: template.assets[key] for key in words}
            wanted[template.id + DRILL_VARIANT] = {
                key.removesuffix(DRILL_VARIANT): template.assets[key] for key in exercise
            }
        found = await sounds.versions(session, self.audio, wanted)
        return {t.id: Sounds(t.tone, found[t.id], found[t.id + DRILL_VARIANT]) for t in templates}

    async def _hold(
        self, session: AsyncSession, template: EmergencyTemplate, sounding: Sounds, now: datetime
    ) -> OrderEntry:
        entry = await self.devices.order(
            session,
            template.place_id,
            Hold(template.key, sounding.bank()),
            Audience(),
            now + HOLD_STANDS,
            kind=Hold.type,
            urgency=int(PlayClass.PRIORITY),
        )
        template.held_at = now
        return entry


def _missing(template: EmergencyTemplate) -> dict[str, str]:
    """Key of the asset → the text to speak for it. A language with no announcement of exercise has no drill words."""
    wanted = dict(template.texts)
    wanted |= {key + DRILL_VARIANT: EXERCISE_TEXTS[key] for key in template.texts if key in EXERCISE_TEXTS}
    return {key: text for key, text in wanted.items() if key not in template.assets}


def _template(place_id: str, draft: TemplateDraft) -> EmergencyTemplate:
    return EmergencyTemplate(
        id=new_id(),
        place_id=place_id,
        key=draft.key,
        kind=draft.kind,
        titles=dict(draft.titles),
        tone=draft.tone,
        texts=dict(draft.texts),
        repeat_count=draft.repeat_count,
        repeat_gap_s=draft.repeat_gap_s,
        lasts_s=draft.lasts_s,
    )
