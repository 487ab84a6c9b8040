"""The way of one announcement through the REST interface, on both databases, up to the signed order in the log."""

from pathlib import Path
from typing import Any

from httpx import AsyncClient
from sqlmodel import col, select

from devices.models import Delivery, OrderEntry
from devices.orderlog import read_order
from devices.wire.orders import Play, PlayClass, Status
from server import audit
from server.auth.models import Role
from server.runtime import Runtime
from tests.integration.server.conftest import Station

COMMUNE = "bao-nhai"


async def upload(client: AsyncClient, wav: Path, place: str = COMMUNE) -> dict[str, Any]:
    with wav.open("rb") as file:
        answer = await client.post(
            "/api/v1/assets", data={"place_id": place, "title": "Họp thôn"}, files={"file": ("hop.wav", file)}
        )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def approved_announcement(operator: AsyncClient, approver: AsyncClient, wav: Path) -> str:
    asset = await upload(operator, wav)
    body = {"place_id": COMMUNE, "title": "Họp thôn", "versions": {"vi": asset["id"]}}
    written = await operator.post("/api/v1/announcements", json=body)
    assert written.status_code == 201, written.text
    announcement = f"/api/v1/announcements/{written.json()['id']}"
    assert (await operator.post(f"{announcement}/submit")).json()["state"] == "submitted"
    approved = await approver.post(f"{announcement}/approve", headers={"If-Match": written.headers["ETag"]})
    assert approved.json()["state"] == "approved", approved.text
    return str(written.json()["id"])


async def orders_of(runtime: Runtime, occurrence_id: str) -> list[OrderEntry]:
    async with runtime.database.reading() as session:
        query = select(OrderEntry).where(col(OrderEntry.occurrence_id) == occurrence_id).order_by(col(OrderEntry.seq))
        return list(await session.scalars(query))


async def staff(station: Station) -> tuple[AsyncClient, AsyncClient]:
    return await station.person((Role.OPERATOR, COMMUNE)), await station.person((Role.APPROVER, COMMUNE))


async def test_an_upload_becomes_a_signed_order_with_a_delivery_for_every_cluster(
    both_stations: Station, bulletin_wav: Path
):
    station = both_stations
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    answer = await operator.post("/api/v1/broadcasts", json={"announcement_id": announcement_id})
    assert answer.status_code == 201, answer.text
    occurrence = answer.json()
    assert (occurrence["state"], occurrence["clusters"]) == ("issued", 57)
    [entry] = await orders_of(station.runtime, occurrence["id"])
    async with station.runtime.database.reading() as session:
        order = await read_order(session, entry)
        deliveries = list(await session.scalars(select(Delivery)))
        chain = await audit.verify_chain(session)
        actions = [each.action for each in await audit.entries(session)]
    assert isinstance(order.body, Play)
    assert order.audience.everyone
    assert len(deliveries) == 57
    assert chain.whole
    assert {"add_sound", "write_announcement", "submit_announcement", "approve_announcement", "broadcast_now"} <= set(
        actions
    )
    shown = (await operator.get(f"/api/v1/occurrences/{occurrence['id']}")).json()
    assert shown["counts"] == {"smart": {"ordered": 38}, "wireless": {"ordered": 19}}
    page = (await operator.get(f"/api/v1/occurrences/{occurrence['id']}/deliveries?limit=50")).json()
    rest = (await operator.get(f"/api/v1/occurrences/{occurrence['id']}/deliveries?after={page['next']}")).json()
    assert len({each["cluster_id"] for each in page["items"] + rest["items"]}) == 57
    assert rest["next"] is None


