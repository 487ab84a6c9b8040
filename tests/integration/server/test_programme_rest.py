"""Changing, copying, undoing and pausing the programme through the REST interface."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from httpx import AsyncClient

from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.test_way_to_air import COMMUNE, approved_announcement, staff

DAY = datetime.now(UTC).date() + timedelta(days=9)
"""Beyond what the server orders by itself meanwhile, however slow the machine is."""
AT = f"{DAY}T02:00:00Z"
"""09:00 in the commune."""
PLACE = f"/api/v1/places/{COMMUNE}"


async def daily(station: Station, wav: Path) -> tuple[AsyncClient, str]:
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, wav)
    body = {"announcement_id": announcement_id, "rrule": "FREQ=DAILY", "times": ["09:00"], "first_day": str(DAY)}
    made = await operator.post("/api/v1/schedules", json=body)
    assert made.status_code == 201, made.text
    return operator, f"/api/v1/schedules/{made.json()['id']}"


async def starts(client: AsyncClient) -> list[str]:
    span = {"place_id": COMMUNE, "start": f"{DAY}T00:00:00Z", "end": f"{DAY + timedelta(days=3)}T00:00:00Z"}
    items = (await client.get("/api/v1/occurrences", params=span)).json()["items"]
    return [each["start_at"][5:16] for each in items if each["state"] != "cancelled"]


async def test_an_airing_is_moved_once_however_often_it_is_asked_for_and_put_back(station: Station, bulletin_wav: Path):
    operator, schedule = await daily(station, bulletin_wav)
    before = await starts(operator)
    key = {"Idempotency-Key": "one-and-the-same"}
    body = {"scope": "this", "time": "10:30", "revision": 1}
    moved = await operator.patch(f"{schedule}/airings/{AT}", json=body, headers=key)
    assert moved.status_code == 200, moved.text
    assert (moved.json()["schedules"][0]["revision"], moved.json()["changed"]) == (2, 1)
    assert (await operator.patch(f"{schedule}/airings/{AT}", json=body, headers=key)).json() == moved.json()
    assert await starts(operator) == [before[0].replace("02:00", "03:30"), *before[1:]]
    stale = await operator.patch(f"{schedule}/airings/{AT}", json=body)
    assert (stale.status_code, stale.json()["code"]) == (412, "schedules.stale_revision")
    [seen, first] = (await operator.get(f"{PLACE}/programme/changes")).json()["items"]
    not_last = await operator.post(f"{PLACE}/programme/undo", json={"change_id": first["id"]})
    assert (not_last.status_code, not_last.json()["code"]) == (409, "schedules.undo_changed")
    wrong = await operator.post(f"{PLACE}/programme/undo", json={"change_id": "1'; --"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "server.input_wrong")
    assert (await operator.post(f"{PLACE}/programme/undo", json={"change_id": seen["id"]})).status_code == 200
    assert await starts(operator) == before
    made = await operator.post(f"{PLACE}/programme/undo", json={})
    assert (made.status_code, await starts(operator)) == (200, []), "the schedule itself is taken back last"
    nothing = await operator.post(f"{PLACE}/programme/undo", json={})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "schedules.undo_nothing")


async def test_following_airings_are_changed_by_a_rule_of_any_sort(station: Station, bulletin_wav: Path):
    operator, schedule = await daily(station, bulletin_wav)
    rule = {
        "pattern": {"kind": "every", "every": 2, "anchor": str(DAY)},
        "times": ["16:00"],
        "first_day": str(DAY + timedelta(days=1)),
    }
    later = f"{DAY + timedelta(days=1)}T02:00:00Z"
    done = await operator.patch(f"{schedule}/airings/{later}", json={"scope": "following", "rule": rule})
    assert done.status_code == 200, done.text
    assert [each["follows_id"] is None for each in done.json()["schedules"]] == [True, False]
    assert await starts(operator) == [f"{DAY:%m-%d}T02:00", f"{DAY + timedelta(days=2):%m-%d}T09:00"]


async def test_a_day_is_copied_and_a_village_paused(station: Station, bulletin_wav: Path):
    operator, _ = await daily(station, bulletin_wav)
    once = {"first": str(DAY), "by_days": -1}
    copied = await operator.post(f"{PLACE}/programme/copies", json=once)
    assert (copied.status_code, copied.json()["added"]) == (201, 1), copied.text
    again = await operator.post(f"{PLACE}/programme/copies", json=once)
    assert (again.status_code, again.json()["code"]) == (409, "schedules.copy_empty")
    body = {
        "audience": {"places": ["bn-v01"]},
        "start": f"{DAY}T00:00:00Z",
        "end": f"{DAY}T12:00:00Z",
        "occasion": "funeral",
    }
    paused = await operator.post(f"{PLACE}/pauses", json=body)
    assert paused.status_code == 201, paused.text
    ended = await operator.post(f"{PLACE}/pauses/{paused.json()['id']}/end", json={})
    assert ended.status_code == 200, ended.text
    wrong = await operator.post(f"{PLACE}/pauses", json=body | {"end": body["start"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "schedules.pause_reversed")


async def test_looking_at_a_change_a_copy_or_a_pause_says_what_it_does_and_keeps_nothing(
    station: Station, bulletin_wav: Path
):
    operator, schedule = await daily(station, bulletin_wav)
    before = await starts(operator)
    body = {"scope": "this", "time": "10:30", "preempted": {"then": "restart", "stale_s": 300}}
    looked = await operator.post(f"{schedule}/airings/{AT}/look", json=body)
    assert looked.status_code == 200, looked.text
    [found] = looked.json()["differences"]
    assert [found[each]["start"][11:16] for each in ("before", "after")] == ["02:00", "03:30"]
    assert (found["after"]["preempted"], found["after"]["stale_s"]) == ("restart", 300)
    once = {"first": str(DAY), "by_days": -1}
    copied = (await operator.post(f"{PLACE}/programme/copies/look", json=once)).json()
    assert ([each["start"][11:16] for each in copied["new"]], copied["refusal"]) == (["02:00"], None)
    whom = {"audience": {"places": ["bn-v01"]}, "occasion": "exam"}
    span = {"start": f"{DAY}T00:00:00Z", "end": f"{DAY}T12:00:00Z"}
    missed = (await operator.post(f"{PLACE}/pauses/look", json=whom | span)).json()["clusters"]
    assert missed
    assert all([each["start"][11:16] for each in airings] == ["02:00"] for airings in missed.values())
    assert await starts(operator) == before
    for empty in ("pauses", "pauses?over=true"):
        assert (await operator.get(f"{PLACE}/{empty}")).json()["items"] == [], empty
    assert [each["what"] for each in (await operator.get(f"{PLACE}/programme/changes")).json()["items"]] == ["create"]
    for path, wrong, status in (
        (f"{schedule}/airings/{AT}/look", {"scope": "this", "day": "9999-12-31"}, 422),
        (f"{schedule}/airings/{AT}/look", {"scope": "this", "preempted": {"then": "sing"}}, 422),
        (f"{schedule}/airings/{AT}/look", {"scope": "this", "preempted": {"then": "drop", "stale_s": 1}}, 422),
        (f"{PLACE}/programme/copies/look", {"first": "0001-01-01", "by_days": 1}, 422),
        (f"{PLACE}/programme/copies/look", {"first": "9999-12-31", "by_days": 1}, 422),
        (f"{PLACE}/pauses/look", whom | {"start": "9999-12-30T00:00:00Z", "end": "9999-12-31T00:00:00Z"}, 422),
        (f"{PLACE}/pauses/look", whom | {"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}, 422),
        (f"{schedule}/airings/0001-01-01T00:00:00Z/look", {"scope": "this", "time": "10:00"}, 422),
        (f"{schedule}/airings/9999-12-31T23:59:59-12:00/look", {"scope": "all", "volume": 10}, 422),
    ):
        answer = await operator.post(path, json=wrong)
        assert answer.status_code == status, (wrong, answer.text)
    assert (await operator.patch(f"{schedule}/airings/{AT}", json=body)).status_code == 200
    [change, _] = (await operator.get(f"{PLACE}/programme/changes")).json()["items"]
    assert (change["what"], change["undone_at"]) == ("this", None)
    paused = await operator.post(f"{PLACE}/pauses", json=whom | span)
    assert [each["id"] for each in (await operator.get(f"{PLACE}/pauses")).json()["items"]] == [paused.json()["id"]]


async def test_who_may_not_plan_here_changes_nothing(station: Station, bulletin_wav: Path):
    operator, schedule = await daily(station, bulletin_wav)
    before = await starts(operator)
    approver = await station.person((Role.APPROVER, COMMUNE))
    for answer in (
        await approver.patch(f"{schedule}/airings/{AT}", json={"scope": "this", "cancel": True}),
        await approver.post(f"{PLACE}/programme/undo", json={}),
        await approver.post(f"{PLACE}/programme/copies", json={"first": str(DAY), "by_days": 1}),
        await approver.post(f"{schedule}/airings/{AT}/look", json={"scope": "this", "cancel": True}),
        await approver.post(f"{PLACE}/programme/copies/look", json={"first": str(DAY), "by_days": 1}),
    ):
        assert answer.status_code == 403, answer.text
    assert await starts(operator) == before
