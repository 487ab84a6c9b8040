"""Rules, holidays, approval and signed bulletins through the REST interface."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from httpx import AsyncClient
from sqlmodel import col, select

from devices.models import OrderEntry
from devices.orderlog import read_order
from devices.wire.config import Config
from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.test_way_to_air import COMMUNE, approved_announcement, staff, upload
from tests.support.signing import person, sign

PLACE = f"/api/v1/places/{COMMUNE}"
POLICY = f"{PLACE}/policy"
DAY = datetime.now(UTC).date() + timedelta(days=3)
RULES = {
    "hours": [["05:00", "07:00"], ["16:00", "19:00"]],
    "volume_max": 70,
    "source": "Quyết định 12",
    "limits": [{"kind": "blocks", "most": 3, "name": "Số buổi", "source": "Quyết định 12"}],
    "events": [
        {
            "name": "Tết",
            "first_day": "2030-02-02",
            "last_day": "2030-02-05",
            "lifts": ["hours", "blocks"],
            "hours": [["05:00", "24:00"]],
            "source": "Công văn 7",
        }
    ],
}


async def daily(operator: AsyncClient, approver: AsyncClient, wav: Path, **more: object) -> None:
    announcement_id = await approved_announcement(operator, approver, wav)
    body = {"announcement_id": announcement_id, "rrule": "FREQ=DAILY", "times": ["09:00"], "first_day": str(DAY)}
    made = await operator.post("/api/v1/schedules", json=body | more)
    assert made.status_code == 201, made.text


async def test_rules_are_seen_tried_written_and_taken_away(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    admin = await station.person((Role.ADMINISTRATOR, COMMUNE))
    await daily(operator, approver, bulletin_wav)
    before = await admin.get(POLICY)
    assert (before.json()["own"], before.json()["hours"]) == (True, [])
    tried = (await admin.post(f"{POLICY}/effect", json=RULES)).json()
    count = tried["stops_count"]
    assert (count in {27, 28}, tried["communes"]) == (True, [COMMUNE])
    assert (tried["stops"][0]["reason"], tried["stops"][0]["source"]) == ("outside_hours", "Quyết định 12")
    assert (await admin.get(POLICY)).headers["ETag"] == before.headers["ETag"]

    assert (await admin.put(POLICY, json=RULES)).status_code == 428
    assert (await admin.put(POLICY, json=RULES, headers={"If-Match": "*"})).status_code == 422
    seen = {"If-Match": before.headers["ETag"]}
    written = await admin.put(POLICY, json=RULES, headers=seen)
    assert (written.status_code, written.json()["stops_count"]) == (200, count), written.text
    stale = await admin.put(POLICY, json=RULES, headers=seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "schedules.stale_policy")
    kept = (await operator.get(POLICY)).json()
    assert (kept["hours"], kept["limits"][0]["most"]) == (RULES["hours"], 3)
    assert kept["events"][0]["hours"] == [["05:00", "24:00"]]
    async with station.runtime.database.reading() as session:
        query = select(OrderEntry).where(col(OrderEntry.kind) == "config").order_by(col(OrderEntry.seq))
        told = (await read_order(session, list(await session.scalars(query))[-1])).body
    assert isinstance(told, Config)
    assert (told.hours.spans, told.volume_max) == (((300, 420), (960, 1140)), 70)

    gone = await admin.delete(POLICY, headers={"If-Match": written.headers["ETag"]})
    assert gone.status_code == 200, gone.text
    after = await admin.get(POLICY)
    assert (after.json()["own"], after.headers["ETag"], gone.headers["ETag"]) == (False, '"none"', '"none"')
    assert gone.json()["returns_count"] == count


async def test_who_does_not_administer_a_place_only_sees_its_rules_and_hostile_ones_are_refused(station: Station):
    operator, approver = await staff(station)
    admin = await station.person((Role.ADMINISTRATOR, COMMUNE))
    tag = {"If-Match": (await admin.get(POLICY)).headers["ETag"]}
    for who, place in ((operator, COMMUNE), (approver, COMMUNE), (admin, "lao-cai")):
        at = f"/api/v1/places/{place}"
        refused = [
            await who.put(f"{at}/policy", json=RULES, headers=tag),
            await who.post(f"{at}/policy/effect", json=RULES),
            await who.delete(f"{at}/policy", headers=tag),
            await who.put(f"{at}/holidays/{DAY}", json={"name": "Hội"}),
            await who.delete(f"{at}/holidays/{DAY}"),
            await who.put(f"{at}/approver-rules/1", json={"signed": True}),
            await who.delete(f"{at}/approver-rules/1"),
            await who.post(f"{at}/signer-certificates", json={"pem": person("Ai đó").pem}),
        ]
        assert {each.status_code for each in refused} == {403}
    assert (await operator.get(f"{PLACE}/approver-rules")).status_code == 200
    hostile = [
        RULES | {"hours": [["5", "x"]]},
        RULES | {"hours": [["05:00", "06:00"]] * 400},
        RULES | {"hours": [["05:00", "06:00", "07:00"]]},
        RULES | {"source": ""},
        RULES | {"volume_max": 1e9},
        RULES | {"limits": [{"kind": "hours", "most": 1, "name": "a", "source": "b"}]},
        RULES | {"events": [RULES["events"][0] | {"last_day": "2029-01-01"}]},  # type: ignore[index] # a list
        RULES | {"block_gap_s": -1},
        RULES | {"more": 1},
    ]
    for body in hostile:
        answer = await admin.put(POLICY, json=body, headers=tag)
        assert answer.status_code == 422, (body, answer.text)
    assert (await admin.get(POLICY)).headers["ETag"] == tag["If-Match"]


async def test_a_holiday_is_added_and_taken_back(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    admin = await station.person((Role.ADMINISTRATOR, COMMUNE))
    await daily(operator, approver, bulletin_wav, on_holidays="skip")
    day = DAY + timedelta(days=1)
    holiday, said = f"{PLACE}/holidays/{day}", {"name": "Ngày hội Gầu Tào"}
    tried = (await admin.post(f"{holiday}/effect", json=said)).json()
    assert (tried["gone_count"], tried["new_count"]) == (1, 0)
    done = await admin.put(holiday, json=said)
    assert done.json() == {"called_off": 1, "added": 0}, done.text
    assert (await admin.put(holiday, json=said)).json() == {"called_off": 0, "added": 0}
    year = (await operator.get(f"{PLACE}/holidays", params={"year": day.year})).json()
    assert {"day": str(day), "name": said["name"], "free": True, "national": "", "place_id": COMMUNE} in year
    assert (await admin.delete(holiday)).json() == {"called_off": 0, "added": 1}
    for wrong in ({"name": ""}, {"name": "a" * 999}, {"name": "a", "free": "perhaps"}):
        assert (await admin.put(holiday, json=wrong)).status_code == 422
    assert (await admin.put(f"{PLACE}/holidays/31-02", json=said)).status_code == 422
    assert (await operator.get(f"{PLACE}/holidays", params={"year": 9})).status_code == 422


async def test_a_bulletin_is_approved_when_its_signed_pdf_was_handed_in(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    admin = await station.person((Role.ADMINISTRATOR, COMMUNE))
    rule = {"roles": ["approver"], "other_than_author": True, "signed": True}
    rules = (await admin.put(f"{PLACE}/approver-rules/1", json=rule)).json()
    assert rules[1] == {"play_class": 1, **rule, "place_id": COMMUNE, "own": True}
    chair = person("Chủ tịch xã")
    added = await admin.post(f"{PLACE}/signer-certificates", json={"pem": chair.pem})
    assert (added.status_code, added.json()["name"]) == (201, "Chủ tịch xã"), added.text

    asset = await upload(operator, bulletin_wav)
    body = {"place_id": COMMUNE, "title": "Họp thôn", "versions": {"vi": asset["id"]}}
    at = f"/api/v1/announcements/{(await operator.post('/api/v1/announcements', json=body)).json()['id']}"
    await operator.post(f"{at}/submit")
    by_admin = await admin.post(f"{at}/approve")
    assert (by_admin.status_code, by_admin.json()["code"]) == (403, "schedules.approve_by_approver")
    unsigned = await approver.post(f"{at}/approve")
    assert (unsigned.status_code, unsigned.json()["code"]) == (409, "schedules.approve_unsigned")

    paper = await operator.get(f"{at}/bulletin")
    assert (paper.headers["content-type"], paper.headers["etag"]) == ("application/pdf", '"1"')
    now = station.runtime.clock().replace(microsecond=0)
    signed = await sign(paper.content, chair, at=now + timedelta(seconds=1))
    assert (await operator.post(f"{at}/signatures", files={"file": ("k.pdf", signed)})).status_code == 403
    forged = await approver.post(f"{at}/signatures", files={"file": ("k.pdf", signed + b"\n% more")})
    assert (forged.status_code, forged.json()["code"]) == (422, "schedules.signed_changed")
    kept = await approver.post(f"{at}/signatures", files={"file": ("k.pdf", signed)})
    assert (kept.status_code, kept.json()["signer"]) == (201, "Chủ tịch xã"), kept.text
    assert (await approver.post(f"{at}/approve")).json()["state"] == "approved"

    retired = await admin.post(f"/api/v1/signer-certificates/{added.json()['id']}/retire")
    assert retired.json()["retired_at"] is not None
    assert (await operator.get(f"{PLACE}/signer-certificates")).json() == []


async def test_a_broadcast_now_counts_like_what_is_planned(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    admin = await station.person((Role.ADMINISTRATOR, COMMUNE))
    body = {"announcement_id": await approved_announcement(operator, approver, bulletin_wav)}
    first = (await operator.post("/api/v1/broadcasts", json=body)).json()
    limit = {"kind": "block_minutes", "most": 1, "name": "Phút mỗi buổi", "source": "Quyết định 12"}
    rules = {"hours": [], "volume_max": 100, "source": "Quyết định 12", "limits": [limit]}
    tag = (await admin.get(POLICY)).headers["ETag"]
    assert (await admin.put(POLICY, json=rules, headers={"If-Match": tag})).status_code == 200
    async with station.runtime.database.writing() as session:
        sounding = await station.runtime.programme.occurrence(session, first["id"])
        # What begins a minute later makes more than a minute of the block.
        sounding.start_at -= timedelta(seconds=58)
        sounding.ends_at -= timedelta(seconds=58)
    key = {"Idempotency-Key": "one-more-in-this-block"}
    for _ in range(2):
        answer = await operator.post("/api/v1/broadcasts", json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (422, "schedules.too_many_minutes"), answer.text
        assert (
            answer.json()["params"].items() >= {"limit": 1, "rule": "Phút mỗi buổi", "source": "Quyết định 12"}.items()
        )
    forced = await operator.post("/api/v1/broadcasts", json=body | {"force": True})
    assert (forced.status_code, forced.json()["code"]) == (422, "server.input_wrong")
