"""An emergency takes every smart cluster at once, and what it broke off goes on afterwards; a forged one takes none."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from base.ids import new_id
from base.mqtt import MqttLink
from devices.wire import topics, trust
from devices.wire.audience import Audience
from devices.wire.content import Tone
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.orders import Order, Play, PlayClass, Repeat
from tests.support.town import Town, town, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One commune for these tests: each leaves it running and in agreement."""
    async with town(tmp_path_factory.mktemp("town")) as running:
        yield running


async def test_it_preempts_everywhere_and_the_announcement_resumes(here: Town) -> None:
    announcement_id = await here.story.announcement("lan", "chu-tich")
    aired = await here.story.broadcast("lan", announcement_id)
    await until(lambda: here.sounding(aired.occurrence_id))
    await until(here.bank_is_full)
    downloads = here.downloads()
    emergency = await here.story.emergency("truc", "flood")
    siren = emergency["occurrence_id"]

    async def only_the_siren_sounds() -> bool:
        sirens, states = await here.states(siren), await here.states(aired.occurrence_id)
        everywhere = all(sirens[name] == "playing" for name in here.site.sounds)
        return everywhere and all(states[name] == "paused" for name in here.site.sounds)

    await until(only_the_siren_sounds)
    assert here.downloads() == downloads, "words and siren were there before"
    await here.story.end_emergency("truc", emergency["id"], "stop")
    await until(lambda: here.reported(siren))
    await until(lambda: here.reported(aired.occurrence_id))
    states = await here.states(aired.occurrence_id)
    assert {states[name] for name in here.site.sounds} == {"played"}
    assert {states[name] for name in here.wireless} == {"transmitted"}


async def test_an_order_signed_with_another_key_sounds_nowhere(here: Town) -> None:
    """Published with the server's own credentials: whoever owns the broker still cannot make a speaker speak."""
    forged = forged_siren(here.site.commune_id)
    connected = asyncio.Event()
    link = MqttLink(
        client_id="thief",
        address=here.plan.address,
        subscriptions=[],
        on_message=lambda _topic, _payload: None,
        on_up=connected.set,
    )
    thief = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(connected.wait(), 30)
        assert link.publish(topics.orders(here.site.commune_id), forged)
        await until(lambda: asyncio.to_thread(everybody_refused, here))
    finally:
        thief.cancel()
        await asyncio.gather(thief, return_exceptions=True)
    # What is heard afterwards is what was ordered, and nothing else.
    announcement_id = await here.story.announcement("lan", "chu-tich")
    aired = await here.story.broadcast("lan", announcement_id)
    await until(lambda: here.reported(aired.occurrence_id))
    assert set((await here.states(aired.occurrence_id)).values()) == {"played", "transmitted"}


def everybody_refused(here: Town) -> bool:
    """Whether every speaker logged that it refused the forgery."""
    return all("bad_signature" in speaker.log.read_text("utf-8") for speaker in here.speakers.values())


def forged_siren(commune_id: str) -> bytes:
    """A perfectly formed emergency, signed with a key that only claims to be the commune's."""
    now_ms = int(time.time() * 1000)
    siren = Play(new_id(), None, (Tone(((600, 900, 2000, 1),)),), play_class=PlayClass.EMERGENCY, repeat=Repeat(0))
    order = Order(new_id(), commune_id, 1, bytes(32), now_ms, now_ms + 600_000, Audience(), siren)
    thief = SigningKey.from_seed(trust.kid(commune_id, 1), bytes(range(32)))
    return sign(Kind.ORDER, order.to_map(), thief)
