"""Over 64 kbit/s that lose every fifth packet, an announcement of a minute arrives, whole, and sounds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.demo.story import TEXT
from tests.support.ear import heard_twice
from tests.support.netns import WeakLink, weak_link
from tests.support.town import Town, Ways, one_cluster_site, town, until

LOSS = 0.2
RATE_KBIT = 64
MINUTE_MS = 60_000
MOST = 1.10
"""Bytes read from the content server, by the bytes of the content."""


@pytest.fixture
async def link() -> AsyncIterator[WeakLink]:
    with weak_link(loss=LOSS, rate_kbit=RATE_KBIT) as laid:
        yield laid


async def test_an_announcement_of_a_minute_arrives_and_sounds(tmp_path: Path, link: WeakLink) -> None:
    ways = Ways(host=link.near, speaker_prefix=link.prefix, ears=True)
    async with town(tmp_path, lead_s=15, site=one_cluster_site(), ways=ways) as here:
        spoken = await here.spoken("Một phút", " ".join([TEXT] * 5))
        (name,) = here.site.sounds
        # First the message bank: what gives way to an announcement is read again, which would be counted here.
        await until(here.bank_is_full)
        stored_before = await asyncio.to_thread(stored_bytes, here, name)
        handed_out_before = await here.content_bytes()
        aired = await here.story.broadcast("lan", spoken)
        await until(lambda: here.sounding(aired.occurrence_id))
        stretches = here.heard(name, aired.occurrence_id)
        assert stretches[0].begin_ms == 0
        assert not heard_twice(stretches)
        assert await lasts_ms(here, aired.occurrence_id) >= MINUTE_MS
        stored = await asyncio.to_thread(stored_bytes, here, name) - stored_before
        handed_out = await here.content_bytes() - handed_out_before
        assert 0 < stored <= handed_out <= stored * MOST
        assert link.passed_bytes() > stored, "it came through the air"


async def lasts_ms(here: Town, occurrence_id: str) -> int:
    """How long the announcement is."""
    found = await here.story.occurrence("lan", occurrence_id)
    announcement = await here.story._get("lan", f"/announcements/{found['announcement_id']}")
    sound = await here.story._get("lan", f"/assets/{announcement['versions'][0]['asset_id']}")
    duration_ms: int = sound["duration_ms"]
    return duration_ms


def stored_bytes(here: Town, name: str) -> int:
    """What lies in the speaker's content folder, finished or under way."""
    folder = here.settings.data_dir / "speakers" / name / "content"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
