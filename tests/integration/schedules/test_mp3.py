"""A player that knows nothing but MP3 hears what everybody hears, and costs the others nothing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import col, select

from base.times import to_ms
from devices.couriers.choosing import Hearer, Recipient, needed
from devices.models import OrderEntry
from devices.wire.audience import Audience, Listener
from devices.wire.content import Rendition
from devices.wire.orders import renditions_in
from firmware_sim import events
from firmware_sim.identity import Identity
from firmware_sim.render import RATE_HZ, Rendering
from firmware_sim.settings import DeviceFile
from tests.integration.schedules.conftest import OPERATOR, Room, orders
from tests.integration.schedules.test_a_day_alone import benches
from tests.support.bench import Bench

MP3 = "mp3-32"


class Mp3Player(DeviceFile):
    """The device file of a player that knows no Opus."""

    @property
    def identity(self) -> Identity:
        return replace(super().identity, codecs=(MP3,))


async def broadcast(room: Room) -> bytes:
    async with room.database.writing() as session:
        about = await room.approved(session)
        await room.programme.broadcast_now(session, announcement_id=about.id, audience=Audience(), user_id=OPERATOR)
    async with room.database.reading() as session:
        entry = await session.scalar(select(OrderEntry).where(col(OrderEntry.type) == "play"))
        assert entry is not None
        return entry.envelope


def aired(bench: Bench, order: bytes, room: Room) -> Bench:
    bench.feed(events.OrderReceived(order))
    bench.run_until(to_ms(room.clock() + timedelta(minutes=2)))
    return bench


async def test_a_player_of_mp3_alone_fetches_the_mp3_and_sounds_the_words(room: Room):
    usual = (await benches(room))[0]
    order = await broadcast(room)
    player = aired(Bench(Mp3Player.model_validate(usual.file.model_dump()), to_ms(room.clock())), order, room)
    assert [fetched.codec for fetched in player.fetches] == [MP3]
    fetched = {each.sha256 for each in player.fetches}
    (sound,) = player.sounds
    rendering = Rendering(sound, lambda sha: room.audio.rendition_path(sha.hex()) if sha in fetched else None)
    pcm = np.concatenate(list(rendering.chunks()))
    assert rendering.reason == ""
    words = next(piece for piece in sound.plan.pieces if piece.start_ms + piece.duration_ms == sound.plan.once_ms)
    heard = pcm[words.start_ms * RATE_HZ // 1_000 :].astype(float)
    assert len(heard) == words.duration_ms * RATE_HZ // 1_000
    assert np.sqrt(np.mean(heard**2)) > 1_000, "the words are there, not silence"


async def test_who_plays_opus_fetches_no_mp3(room: Room):
    order = await broadcast(room)
    every = [aired(bench, order, room) for bench in (await benches(room))[:3]]
    assert {fetched.codec for bench in every for fetched in bench.fetches} == {"opus16"}


@pytest.mark.parametrize(
    ("codecs", "free_bytes", "carried"),
    [((), None, "opus16"), (("opus16", "opus8"), None, "opus16"), ((), 1_000, "opus8"), ((MP3,), 1_000, MP3)],
)
async def test_a_courier_carries_mp3_only_to_who_needs_it(
    room: Room, codecs: tuple[str, ...], free_bytes: int | None, carried: str
):
    await broadcast(room)
    async with room.database.reading() as session:
        issued = await orders(session, "play")
    hearer = Hearer(Listener("bn-s01", frozenset({"bn-v01", "bao-nhai"})), ("vi",))
    recipient = Recipient("bn-s01", (hearer,), frozenset(codecs), free_bytes=free_bytes)
    assert [each.codec for each in needed(issued, recipient, to_ms(room.clock()))] == [carried]


async def test_an_order_names_every_encoding_the_best_for_most_first(room: Room):
    await broadcast(room)
    async with room.database.reading() as session:
        (order,) = await orders(session, "play")
    named = list(renditions_in(order.body))
    assert [each.codec for each in named] == ["opus16", "opus8", MP3]
    assert all(isinstance(each, Rendition) and each.duration_ms > 0 for each in named)
