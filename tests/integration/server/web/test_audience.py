"""Whom something is for, beyond villages and groups: single clusters, a kind, a drawn area, and who is left out."""

import re
from html import unescape

from httpx import Response

from server.auth.models import Role
from tests.integration.server.web.conftest import Office

AROUND = "-90, -180; -90, 180; 90, 180; 90, -180"


def heard(page: Response) -> tuple[int, str]:
    """How many clusters hear it, and of which kinds."""
    found = re.search(r"<b>([\d.,]+) clusters?</b>.*?<span class=\"hint\">([^<]*)", page.text, re.DOTALL)
    assert found is not None, page.text
    return int(found[1]), found[2].strip()


async def test_kinds_areas_clusters_and_exceptions_are_counted_as_clusters_and_nonsense_means_nobody(
    office: Office,
) -> None:
    operator = await office.person(Role.OPERATOR)
    everyone = heard(await operator.get("/audience?where=all"))[0]
    smart = heard(await operator.get("/audience?where=kind&kind=smart"))
    wireless = heard(await operator.get("/audience?where=kind&kind=wireless"))
    assert smart[0] + wireless[0] == everyone
    assert smart[1].startswith(f"{smart[0]} smart, 0")
    assert heard(await operator.get(f"/audience?where=area&area={AROUND}"))[0] == everyone
    assert heard(await operator.get("/audience?where=clusters&cluster=bn-s01&cluster=bn-s02"))[0] == 2
    village = heard(await operator.get("/audience?where=villages&village=bn-v01"))[0]
    assert heard(await operator.get("/audience?where=all&but_village=bn-v01"))[0] == everyone - village
    assert heard(await operator.get("/audience?where=all&but=bn-s02&but=bn-s03"))[0] == everyone - 2
    for area in ("", "north, south", "0, 0; 0, 1; 1, 1", "1, 1", "nan, nan; 1, 1; 2, 2", "9" * 9_000):
        assert "Nobody chosen yet" in (await operator.get(f"/audience?where=area&area={area}")).text, area[:20]
    assert "Nobody chosen yet" in (await operator.get("/audience?where=kind&kind=steam")).text
    unknown = await operator.get("/audience?where=clusters&cluster=nowhere")
    assert (unknown.status_code, "nowhere" in unknown.text) == (422, True)


async def test_who_draws_an_area_that_cannot_be_read_is_told_why_and_finds_it_as_it_was_typed(office: Office) -> None:
    operator = await office.person(Role.OPERATOR)
    pause = {
        "begins": "2099-01-01T00:00",
        "ends": "2099-01-02T00:00",
        "occasion": "exam",
        "up_to": "2",
        "where": "area",
    }
    for area, why in (
        ("north, 104.2; 22, 105; 23, 105", "“north, 104.2” is no place on earth"),
        ("22.5, 104.2; 22.6, 104.3", "An area has 3 to 100 different corners"),
        ("0, 0; 0, 1; 1, 1", "would hear it"),
    ):
        page = await operator.post("/programme/pauses/new", pause | {"area": area})
        assert page.status_code == 422
        assert why in unescape(page.text), area
        assert f">{area}</textarea>" in page.text
        assert re.search(r'value="area" id="where-area" checked', page.text)


async def test_a_cluster_or_a_village_is_given_a_place_and_an_area_takes_it_in(office: Office) -> None:
    keeper = await office.person(Role.TECHNICIAN, Role.OPERATOR)
    far = "10, 10; 10, 12; 12, 12; 12, 10"
    assert "Nobody chosen" in (await keeper.get(f"/audience?where=area&area={far}")).text
    saved = await keeper.post("/clusters/bn-s01/position", {"cluster": "11, 11", "village": "22.5, 104.2"})
    assert saved.headers["location"] == "/clusters/bn-s01?done=placed", saved.text
    assert 'value="11.0, 11.0"' in (await keeper.get("/clusters/bn-s01/position")).text
    assert heard(await keeper.get(f"/audience?where=area&area={far}"))[0] == 1
    for wrong in ("north", "91, 0", "nan, 0", "1"):
        refused = await keeper.post("/clusters/bn-s01/position", {"cluster": wrong, "village": ""})
        assert refused.status_code == 422, wrong
    assert heard(await keeper.get(f"/audience?where=area&area={far}"))[0] == 1
    operator = await office.person(Role.OPERATOR)
    assert (await operator.post("/clusters/bn-s01/position", {"cluster": "", "village": ""})).status_code == 403
    at = {"json": {"position": {"lat": 22.5, "lon": 104.25}}, "headers": {"X-CSRF-Token": keeper.csrf}}
    for path, name in (("/api/v1/clusters/bn-s01", "bn-s01"), ("/api/v1/places/bn-v01", "bn-v01")):
        put = await keeper.client.put(f"{path}/position", **at)  # type: ignore[arg-type] # words of a request
        assert put.json() == {"id": name, "lat": 22.5, "lon": 104.25}, put.text
        gone = await keeper.client.put(f"{path}/position", json={"position": None}, headers=at["headers"])  # type: ignore[arg-type] # as above
        assert gone.json()["lat"] is None
        for nonsense in ({"lat": 91, "lon": 0}, {"lat": 0}, {"lat": "x", "lon": 1}, [1, 2]):
            bad = await keeper.client.put(f"{path}/position", json={"position": nonsense}, headers=at["headers"])  # type: ignore[arg-type] # as above
            assert bad.status_code == 422
