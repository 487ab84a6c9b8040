"""A speaker that MQTT does not reach lives by HTTP alone, and obeys the next key of its commune when that comes."""

import tomllib
from pathlib import Path

from devices.devicefile import toml_text
from devices.site import Site, demo_site
from tests.support.town import Town, prepared_town, until


def two_clusters() -> Site:
    site = demo_site()
    names = [name for name in site.sounds if name not in site.gateways][:2]
    clusters = tuple(cluster for cluster in site.clusters if cluster.id in names)
    return Site(site.commune_id, site.places, clusters, {}, {name: site.sounds[name] for name in names})


def take_the_broker_away(file: Path) -> None:
    known = tomllib.loads(file.read_text("utf-8"))
    del known["broker"]
    file.write_text(toml_text(known), "utf-8")


async def test_http_alone_carries_settings_keys_and_sounds_and_a_new_key_is_obeyed(tmp_path: Path) -> None:
    here = await prepared_town(tmp_path, lead_s=12, site=two_clusters())
    by_mqtt, by_http = here.site.sounds
    take_the_broker_away(here.fleet.fleet_dir / f"{by_http}.toml")
    try:
        await here.start()
        await here.story.sign_in("admin")
        keys = f"/authorities/{here.site.commune_id}/keys"
        assert (await here.story._get("lan", f"/clusters/{by_http}"))["health"]["carrier"] == "http"

        await here.story._http.put(
            f"/devices/{by_http}/config", json={"heartbeat_s": 5}, headers=here.story._headers("admin")
        )
        await here.story._post("admin", keys)
        await until(lambda: everybody_knows(here, keys))
        used = await here.story._post("admin", f"{keys}/use", force=False)
        assert [key["state"] for key in used["items"]] == ["trusted", "signing"]

        announcement_id = await here.story.announcement("lan", "chu-tich")
        aired = await here.story.broadcast("lan", announcement_id)
        await until(lambda: here.reported(aired.occurrence_id))
        assert await here.states(aired.occurrence_id) == {by_mqtt: "played", by_http: "played"}
        await until(lambda: nothing_kept(here, by_http))
        assert here.errors() == []
    finally:
        await here.stop()


async def everybody_knows(here: Town, keys: str) -> bool:
    found = await here.story._get("admin", keys)
    return found["items"][-1]["lacking"] == 0


async def nothing_kept(here: Town, name: str) -> bool:
    """Whether every receipt was acknowledged, by the answers alone."""
    return here.unacknowledged(name) == 0
