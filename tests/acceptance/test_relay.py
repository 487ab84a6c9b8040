"""A station in the programme: its live sound airs at its time, and when it dies its fallback does, by the receipts."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.station import Station
from tests.support.town import Town, one_cluster_site, prepared_town, until

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LASTS_S = 11
NEAR = timedelta(seconds=8)
"""Less than this before its time nobody can be sure that the order arrives."""


async def test_a_scheduled_station_airs_live_and_its_fallback_when_it_dies(tmp_path: Path) -> None:
    here = await prepared_town(tmp_path, site=one_cluster_site())
    with (here.settings.data_dir / "loa.toml").open("a", encoding="utf-8") as config:
        config.write("[relays]\nprivate_networks = true\n")
    async with Station() as vov:
        try:
            await here.start()
            occurrence_id, at = await scheduled(here, vov.url)
            await until(lambda: past(at))
            await until(lambda: here.sounding(occurrence_id))
            assert vov.heard == 1, "it is opened before it is to sound, and once"
            await vov.close()
            await until(lambda: past(at + timedelta(seconds=LASTS_S)))
            await until(lambda: here.reported(occurrence_id))
            [found] = (await here.deliveries(occurrence_id)).values()
            assert (found["state"], found["reason"]) == ("played", "fallback")
            assert found["sounded_ms"] == LASTS_S * 1_000, "the slot ends at its time, whatever sounded"
            assert here.errors() == []
        finally:
            await here.stop()


async def past(moment: datetime) -> bool:
    """Whether it is so late."""
    return datetime.now(ZONE) >= moment


async def scheduled(here: Town, url: str) -> tuple[str, datetime]:
    """The airing of a station at the next full minute, through the interface everybody uses; and that minute."""
    story, place_id = here.story, here.site.commune_id
    await story.sign_in("admin")
    sorry = await here.spoken("Mất tín hiệu", "Đài đang mất tín hiệu.")
    said: dict[str, Any] = {"name": "VOV1", "url": url, "quiet_s": 3, "fallback_announcement_id": sorry}
    source = await story._post("admin", f"/places/{place_id}/relays", **said)
    relay = {"relay": source["id"], "lasts_s": LASTS_S, "gap_ms": 0}
    composition = {"opening": None, "closing": None, "items": [relay]}
    slot = await story._post("lan", "/announcements", place_id=place_id, title="Tiếp âm", composition=composition)
    await story._post("lan", f"/announcements/{slot['id']}/submit")
    await story._post("chu-tich", f"/announcements/{slot['id']}/approve")
    at = (datetime.now(ZONE) + NEAR).replace(second=0, microsecond=0) + timedelta(minutes=1)
    await story.schedule("lan", slot["id"], {"first_day": f"{at:%Y-%m-%d}", "times": [f"{at:%H:%M}"]})
    [planned] = (await story._get("lan", "/occurrences", place_id=place_id))["items"]
    return planned["id"], at
