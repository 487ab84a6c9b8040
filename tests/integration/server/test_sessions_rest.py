"""Sessions through the REST interface: composed, shown, changed, approved and broadcast; what cannot be is refused."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.test_way_to_air import COMMUNE, approved_announcement, orders_of, staff, upload

URL = "/api/v1/announcements"
UNKNOWN = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


def session_of(*items: Any, **more: Any) -> dict[str, Any]:
    return {"place_id": COMMUNE, "title": "Chương trình sáng", "composition": {"items": items} | more}


async def test_a_session_is_composed_shown_changed_approved_and_broadcast_as_one(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    who, one = [await approved_announcement(operator, approver, bulletin_wav) for _ in range(2)]
    written = await operator.post(URL, json=session_of({"announcement_id": one}, identification=who))
    assert written.status_code == 201, written.text
    made = written.json()
    address = f"{URL}/{made['id']}"
    assert made["versions"] == []
    assert made["composition"] == {
        "opening": "chime",
        "identification": who,
        "items": [{"announcement_id": one, "gap_ms": 700, "at_s": None}],
        "closing": "closing",
    }
    [item] = made["items"]
    assert (item["id"], item["state"], item["languages"]) == (one, "approved", ["vi"])
    assert item["duration_ms"] > 1_000
    assert made["identification"]["id"] == who
    items = [{"announcement_id": one, "gap_ms": 0, "at_s": None}, {"announcement_id": one, "gap_ms": 2_500, "at_s": 60}]
    change = {"composition": {"opening": None, "items": items, "closing": "gong"}}
    changed = await operator.patch(address, json=change, headers={"If-Match": written.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    shown = (await operator.get(address)).json()
    assert shown["composition"] == change["composition"] | {"identification": None}
    assert (shown["revision"], shown["identification"], len(shown["items"])) == (2, None, 2)
    assert (await operator.post(f"{address}/submit")).json()["state"] == "submitted"
    assert (await approver.post(f"{address}/approve")).json()["state"] == "approved"
    answer = await operator.post("/api/v1/broadcasts", json={"announcement_id": made["id"]})
    assert answer.status_code == 201, answer.text
    assert len(await orders_of(station.runtime, answer.json()["id"])) == 1
    busy = await operator.patch(f"{URL}/{one}", json={"title": "Khác"}, headers={"If-Match": '"1"'})
    assert (busy.status_code, busy.json()["code"]) == (409, "schedules.announcement_issued")


async def test_the_list_shows_sessions_and_announcements_alike(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    one = await approved_announcement(operator, approver, bulletin_wav)
    made = (await operator.post(URL, json=session_of({"announcement_id": one}))).json()
    listed = (await operator.get(URL, params={"place_id": COMMUNE})).json()["items"]
    assert [each["id"] for each in listed] == [made["id"], one]
    assert listed[0] == made
    assert (listed[1]["composition"], listed[1]["items"]) == (None, [])


async def test_an_item_that_is_not_approved_is_named_in_the_users_language(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    asset = await upload(operator, bulletin_wav)
    draft = {"place_id": COMMUNE, "title": "Họp thôn", "versions": {"vi": asset["id"]}}
    one = (await operator.post(URL, json=draft)).json()["id"]
    made = (await operator.post(URL, json=session_of({"announcement_id": one}))).json()["id"]
    await operator.post(f"{URL}/{made}/submit")
    answer = await approver.post(f"{URL}/{made}/approve", headers={"Accept-Language": "vi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "schedules.session_items_not_approved")
    assert "“Họp thôn”" in answer.json()["detail"]
    assert "duyệt" in answer.json()["detail"]


async def _refused(client: AsyncClient, body: dict[str, Any]) -> tuple[int, str]:
    answer = await client.post(URL, json=body)
    return answer.status_code, answer.json()["code"]


async def test_either_sounds_or_a_composition_and_not_both(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    one = await approved_announcement(operator, approver, bulletin_wav)
    versions = {"vi": (await operator.get(f"{URL}/{one}")).json()["versions"][0]["asset_id"]}
    both = session_of({"announcement_id": one}) | {"versions": versions}
    neither = {"place_id": COMMUNE, "title": "Không có gì"}
    for body in (both, neither):
        assert await _refused(operator, body) == (422, "server.announcement_content")
    made = (await operator.post(URL, json=session_of({"announcement_id": one}))).json()["id"]
    for about, change in ((made, {"versions": versions}), (one, {"composition": both["composition"]})):
        answer = await operator.patch(f"{URL}/{about}", json=change, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (422, "schedules.content_mixed")


HOSTILE: list[dict[str, Any]] = [
    {"items": []},
    {"items": [{"announcement_id": UNKNOWN}] * 21},
    {"items": [{"announcement_id": UNKNOWN}] * 5_000},
    {"items": [{"announcement_id": UNKNOWN, "gap_ms": -1}]},
    {"items": [{"announcement_id": UNKNOWN, "gap_ms": 60_001}]},
    {"items": [{"announcement_id": UNKNOWN, "gap_ms": 10**30}]},
    {"items": [{"announcement_id": UNKNOWN, "gap_ms": "nan"}]},
    {"items": [{"announcement_id": "%' OR '1'='1"}]},
    {"items": [{"announcement_id": UNKNOWN, "asset_id": UNKNOWN}]},
    {"items": {"announcement_id": UNKNOWN}},
    {"items": [{"announcement_id": UNKNOWN}], "opening": "x" * 41},
    {"items": [{"announcement_id": UNKNOWN}], "opening": ["chime"]},
    {"items": [{"announcement_id": UNKNOWN}], "identification": "../../etc/passwd"},
    {"items": [{"announcement_id": UNKNOWN}], "siren": "siren-storm"},
    {"items": [{"announcement_id": UNKNOWN, "at_s": 0}]},
    {"items": [{"announcement_id": UNKNOWN, "at_s": 10**12}]},
    {"items": [{"relay": UNKNOWN, "lasts_s": 9}]},
    {"items": [{"relay": UNKNOWN, "lasts_s": 10**9}]},
    {"items": [{"relay": UNKNOWN, "lasts_s": 60, "source": {"url": "http://127.0.0.1/"}}]},
    {"items": [{"relay": "http://127.0.0.1/", "lasts_s": 60}]},
    {"items": [{"music": UNKNOWN, "until_s": -1}]},
    {"items": [{"music": UNKNOWN, "announcement_id": UNKNOWN}]},
]


async def test_hostile_compositions_are_refused_as_input_and_nothing_is_kept(station: Station):
    operator, _ = await staff(station)
    for composition in HOSTILE:
        body = {"place_id": COMMUNE, "title": "Thử", "composition": composition}
        assert await _refused(operator, body) == (422, "server.input_wrong"), composition
    for composition, code in (
        ({"items": [{"announcement_id": UNKNOWN}]}, "schedules.session_item_unknown"),
        ({"items": [{"announcement_id": UNKNOWN}], "opening": "siren-storm"}, "schedules.session_tone_wrong"),
    ):
        assert await _refused(operator, {"place_id": COMMUNE, "title": "Thử", "composition": composition}) == (
            422,
            code,
        )
    assert (await operator.get(URL, params={"place_id": COMMUNE})).json()["items"] == []


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.COURIER])
async def test_only_who_may_write_announcements_composes(station: Station, bulletin_wav: Path, role: Role):
    operator, approver = await staff(station)
    one = await approved_announcement(operator, approver, bulletin_wav)
    other = await station.person((role, COMMUNE))
    answer = await other.post(URL, json=session_of({"announcement_id": one}))
    assert answer.status_code == 403
