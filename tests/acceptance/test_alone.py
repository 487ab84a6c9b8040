"""A speaker that has its programme plays it on time with server and broker gone, and tells of it later."""

from datetime import UTC, datetime
from pathlib import Path

from tests.support.town import town, until

ON_TIME_MS = 1_000


async def test_it_plays_on_time_alone_and_the_receipts_come_when_somebody_listens_again(tmp_path: Path) -> None:
    async with town(tmp_path, lead_s=15) as here:
        announcement_id = await here.story.announcement("lan", "chu-tich")
        aired = await here.story.broadcast("lan", announcement_id)

        async def everybody_has_it() -> bool:
            return set((await here.states(aired.occurrence_id)).values()) == {"stored"}

        await until(everybody_has_it)
        ends_at = datetime.fromisoformat((await here.story.occurrence("lan", aired.occurrence_id))["ends_at"])
        await here.kill(here.server)
        await here.kill(here.broker)
        await until(lambda: past(ends_at))
        await here.start_broker()
        await here.start_server()
        await until(lambda: here.reported(aired.occurrence_id))
        states = await here.states(aired.occurrence_id)
        assert {states[name] for name in here.site.sounds} == {"played"}
        late_ms = (await here.story.occurrence("lan", aired.occurrence_id))["start_skew_ms"]
        assert len(late_ms) == len(here.site.clusters)
        assert max(abs(late) for late in late_ms) < ON_TIME_MS


async def past(moment: datetime) -> bool:
    """Whether the planned airing is over by the clock."""
    return datetime.now(UTC) > moment
