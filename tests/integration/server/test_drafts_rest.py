"""Drafting a week, and changing many schedules at once, through the REST interface."""

from datetime import timedelta
from pathlib import Path

from httpx import AsyncClient

from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.test_programme_rest import DAY, PLACE, daily

MONDAY = DAY + timedelta(days=7 - DAY.weekday())
DRAFTS, BULK = f"{PLACE}/programme/drafts", f"{PLACE}/programme/bulk"
AT = f"{MONDAY}T02:00:00Z"


async def times(client: AsyncClient) -> list[str]:
    span = {"place_id": "bao-nhai", "start": f"{MONDAY}T00:00:00Z", "end": f"{MONDAY + timedelta(days=2)}T00:00:00Z"}
    items = (await client.get("/api/v1/occurrences", params=span)).json()["items"]
    return [each["start_at"][8:16] for each in items if each["state"] != "cancelled"]


async def test_a_week_is_drafted_and_published_once_by_who_may_schedule_here(
    station: Station, bulletin_wav: Path
) -> None:
    operator, schedule = await daily(station, bulletin_wav)
    schedule_id = schedule.rsplit("/", 1)[1]
    made = await operator.post(DRAFTS, json={"name": "Tuần lễ hội", "day": str(MONDAY)})
    assert made.status_code == 201, made.text
    draft = f"{DRAFTS}/{made.json()['id']}"
    airing = f"{draft}/airings/{schedule_id}/{AT}"
    assert (await operator.patch(airing, json={"time": "10:15"})).status_code == 428
    moved = await operator.patch(airing, json={"time": "10:15"}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["revision"]) == (200, 2), moved.text
    stale = await operator.patch(airing, json={"cancel": True}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "schedules.stale_revision")
    shown = await operator.get(draft)
    [line] = [each for each in shown.json()["lines"] if each["fate"] == "changed"]
    assert (line["will"]["start"][11:16], shown.json()["problems"], shown.headers["etag"]) == ("03:15", [], '"2"')
    new = {"announcement_id": line["will"]["announcement_id"], "days": [str(MONDAY)], "times": ["17:30"]}
    added = await operator.post(f"{draft}/airings", json=new, headers={"If-Match": '"2"'})
    assert added.status_code == 200, added.text
    viewer = await station.person((Role.TECHNICIAN, "bao-nhai"))
    assert (await viewer.get(draft)).status_code == 200
    one = {"schedules": [{"schedule_id": schedule.rsplit("/", 1)[1]}], "volume": 30}
    for path, body in ((DRAFTS, {"name": "x", "day": str(MONDAY)}), (f"{draft}/publish", {}), (BULK, one)):
        assert (await viewer.post(path, json=body, headers={"If-Match": '"1"'})).status_code == 403
    elsewhere = draft.replace("bao-nhai", "cau-giay")
    assert (await operator.get(elsewhere)).status_code in {403, 404}
    unknown = await operator.get(f"{DRAFTS}/{'0' * 26}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "schedules.draft_unknown")
    before = await times(operator)
    key = {"If-Match": '"3"', "Idempotency-Key": "publish-it-once"}
    published = await operator.post(f"{draft}/publish", json={}, headers=key)
    assert (published.status_code, published.json()["added"]) == (200, 1), published.text
    assert (await operator.post(f"{draft}/publish", json={}, headers=key)).json() == published.json()
    first = f"{MONDAY:%d}T"
    assert await times(operator) == [f"{first}03:15", f"{first}10:30", *before[1:]]
    late = await operator.post(f"{draft}/discard", json={})
    assert (late.status_code, late.json()["code"]) == (409, "schedules.draft_closed")
    assert (await operator.post(f"{PLACE}/programme/undo", json={})).status_code == 200
    assert await times(operator) == before


async def test_a_draft_is_refreshed_and_thrown_away_and_many_schedules_are_changed_as_they_were_seen(
    station: Station, bulletin_wav: Path
) -> None:
    operator, schedule = await daily(station, bulletin_wav)
    schedule_id = schedule.rsplit("/", 1)[1]
    made = await operator.post(DRAFTS, json={"name": "Tuần trống", "day": str(MONDAY), "begin": "empty"})
    draft = f"{DRAFTS}/{made.json()['id']}"
    back = await operator.delete(f"{draft}/airings/{schedule_id}/{AT}", headers={"If-Match": '"1"'})
    assert back.status_code == 200, back.text
    fates = [each["fate"] for each in (await operator.get(draft)).json()["lines"]]
    assert fates == ["same", *["removed"] * 6]
    louder = await operator.patch(f"{schedule}/airings/{DAY}T02:00:00Z", json={"scope": "this", "volume": 30})
    assert louder.status_code == 200
    assert (await operator.get(draft)).json()["stale"] == [schedule_id]
    fresh = await operator.post(f"{draft}/refresh", json={}, headers={"If-Match": '"2"'})
    assert fresh.status_code == 200, fresh.text
    assert (await operator.get(draft)).json()["stale"] == []
    assert [each["name"] for each in (await operator.get(DRAFTS)).json()["items"]] == ["Tuần trống"]
    gone = await operator.post(f"{draft}/discard", json={})
    assert (gone.status_code, gone.json()["state"]) == (200, "discarded")
    one = {"schedule_id": schedule.rsplit("/", 1)[1], "revision": 2}
    body = {"schedules": [one], "shift_min": 30}
    before = await times(operator)
    effect = (await operator.post(f"{BULK}/look", json=body)).json()
    assert effect["possible"] is True
    assert len(effect["effects"][0]["new"]) > 20
    assert await times(operator) == before
    done = await operator.post(BULK, json=body, headers={"Idempotency-Key": "thirty-minutes-later"})
    assert done.status_code == 200, done.text
    assert await times(operator) == [each.replace("02:00", "02:30") for each in before]
    again = await operator.post(BULK, json=body)
    assert (again.status_code, again.json()["code"]) == (412, "schedules.stale_revision")
    for wrong, code in (
        ({"schedules": [one]}, "schedules.bulk_wrong"),
        ({"schedules": [one], "end": True, "cancel": True}, "schedules.bulk_wrong"),
        ({"schedules": []}, "server.input_wrong"),
        ({"schedules": [one], "shift_min": 10_000}, "server.input_wrong"),
        ({"schedules": [one], "off": ["2026-01-01"]}, "server.input_wrong"),
        ({"schedules": [one], "off": ["9999-12-31", "9999-12-31"]}, "schedules.bulk_days"),
        ({"schedules": [one], "off": ["0001-01-01", "0001-01-01"]}, "schedules.bulk_days"),
        ({"schedules": [one, one], "volume": 30}, "server.input_wrong"),
        ({"schedules": [one | {"airings": ["0001-01-01T00:00:00Z"]}], "volume": 30}, "server.input_wrong"),
    ):
        refused = await operator.post(BULK, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