async def test_only_content_of_an_order_is_served_and_it_can_be_resumed(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    speaker = await station.client()
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    asset_id = (await operator.get(f"/api/v1/announcements/{announcement_id}")).json()["versions"][0]["asset_id"]
    rendition = (await operator.get(f"/api/v1/assets/{asset_id}")).json()["renditions"][0]
    address = f"/content/{rendition['sha256']}"
    assert (await speaker.get(address)).status_code == 404
    assert (await operator.post("/api/v1/broadcasts", json={"announcement_id": announcement_id})).status_code == 201
    whole = await speaker.get(address)
    assert (whole.status_code, len(whole.content)) == (200, rendition["size"])
    assert whole.headers["ETag"] == f'"{rendition["sha256"]}"'
    assert "immutable" in whole.headers["Cache-Control"]
    part = await speaker.get(address, headers={"Range": "bytes=100-"})
    assert (part.status_code, part.content) == (206, whole.content[100:])
    assert (await speaker.get(address, headers={"Range": f"bytes={rendition['size']}-"})).status_code == 416
    head = await speaker.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == rendition["size"]


async def test_a_broadcast_repeated_with_its_key_is_one_order(both_stations: Station, bulletin_wav: Path):
    operator, approver = await staff(both_stations)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    headers = {"Idempotency-Key": "button-pressed-once"}
    body = {"announcement_id": announcement_id}
    answers = [await operator.post("/api/v1/broadcasts", json=body, headers=headers) for _ in range(3)]
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    other = await operator.post("/api/v1/broadcasts", json=body | {"volume": 50}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "server.idempotency_mismatch")
    async with both_stations.runtime.database.reading() as session:
        plays = list(await session.scalars(select(OrderEntry).where(col(OrderEntry.kind) == "play")))
    assert len(plays) == 1


async def test_a_broadcast_can_be_called_off_by_one_signed_cancel(both_stations: Station, bulletin_wav: Path):
    operator, approver = await staff(both_stations)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    occurrence = (await operator.post("/api/v1/broadcasts", json={"announcement_id": announcement_id})).json()
    for _ in range(2):
        answer = await operator.post(f"/api/v1/occurrences/{occurrence['id']}/cancel", json={"reason": "nhầm"})
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    kinds = [entry.kind for entry in await orders_of(both_stations.runtime, occurrence["id"])]
    assert kinds == ["play", "cancel"]


async def test_an_announcement_not_approved_is_not_broadcast(station: Station, bulletin_wav: Path):
    operator, _ = await staff(station)
    asset = await upload(operator, bulletin_wav)
    body = {"place_id": COMMUNE, "title": "Chưa duyệt", "versions": {"vi": asset["id"]}}
    announcement_id = (await operator.post("/api/v1/announcements", json=body)).json()["id"]
    answer = await operator.post("/api/v1/broadcasts", json={"announcement_id": announcement_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "schedules.not_approved")


async def test_a_schedule_fills_the_calendar_and_ends(both_stations: Station, bulletin_wav: Path):
    operator, approver = await staff(both_stations)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    body = {
        "announcement_id": announcement_id,
        "rrule": "FREQ=DAILY",
        "times": ["05:30", "17:00"],
        "first_day": "2099-01-01",
        "last_day": "2099-01-05",
    }
    made = await operator.post("/api/v1/schedules", json=body)
    assert made.status_code == 201, made.text
    listed = (await operator.get(f"/api/v1/schedules?place_id={COMMUNE}")).json()["items"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
    ended = await operator.post(f"/api/v1/schedules/{made.json()['id']}/end")
    assert ended.json()["state"] == "ended"


async def test_an_emergency_is_ordered_at_once_cleared_and_countersigned_by_another(both_stations: Station):
    runtime = both_stations.runtime
    async with runtime.database.writing() as session:
        await runtime.emergencies.ensure_templates(session, COMMUNE)
    first = await both_stations.person((Role.EMERGENCY, COMMUNE))
    second = await both_stations.person((Role.EMERGENCY, COMMUNE))
    templates = (await first.get(f"/api/v1/places/{COMMUNE}/emergency-templates")).json()["items"]
    flood = next(each for each in templates if each["key"] == "flood")
    preview = (await first.post(f"/api/v1/emergency-templates/{flood['id']}/preview", json={})).json()
    assert (preview["smart"], preview["wireless"]) == (38, 19)
    launched = await first.post("/api/v1/emergencies", json={"template_id": flood["id"], "status": "actual"})
    assert launched.status_code == 201, launched.text
    emergency = launched.json()
    [entry] = await orders_of(runtime, emergency["occurrence_id"])
    async with runtime.database.reading() as session:
        play = (await read_order(session, entry)).body
    assert isinstance(play, Play)
    assert (play.play_class, play.start_ms, play.status) == (PlayClass.EMERGENCY, None, Status.ACTUAL)
    address = f"/api/v1/emergencies/{emergency['id']}"
    alone = await first.post(f"{address}/countersign")
    assert (alone.status_code, alone.json()["code"]) == (403, "schedules.countersign_self")
    assert (await second.post(f"{address}/countersign")).status_code == 200
    cleared = await first.post(f"{address}/all-clear")
    assert (cleared.status_code, cleared.json()["state"]) == (200, "cleared")
    again = await first.post(f"{address}/all-clear")
    assert (again.status_code, again.json()["code"]) == (409, "schedules.emergency_over")


async def test_whoever_saw_an_older_revision_cannot_overwrite_a_newer_one(station: Station, bulletin_wav: Path):
    operator, _ = await staff(station)
    asset = await upload(operator, bulletin_wav)
    body = {"place_id": COMMUNE, "title": "Một", "versions": {"vi": asset["id"]}}
    written = await operator.post("/api/v1/announcements", json=body)
    address, seen = f"/api/v1/announcements/{written.json()['id']}", {"If-Match": written.headers["ETag"]}
    first = await operator.patch(address, json={"title": "Hai"}, headers=seen)
    assert (first.status_code, first.json()["title"]) == (200, "Hai")
    late = await operator.patch(address, json={"title": "Ba"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "schedules.stale_revision")
    blind = await operator.patch(address, json={"title": "Bốn"})
    assert (blind.status_code, blind.json()["code"]) == (428, "server.precondition_needed")


async def test_what_is_said_is_what_was_written(station: Station):
    operator, _ = await staff(station)
    body = {"place_id": COMMUNE, "title": "Nhắc", "text": "Kính mời bà con họp thôn lúc bảy giờ tối."}
    spoken = await operator.post("/api/v1/assets/speech", json=body)
    assert spoken.status_code == 201, spoken.text
    heard = await operator.get(f"/api/v1/assets/{spoken.json()['id']}/audio")
    assert (heard.status_code, heard.content[:4]) == (200, b"OggS")
    assert 1_000 < spoken.json()["duration_ms"] < 10_000


async def test_a_schedule_by_the_moon_is_shown_as_it_was_written(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    body = {
        "announcement_id": announcement_id,
        "pattern": {"kind": "lunar", "days": ["1", "15"]},
        "times": ["17:00"],
        "first_day": "2099-01-01",
        "removed": ["2099-02-06"],
        "on_holidays": "skip",
    }
    made = (await operator.post("/api/v1/schedules", json=body)).json()
    shown = (await operator.get(f"/api/v1/schedules/{made['id']}")).json()
    assert shown == made
    assert shown["rule"]["pattern"] == {"kind": "lunar", "days": ["1", "15"], "leap": "custom", "short": "last"}
    assert (shown["rule"]["removed"], shown["rule"]["on_holidays"]) == (["2099-02-06"], "skip")
    assert (shown["rrule"], shown["times"], shown["overrides"], shown["until"]) == ("", ["17:00"], [], None)
