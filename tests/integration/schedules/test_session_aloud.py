"""A session as a real speaker sounds it: to the sample, in the order and with the pauses it was composed of."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, select

from audio.codec import decode_file
from audio.service import AudioService
from audio.tones import TONES, synthesize
from base.times import to_ms
from devices.models import OrderEntry
from devices.wire.audience import Audience
from devices.wire.content import Version
from firmware_sim import events
from firmware_sim.render import RATE_HZ, Rendering, gain_of
from schedules.composition import Composition, Item
from tests.integration.schedules.conftest import APPROVER, COMMUNE, OPERATOR, Room
from tests.integration.schedules.test_a_day_alone import benches

Pcm = NDArray[np.int16]
VOLUME = 80
WORDS = {"Xưng danh": "Đây là Đài truyền thanh xã Bảo Nhai.", "Họp thôn": "Tối nay họp thôn.", "Nước": "Mai cắt nước."}


async def announced(room: Room, speaking: AudioService) -> dict[str, str]:
    """Title → id of approved announcements with words of their own."""
    prepared = {title: await speaking.prepare_text(text) for title, text in WORDS.items()}
    made = {}
    async with room.database.writing() as session:
        for title, sound in prepared.items():
            asset = await room.audio.save(session, sound, commune_id=COMMUNE, title=title, user_id=OPERATOR)
            draft = await room.announcements.create(
                session, place_id=COMMUNE, title=title, versions={"vi": asset.id}, user_id=OPERATOR
            )
            await room.announcements.submit(session, draft.id, OPERATOR)
            made[title] = (await room.announcements.approve(session, draft.id, APPROVER)).id
    return made


async def ordered(room: Room, composition: Composition) -> bytes:
    async with room.database.writing() as session:
        made = await room.announcements.compose(
            session, place_id=COMMUNE, title="Buổi sáng", composition=composition, user_id=OPERATOR
        )
        await room.announcements.submit(session, made.id, OPERATOR)
        await room.announcements.approve(session, made.id, APPROVER)
        await room.programme.broadcast_now(
            session, announcement_id=made.id, audience=Audience(), volume=VOLUME, user_id=OPERATOR
        )
    async with room.database.reading() as session:
        entry = await session.scalar(select(OrderEntry).where(col(OrderEntry.type) == "play"))
        assert entry is not None
        return entry.envelope


async def test_a_speaker_sounds_opening_identification_items_and_closing_with_the_right_pauses(
    room: Room, speaking: AudioService
):
    about = await announced(room, speaking)
    items = (Item(about["Họp thôn"], 1_200), Item(about["Nước"], 0), Item(about["Họp thôn"], 4_000))
    order = await ordered(room, Composition("station", about["Xưng danh"], items, "gong"))
    speaker = (await benches(room))[0]
    speaker.feed(events.OrderReceived(order))
    speaker.run_until(to_ms(room.clock() + timedelta(minutes=3)))
    [sound] = speaker.sounds
    [heard] = speaker.heard
    fetched = {each.sha256 for each in speaker.fetches}
    assert len(fetched) == len(WORDS), "what is read twice is fetched once"
    rendering = Rendering(sound, lambda sha: room.audio.rendition_path(sha.hex()) if sha in fetched else None)
    pcm = np.concatenate(list(rendering.chunks()))
    assert rendering.reason == ""
    assert heard.to_ms - heard.from_ms == len(pcm) * 1_000 // RATE_HZ
    words = {title: await _words(room, announcement_id) for title, announcement_id in about.items()}
    expected = [
        _tone("station"),
        _silence(500),
        words["Xưng danh"],
        _silence(1_200),
        words["Họp thôn"],
        words["Nước"],
        _silence(4_000),
        words["Họp thôn"],
        _silence(700),
        _tone("gong"),
    ]
    assert np.array_equal(pcm, (np.concatenate(expected) * gain_of(VOLUME)).astype(np.int16))


async def _words(room: Room, announcement_id: str) -> Pcm:
    """The samples of what its best rendition holds, filled up to its stated length."""
    async with room.database.reading() as session:
        parts = await room.programme.parts(session, announcement_id)
    (version,) = (version for part in parts for version in getattr(part, "versions", ()))
    assert isinstance(version, Version)
    best = version.renditions[0]
    decoded = np.concatenate(list(decode_file(room.audio.rendition_path(best.sha256.hex()))))
    wanted = best.duration_ms * RATE_HZ // 1_000
    return np.pad(decoded, (0, max(0, wanted - len(decoded))))[:wanted]


def _tone(name: str) -> Pcm:
    tone = TONES[name]
    return synthesize(tone.segments, repeat=tone.repeat, gap_ms=tone.gap_ms, rate_hz=RATE_HZ)


def _silence(ms: int) -> Pcm:
    return np.zeros(ms * RATE_HZ // 1_000, np.int16)
