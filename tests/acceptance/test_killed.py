"""Whatever is killed in mid-broadcast and started again: every cluster plays once, every receipt arrives."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.town import Town, town, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One commune for these tests: each leaves it running and in agreement."""
    async with town(tmp_path_factory.mktemp("town")) as running:
        yield running


async def on_air(here: Town) -> str:
    """An announcement sounding in the commune."""
    announcement_id = await here.story.announcement("lan", "chu-tich")
    aired = await here.story.broadcast("lan", announcement_id)
    await until(lambda: here.sounding(aired.occurrence_id))
    return aired.occurrence_id


async def assert_played_once(here: Town, occurrence_id: str) -> None:
    await until(lambda: here.reported(occurrence_id))
    states = await here.states(occurrence_id)
    assert {name: states[name] for name in here.site.sounds} == dict.fromkeys(here.site.sounds, "played")
    assert {name: states[name] for name in here.wireless} == dict.fromkeys(here.wireless, "transmitted")
    for device_id, final in here.final_receipts(occurrence_id).items():
        expected = ["played", "transmitted"] if device_id in here.site.gateways else ["played"]
        assert sorted(final) == expected, device_id


async def test_the_server_killed_while_clusters_play(here: Town) -> None:
    occurrence_id = await on_air(here)
    await here.kill(here.server)
    await here.start_server()
    await assert_played_once(here, occurrence_id)


async def test_the_server_killed_right_after_it_accepted_a_broadcast(here: Town) -> None:
    announcement_id = await here.story.announcement("lan", "chu-tich")
    aired = await here.story.broadcast("lan", announcement_id)
    await here.kill(here.server)
    await here.start_server()
    await assert_played_once(here, aired.occurrence_id)


async def test_the_broker_killed_while_clusters_play(here: Town) -> None:
    occurrence_id = await on_air(here)
    await here.kill(here.broker)
    await here.start_broker()
    await assert_played_once(here, occurrence_id)


async def test_a_speaker_killed_while_it_plays_goes_on_where_it_was(here: Town) -> None:
    occurrence_id = await on_air(here)
    name = next(name for name in here.site.sounds if name not in here.site.gateways)
    await here.kill(here.speakers[name])
    await here.speakers[name].start()
    await assert_played_once(here, occurrence_id)


async def test_everything_killed_at_once_loses_nothing_acknowledged(here: Town) -> None:
    announcement_id = await here.story.announcement("lan", "chu-tich")
    aired = await here.story.broadcast("lan", announcement_id)
    everything = [here.server, here.broker, *here.speakers.values()]
    for child in everything:
        await here.kill(child)
    await here.start_broker()
    await here.start_server()
    for speaker in here.speakers.values():
        await speaker.start()
    await until(lambda: here.reported(aired.occurrence_id))
    found = await here.story.occurrence("lan", aired.occurrence_id)
    assert found["title"] == aired.title
    for device_id, final in here.final_receipts(aired.occurrence_id).items():
        assert len(final) == (2 if device_id in here.site.gateways else 1), device_id
