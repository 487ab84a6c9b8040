"""The pages of a place's rules, holidays and approval, as a browser without scripts uses them."""

import re
from datetime import timedelta

from httpx import Response

from server.auth.models import EVERYWHERE, Role
from tests.integration.server.web.conftest import Office, Person, fields
from tests.support.signing import person, sign

SAID = {
    "hours_from": ["05:00", "17:00", ""],
    "hours_to": ["07:00", "19:00", ""],
    "volume_max": "80",
    "source": "Quyết định 12",
    "block_gap": "5",
    "limit_kind": ["blocks", "blocks"],
    "limit_most": ["3", ""],
    "limit_name": ["Số buổi", ""],
    "limit_source": ["Quyết định 12", ""],
    "cap_hours": ["05:00–06:00, 18:00-19:00"],
    "cap_volume_max": ["60"],
    "cap_name": ["Sáng sớm"],
    "cap_source": ["Quyết định 12"],
    "event_name": ["Tết", ""],
    "event_first_day": ["2030-02-02", ""],
    "event_last_day": ["2030-02-05", ""],
    "event_hours": ["", ""],
    "event_source": ["Công văn 7", ""],
    "event_lifts_0": ["hours", "volume"],
}


def problem(page: Response) -> str:
    found = re.search(r'id="problem">.*?<p>(.*?)</p>', page.text, re.DOTALL)
    return found[1] if found else ""


async def scheduled(office: Office, time: str = "12:00") -> tuple[Person, str]:
    """A daily schedule at a time; who made it, and its announcement."""
    writer = await office.person(Role.OPERATOR)
    path = await office.announcement(writer, await office.person(Role.APPROVER))
    first = (office.runtime.clock() + timedelta(days=2)).date()
    form = await writer.get(f"/schedules/new?announcement={path.rpartition('/')[2]}")
    body = {
        "key": fields(form)["key"],
        "announcement": path.rpartition("/")[2],
        "repeat": "daily",
        "time": time,
        "first_day": str(first),
        "volume": "80",
        "where": "all",
        "preempted": "resume",
    }
    made = await writer.post("/schedules/new", body)
    assert made.status_code == 303, problem(made)
    return writer, path


async def test_rules_are_saved_only_once_their_effect_was_seen_and_what_was_typed_stays_when_refused(office: Office):
    admin = await office.person(Role.ADMINISTRATOR)
    await scheduled(office)
    version = fields(await admin.get("/policy"))["version"]
    seen = await admin.post("/policy", SAID | {"version": version})
    assert re.search(r"2[89] planned airings are no longer permitted", seen.text), seen.text[:3000]
    assert fields(await admin.get("/policy"))["version"] == version
    kept = {name: value for name, value in fields(seen).items() if name in {"said", "version", "seen"}}
    other = await admin.post("/policy", kept | {"seen": "another"})
    assert "What is planned has changed since you looked" in other.text
    saved = await admin.post("/policy", kept)
    assert saved.status_code == 303, problem(saved)
    page = await admin.get("/policy")
    assert fields(page)["version"] != version
    assert all(text in page.text for text in ("Số buổi", "05:00–06:00, 18:00–19:00", "Công văn 7", "Sáng sớm"))
    stale = await admin.post("/policy", kept | {"seen": fields(await admin.post("/policy", kept))["seen"]})
    assert "meantime" in problem(stale)
    wrong = (
        {"limit_most": ["many", ""]},
        {"cap_hours": ["dawn"]},
        {"hours_from": ["29:00", "", ""]},
        {"event_last_day": ["2029-01-01", ""]},
        {"volume_max": "900"},
        {"source": ""},
        {"block_gap": "x" * 5_000},
    )
    for said in wrong:
        page = await admin.post("/policy", SAID | said)
        assert (page.status_code, bool(problem(page))) == (422, True), said
        assert "Số buổi" in page.text
    half = r'{"hours": [], "volume_max": 90, "source": "\ud800", "allowance": {}}'
    for said in ("[", "{}", '{"hours": 1}', "[" * 70_000, half):
        assert (await admin.post("/policy", {"said": said})).status_code == 422


async def test_only_administrators_change_anything(office: Office):
    operator = await office.person(Role.OPERATOR)
    for path in ("/policy", "/holidays", "/policy/approval"):
        page = await operator.get(path)
        assert (page.status_code, "<form" in page.text.partition("<main")[2]) == (200, False), path
    admin = await office.person(Role.ADMINISTRATOR)
    for path in ("/policy", "/policy/inherit", "/policy/approval", "/holidays", "/policy/certificates"):
        assert (await operator.post(path, SAID)).status_code == 403, path
        assert (await admin.post(f"{path}?place=lao-cai", SAID | {"play_class": "1"})).status_code == 403, path
    assert (await admin.get("/policy?place=nowhere")).status_code == 404


