"""What programs are told of a preview, and the sound they get."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from httpx import AsyncClient

from audio import codec
from devices.models import ClusterKind
from devices.site import demo_site
from server import preview
from server.auth.models import Role
from tests.integration.server.conftest import Station, running_station

COMMUNE = "bao-nhai"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def station(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Station]:
    """One server for this file: nothing here depends on what else is in it."""
    async with running_station(tmp_path_factory.mktemp("station")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan(station: Station) -> AsyncClient:
    return await station.person((Role.OPERATOR, COMMUNE))


async def written(lan: AsyncClient, wav: Path, title: str = "Họp thôn") -> str:
    with wav.open("rb") as file:
        asset = await lan.post(
            "/api/v1/assets", data={"place_id": COMMUNE, "title": title}, files={"file": ("a.wav", file, "audio/wav")}
        )
    made = await lan.post(
        "/api/v1/announcements", json={"place_id": COMMUNE, "title": title, "versions": {"vi": asset.json()["id"]}}
    )
    return str(made.json()["id"])


async def test_a_program_is_told_what_sounds_when_and_gets_the_sound(lan: AsyncClient, bulletin_wav: Path):
    first = await written(lan, bulletin_wav)
    path = f"/api/v1/announcements/{first}/preview"
    told = (await lan.get(path, params={"as": "cluster:bn-s04"})).json()
    assert [part["sound"] for part in told["parts"]] == ["tone", "gap", "speech"]
    speech = told["parts"][2]
    assert (speech["title"], speech["language"], speech["codec"]) == ("Họp thôn", "vi", "opus16")
    assert told["parts"][0]["tone"] == "chime"
    assert told["size"] == speech["size"]
    assert told["duration_ms"] == speech["start_ms"] + speech["duration_ms"]
    sound = await lan.get(f"{path}/audio", params={"as": "cluster:bn-s04"})
    assert sound.headers["content-type"] == "audio/flac"
    assert len(np.concatenate(list(codec.decode(io.BytesIO(sound.content))))) == told["duration_ms"] * 16

    late = (await lan.get(path, params={"as": "late:bn-s04"})).json()
    assert late["light"]
    assert late["parts"][2]["codec"] == "opus8"
    assert late["size"] < told["size"]

    # Of a session every part is named.
    a, b = first, await written(lan, bulletin_wav, "Hai")
    items = [{"announcement_id": b, "gap_ms": 1_200}, {"announcement_id": b}]
    composition = {"opening": "gong", "identification": a, "items": items, "closing": None}
    made = await lan.post(
        "/api/v1/announcements", json={"place_id": COMMUNE, "title": "Sáng", "composition": composition}
    )
    assert made.status_code == 201, made.text
    told = (await lan.get(f"/api/v1/announcements/{made.json()['id']}/preview")).json()
    assert [part["title"] for part in told["parts"] if part["sound"] == "speech"] == ["Họp thôn", "Hai", "Hai"]
    assert [part["duration_ms"] for part in told["parts"] if part["sound"] == "gap"] == [500, 1_200, 700]
    assert told["size"] == next(part["size"] for part in told["parts"] if part["sound"] == "speech"), "fetched once"


async def test_a_wireless_cluster_hears_the_languages_of_all_on_its_transmitter(station: Station):
    site = demo_site()
    wireless = {cluster.id: cluster for cluster in site.clusters if cluster.kind is ClusterKind.WIRELESS}
    on_air = {
        each: tuple(dict.fromkeys(language for other in sorted(beside) for language in wireless[other].languages))
        for ids in site.sounds.values()
        for beside in ({each for each in ids if each in wireless},)
        for each in beside
    }
    chosen = next(each for each in on_air if set(on_air[each]) > set(wireless[each].languages))
    async with station.runtime.database.reading() as session:
        found = await preview.find_listener(session, station.runtime, COMMUNE, f"cluster:{chosen}", ["en"])
    assert found.kind is ClusterKind.WIRELESS
    assert found.languages == on_air[chosen]


async def test_hostile_questions_are_answered_with_a_reason(lan: AsyncClient, station: Station, bulletin_wav: Path):
    about = await written(lan, bulletin_wav)
    path = f"/api/v1/announcements/{about}/preview"
    for asked, status in (
        ({"as": "nobody"}, 422),
        ({"as": "x" * 81}, 422),
        ({"as": "cluster:bn-x99"}, 404),
        ({"languages": "vi," * 200}, 422),
    ):
        for url in (path, f"{path}/audio"):
            assert (await lan.get(url, params=asked)).status_code == status, asked
    stranger = await station.person((Role.OPERATOR, "bn-v01"))
    for url in (path, f"{path}/audio"):
        assert (await stranger.get(url)).status_code == 403
        assert (await (await station.client()).get(url)).status_code == 401
