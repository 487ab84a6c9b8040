"""Clashes through the REST interface: found, spelled out, decided once; and the mistyped hour refused with its rule."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx import AsyncClient

from devices.wire.orders import PlayClass
from schedules.models import Policy
from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.test_way_to_air import COMMUNE, approved_announcement, staff

DAY = datetime.now(UTC).date() + timedelta(days=3)
PLACE = f"/api/v1/places/{COMMUNE}"
SPAN = {"start": f"{DAY}T00:00:00Z", "end": f"{DAY + timedelta(days=20)}T00:00:00Z"}


async def two(station: Station, wav: Path, play_class: int = PlayClass.PRIORITY) -> AsyncClient:
    """Two of a class, every day at nine."""
    operator, approver = await staff(station)
    for title in ("Một", "Hai"):
        about = await approved_announcement(operator, approver, wav)
        await _of_class(station, about, play_class)
        body = {"announcement_id": about, "title": title, "rrule": "FREQ=DAILY", "times": ["09:00"]}
        made = await operator.post("/api/v1/schedules", json=body | {"first_day": str(DAY)})
        assert made.status_code == 201, made.text
    return operator


async def _of_class(station: Station, announcement_id: str, play_class: int) -> None:
    async with station.runtime.database.writing() as session:
        about = await station.runtime.announcements.find(session, announcement_id)
        about.play_class = play_class


async def listed(client: AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get(f"{PLACE}/clashes", params=SPAN)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_clash_is_spelled_out_and_decided_once_however_often_it_is_asked_for(
    station: Station, bulletin_wav: Path
):
    operator = await two(station, bulletin_wav)
    met = await listed(operator)
    assert [each["must_decide"] for each in met] == [True] * 20
    pair = {"first": met[0]["first"]["id"], "second": met[0]["second"]["id"]}
    ways = (await operator.get(f"{PLACE}/clashes/options", params=pair)).json()
    queue = next(each for each in ways["options"] if each["choice"] == "queue_after")
    assert ways["as_is"][0]["whole"] is True
    assert queue["waits_s"] > 0
    body = pair | {name: queue[name] for name in ("choice", "yields", "start", "fate")} | {"always": True}
    key = {"Idempotency-Key": "decided-once"}
    done = await operator.post(f"{PLACE}/decisions", json=body, headers=key)
    assert done.status_code == 201, done.text
    assert (await operator.post(f"{PLACE}/decisions", json=body, headers=key)).json() == done.json()
    assert [(each["must_decide"], each["settled"]) for each in await listed(operator)] == [(False, True)] * 20
    [kept] = (await operator.get(f"{PLACE}/decisions")).json()["items"]
    assert (kept["choice"], kept["day"]) == ("queue_after", None)


async def test_what_nobody_offered_or_may_decide_is_refused(station: Station, bulletin_wav: Path):
    operator = await two(station, bulletin_wav)
    [met, *_] = await listed(operator)
    one, other = met["first"]["id"], met["second"]["id"]
    body = {"first": one, "second": other, "choice": "move", "yields": one, "start": f"{DAY}T20:00:00Z"}
    gone = await operator.post(f"{PLACE}/decisions", json=body)
    assert (gone.status_code, gone.json()["code"]) == (409, "schedules.option_gone")
    itself = await operator.post(f"{PLACE}/decisions", json=body | {"second": one})
    assert (itself.status_code, itself.json()["code"]) == (409, "schedules.clash_gone")
    nobody = await operator.get(f"{PLACE}/clashes/options", params={"first": "0" * 26, "second": other})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "schedules.occurrence_unknown")
    long = await operator.get(f"{PLACE}/clashes", params=SPAN | {"end": "2099-01-01T00:00:00Z"})
    assert (long.status_code, long.json()["code"]) == (422, "server.clash_span")
    for wrong in ({"choice": "shout"}, {"start": "soon"}, {"yields": "x" * 27}, {"why": "because"}):
        assert (await operator.post(f"{PLACE}/decisions", json=body | wrong)).status_code == 422
    approver = await station.person((Role.APPROVER, COMMUNE))
    assert (await approver.post(f"{PLACE}/decisions", json=body)).status_code == 403
    assert (await operator.get(f"{PLACE}/decisions")).json()["items"] == []


async def test_the_mistyped_hour_is_refused_with_the_rule_its_source_and_the_nearest_time(
    station: Station, bulletin_wav: Path
):
    operator, approver = await staff(station)
    async with station.runtime.database.writing() as session:
        await session.merge(Policy(place_id=COMMUNE, hours=[["05:00", "21:00"]], source="QĐ 12/2026"))
    about = await approved_announcement(operator, approver, bulletin_wav)
    body = {"announcement_id": about, "rrule": "FREQ=DAILY", "times": ["03:15"], "first_day": str(DAY)}
    answer = await operator.post("/api/v1/schedules", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "schedules.outside_hours")
    said = {name: told["params"][name] for name in ("time", "rule", "source", "nearest")}
    assert said == {"time": "03:15", "rule": "05:00–21:00", "source": "QĐ 12/2026", "nearest": "05:00"}
    assert (await operator.post("/api/v1/schedules", json=body | {"times": ["05:15"]})).status_code == 201