async def test_a_province_rules_from_its_own_page_and_a_day_is_corrected_when_its_effect_was_seen(office: Office):
    above = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    page = await above.get("/policy?place=lao-cai")
    assert "Nobody has written rules for this place" in page.text
    seen = await above.post("/policy?place=lao-cai", SAID | {"version": fields(page)["version"]})
    kept = {name: fields(seen)[name] for name in ("said", "version", "seen")}
    assert (await above.post("/policy?place=lao-cai", kept)).status_code == 303
    seen = await above.post("/policy/inherit", {"version": fields(await above.get("/policy"))["version"]})
    kept = {name: fields(seen)[name] for name in ("version", "seen")}
    assert (await above.post("/policy/inherit", kept)).status_code == 303
    assert "The rules of Lào Cai hold here" in (await above.get("/policy")).text
    said = {"day": "2030-04-10", "name": "Ngày hội xuống đồng", "free": "1"}
    seen = await above.post("/holidays", said)
    assert "Nothing planned so far changes" in seen.text
    assert said["name"] not in (await above.get("/holidays?year=2030")).text
    assert (await above.post("/holidays", said | {"seen": "1"})).status_code == 303
    assert "added by Bảo Nhai" in (await above.get("/holidays?year=2030")).text
    assert (await above.post("/holidays", {"day": "2030-04-10", "remove": "1", "seen": "1"})).status_code == 303
    assert said["name"] not in (await above.get("/holidays?year=2030")).text
    for wrong in ({"day": "31/02"}, {"name": " "}, {"name": "a" * 150}, {"day": "1850-01-01"}):
        page = await above.post("/holidays", said | {"seen": "1"} | wrong)
        assert (page.status_code, bool(problem(page))) == (422, True), wrong
    assert (await above.get("/holidays?year=99999999")).status_code == 200


async def test_a_bulletin_is_downloaded_signed_handed_in_and_approved(office: Office):
    admin = await office.person(Role.ADMINISTRATOR)
    writer, approver = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    rule = {"play_class": "1", "role": "approver", "signed": "1", "other": "1"}
    assert (await admin.post("/policy/approval", rule)).status_code == 303
    chair = person("Chủ tịch xã Bảo Nhai")
    added = await admin.post("/policy/certificates", {"name": ""}, files={"file": ("chu-tich.crt", chair.der)})
    assert added.status_code == 303, problem(added)
    assert "Chủ tịch xã Bảo Nhai" in (await admin.get("/policy/approval")).text
    assert "not one certificate" in problem(await admin.post("/policy/certificates", {}, files={"file": ("a", b"x")}))

    path = await office.announcement(writer)
    await writer.post(f"{path}/submit", {"revision": "1"})
    assert "approved with a signed PDF" in problem(await approver.post(f"{path}/approve", {"revision": "1"}))
    page = await approver.get(path)
    assert "By the rule of Bảo Nhai this is approved by:" in page.text
    paper = await approver.get(f"{path}/bulletin.pdf")
    now = office.runtime.clock().replace(microsecond=0)
    signed = await sign(paper.content, chair, at=now + timedelta(seconds=1))
    torn = await approver.post(f"{path}/signed", {}, files={"file": ("k.pdf", signed[:-200])})
    assert problem(torn)
    none = await approver.post(f"{path}/signed", {})
    assert "no PDF" in problem(none)
    kept = await approver.post(f"{path}/signed", {}, files={"file": ("k.pdf", signed)})
    assert kept.status_code == 303, problem(kept)
    assert "Signed by Chủ tịch xã Bảo Nhai" in (await approver.get(path)).text
    assert (await approver.post(f"{path}/approve", {"revision": "1"})).status_code == 303
    shown = await writer.get(path)
    link = re.search(r'href="([^"]+/signed/[^"]+\.pdf)"', shown.text)
    assert link is not None
    assert (await writer.get(link[1])).content == signed
    own = await office.announcement(writer)
    assert (await writer.get(f"{own}/signed/{link[1].rpartition('/')[2]}")).status_code == 404


async def test_an_emergency_nobody_countersigned_stands_on_today(office: Office):
    officer, second = await office.person(Role.EMERGENCY), await office.person(Role.EMERGENCY)
    template = await office.template()
    review = await officer.get(f"/emergency/review?template={template}&where=all")
    form = {"key": fields(review)["key"], "template": template, "where": "all", "held": "1"}
    board = (await officer.post("/emergency/launch", form)).headers["location"]
    assert "not countersigned" in (await second.get("/")).text
    assert (await second.post(f"{board}/countersign")).status_code == 303
    assert "not countersigned" not in (await second.get("/")).text


async def test_a_broadcast_now_that_the_rules_forbid_is_refused_with_their_source_and_no_way_round(office: Office):
    admin, boss = await office.person(Role.ADMINISTRATOR), await office.person(Role.APPROVER)
    writer = await office.person(Role.OPERATOR)
    path = await office.announcement(writer, boss)
    said = {"hours_from": [""], "hours_to": [""], "volume_max": "100", "source": "Quyết định 12", "block_gap": "5"}
    said |= {
        "cap_hours": ["00:00-24:00"],
        "cap_volume_max": ["60"],
        "cap_name": ["Cả ngày"],
        "cap_source": ["Công văn 7"],
    }
    seen = fields(await admin.post("/policy", said | {"version": fields(await admin.get("/policy"))["version"]}))
    assert (await admin.post("/policy", {name: seen[name] for name in ("said", "version", "seen")})).status_code == 303
    loud = {"key": "too-loud-for-all", "where": "all", "volume": "80"}
    page = await writer.post(f"{path}/broadcast", loud)
    assert (page.status_code, await office.orders("play")) == (422, [])
    assert all(word in problem(page) for word in ("80 %", "Cả ngày", "Công văn 7", "60 %")), problem(page)
    again = await writer.post(f"{path}/broadcast", loud | {"key": fields(page)["key"], "force": "1", "seen": "1"})
    assert again.status_code == 422
    assert (await writer.post(f"{path}/broadcast", loud | {"key": "soft-enough", "volume": "60"})).status_code == 303
