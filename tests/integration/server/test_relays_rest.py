"""Stations through the REST interface: kept by administrators, relayed by whoever writes, tried for real."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from server import audit, stream_trial
from server.auth.models import Role
from tests.integration.server.conftest import Station, running_station
from tests.integration.server.test_way_to_air import COMMUNE, approved_announcement, staff
from tests.support.stream_answers import hum, mp3, station

PLACE = f"/api/v1/places/{COMMUNE}/relays"
VOV: dict[str, Any] = {"name": "VOV1", "url": "https://203.162.0.181/vov1?key=bimat", "quiet_s": 15, "level": 3}


async def administrator(at: Station) -> AsyncClient:
    return await at.person((Role.ADMINISTRATOR, COMMUNE))


async def problem(client: AsyncClient, body: dict[str, Any]) -> tuple[int, str]:
    answer = await client.post(PLACE, json=body)
    return answer.status_code, answer.json()["code"]


async def test_a_station_is_kept_relayed_changed_and_retired(station: Station, bulletin_wav: Path):
    admin = await administrator(station)
    operator, approver = await staff(station)
    sorry = await approved_announcement(operator, approver, bulletin_wav)
    made = await admin.post(PLACE, json=VOV | {"fallback_announcement_id": sorry})
    assert made.status_code == 201, made.text
    source = made.json()["id"]
    composition = {"opening": None, "closing": None, "items": [{"relay": source, "lasts_s": 1_800}]}
    body = {"place_id": COMMUNE, "title": "Tiếp âm", "composition": composition}
    written = await operator.post("/api/v1/announcements", json=body)
    assert written.status_code == 201, written.text
    shown = written.json()
    relay = {"relay": source, "lasts_s": 1_800, "gap_ms": 700, "at_s": None}
    assert shown["composition"] == composition | {"identification": None, "items": [relay]}
    [item] = shown["items"]
    assert (item["kind"], item["title"], item["state"], item["duration_ms"]) == ("relay", "VOV1", None, 1_800_000)
    assert item["source"] == {"url": VOV["url"], "quiet_s": 15, "again_s": 60, "level": 3}
    assert item["fallback"]["id"] == sorry
    assert shown["level"] == 3
    again = await operator.patch(
        f"/api/v1/announcements/{shown['id']}", json={"composition": shown["composition"]}, headers={"If-Match": '"1"'}
    )
    assert again.status_code == 200, "what is shown can be sent back"
    unseen = await admin.put(f"/api/v1/relays/{source}", json=VOV)
    assert (unseen.status_code, unseen.json()["code"]) == (428, "server.precondition_needed")
    stale = await admin.put(f"/api/v1/relays/{source}", json=VOV, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "schedules.relay_changed")
    changed = await admin.put(
        f"/api/v1/relays/{source}", json=VOV | {"name": "VOV2"}, headers={"If-Match": made.headers["ETag"]}
    )
    assert changed.status_code == 200, changed.text
    assert (
        changed.json()["sessions"]
        == [shown["id"]]
        == (await operator.get(f"/api/v1/relays/{source}")).json()["sessions"]
    )
    assert (await admin.post(f"/api/v1/relays/{source}/retire")).json()["retired_at"]
    assert (await operator.get(PLACE)).json()["items"] == []
    [retired] = (await operator.get(PLACE, params={"retired": True})).json()["items"]
    assert retired["name"] == "VOV2"
    async with station.runtime.database.reading() as session:
        entries = [each for each in await audit.entries(session) if each.object == f"relay/{source}"]
    assert [each.action for each in entries] == ["retire_relay", "change_relay", "add_relay"]
    assert "bimat" not in str([each.details for each in entries])


async def test_only_an_administrator_says_where_a_stream_comes_from_and_nothing_hostile(station: Station):
    admin = await administrator(station)
    source = (await admin.post(PLACE, json=VOV)).json()["id"]
    for role in (Role.OPERATOR, Role.APPROVER, Role.TECHNICIAN):
        other = await station.person((role, COMMUNE))
        answers = [
            await other.post(PLACE, json=VOV),
            await other.put(f"/api/v1/relays/{source}", json=VOV, headers={"If-Match": '"0"'}),
            await other.post(f"/api/v1/relays/{source}/retire"),
        ]
        assert [each.status_code for each in answers] == [403] * 3
        assert len((await other.get(PLACE)).json()["items"]) == 1
    for wrong in (
        {"quiet_s": 0},
        {"again_s": -1},
        {"again_s": 3_601},
        {"again_s": "once"},
        {"quiet_s": 10**30},
        {"level": 7},
        {"url": "x" * 513},
        {"name": ""},
        {"port": 1},
    ):
        assert await problem(admin, VOV | wrong) == (422, "server.input_wrong"), wrong
    for url, code in (
        ("file:///etc/passwd", "wrong"),
        ("http://loa:bimat@vov.vn/", "secret"),
        ("http://169.254.169.254/latest/meta-data", "private"),
        ("http://localhost:8080/", "private"),
    ):
        assert await problem(admin, VOV | {"url": url}) == (422, f"schedules.relay_address_{code}")
    assert (await admin.get("/api/v1/relays/01JZZZZZZZZZZZZZZZZZZZZZZZ")).status_code == 404


async def test_a_client_that_knows_no_pause_of_the_fallback_changes_none(station: Station):
    admin = await administrator(station)
    made = await admin.post(PLACE, json=VOV | {"again_s": None})
    path, seen = f"/api/v1/relays/{made.json()['id']}", {"If-Match": made.headers["ETag"]}
    named = await admin.put(path, json=VOV | {"name": "VOV2"}, headers=seen)
    assert (named.json()["name"], named.json()["again_s"]) == ("VOV2", None)
    said = await admin.put(path, json=VOV | {"again_s": 0}, headers={"If-Match": named.headers["ETag"]})
    assert said.json()["again_s"] == 0


async def test_a_station_is_tried_by_who_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_trial, "LISTEN_S", 0.3)
    async with running_station(tmp_path, relays={"private_networks": True}) as at, station() as real:
        real.body = mp3(hum(2))
        admin = await administrator(at)
        operator, approver = await staff(at)
        source = (await admin.post(PLACE, json=VOV | {"url": real.url})).json()["id"]
        found = (await operator.post(f"/api/v1/relays/{source}/try")).json()
        assert (found["silent"], found["rate_hz"], found["channels"]) == (False, 22_050, 1)
        assert (await approver.post(f"/api/v1/relays/{source}/try")).status_code == 403
