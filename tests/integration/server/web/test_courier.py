import io
import re

import pytest

from base.times import to_ms
from devices.contacts import Reach
from devices.couriers import plans
from devices.enrolment import enrol
from devices.wire.envelope import SigningKey
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.returns import write_return
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person, fields

DEVICE, VILLAGE = "bn-s05", "Nà Chuông"


@pytest.fixture
async def lan(office: Office) -> Person:
    """An operator; the speaker of one village is only reached by courier."""
    async with office.runtime.database.writing() as session:
        await plans.set_contact(session, DEVICE, reach=Reach.COURIER)
    return await office.person(Role.OPERATOR)


async def ordered(office: Office, lan: Person) -> str:
    """A broadcast to the whole commune; the path of its page."""
    path = await office.announcement(lan, await office.person(Role.APPROVER))
    form = await lan.get(f"{path}/broadcast")
    said = {"key": fields(form)["key"], "where": "all", "volume": "80"}
    return str((await lan.post(f"{path}/broadcast", said)).headers["location"])


async def prepared(lan: Person) -> str:
    answer = await lan.post("/courier/prepare", {"village": ["bn-v05"]})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def returned(office: Office) -> bytes:
    runtime = office.runtime
    async with runtime.database.writing() as session:
        enrolled = await enrol(
            session,
            keys=runtime.keys,
            clock=runtime.clock,
            device_id=DEVICE,
            commune_id=COMMUNE,
            cluster_ids=[DEVICE],
        )
    clock = ClockReport(ClockState.SYNCED, to_ms(runtime.clock()), 50)
    out, key = io.BytesIO(), SigningKey.from_seed(DEVICE, enrolled.seed)
    write_return(out, heartbeat=Heartbeat(DEVICE, 1, 1, clock, {}), held=(), bundles=(), receipts=(), key=key)
    return out.getvalue()


async def test_the_list_says_which_villages_wait_and_how_much_for(office: Office, lan: Person):
    await ordered(office, lan)
    page = await lan.get("/courier")
    row = re.search(rf"<tr><th[^>]*>.*?{VILLAGE}.*?</tr>", page.text)
    assert row is not None
    assert "only by courier" in row[0]
    assert "1 broadcast" in row[0]


async def test_a_bundle_is_prepared_carried_and_its_way_is_shown(office: Office, lan: Person):
    await ordered(office, lan)
    path = await prepared(lan)
    page = await lan.get(path)
    assert "1 sound" in page.text
    assert VILLAGE in page.text
    assert (await lan.post(f"{path}/carried", {"carrier": "Chị Mai"})).status_code == 303
    page = await lan.get(path)
    assert "Chị Mai" in page.text
    assert "on its way" in page.text
    nobody = await lan.post(f"{path}/carried", {"carrier": " "})
    assert nobody.status_code == 422
    assert "Write who takes the bundle along" in nobody.text
    file = await lan.get(re.search(r'href="(/api/v1/courier-bundles/[^"]+/file)"', page.text)[1])  # type: ignore[index]
    assert file.headers["content-disposition"].startswith('attachment; filename="bao-nhai-')


async def test_return_files_are_taken_several_at_once_and_each_gets_its_answer(office: Office, lan: Person):
    good = await returned(office)
    files = [("files", ("a.loa", good)), ("files", ("b.loa", good)), ("files", ("c.loa", good[:900]))]
    answer = await lan.post("/courier/returns", files=files)
    assert answer.status_code == 200
    told = re.findall(r"<b>(\w\.loa)</b><br><span class=\"small\">(.*?)</span>", answer.text)
    assert [name for name, _ in told] == ["a.loa", "b.loa", "c.loa"]
    assert "0 receipts" in told[0][1]
    assert "nothing was counted twice" in told[1][1]
    assert "not complete" in told[2][1]
    page = await lan.get("/courier")
    assert re.search(rf"{VILLAGE}.*?<td data-l=\"Last word from there\"><time>", page.text)


async def test_a_form_without_a_file_says_so(lan: Person):
    assert "Choose a file" in (await lan.post("/courier/returns")).text


async def test_a_broadcasts_page_says_what_each_village_may_expect(office: Office, lan: Person):
    path = await office.announcement(lan, await office.person(Role.APPROVER))
    before = await lan.get(f"{path}/broadcast")
    assert "1 village will not have it in time" in before.text
    page = await lan.get(await ordered(office, lan))
    assert "by courier, but no visit is planned" in page.text


async def test_a_technician_writes_down_how_a_cluster_is_reached_and_where_couriers_go(office: Office, lan: Person):
    technician = await office.person(Role.TECHNICIAN)
    route = {
        "id": "nam-det",
        "name": "Nậm Đét",
        "day": ["5", ""],
        "time": ["07:00", ""],
        "travel_h": "3",
        "ahead_h": "12",
    }
    assert (await technician.post("/courier/routes/new", route)).headers["location"] == "/courier?done=saved"
    hours = {"reach": "window", "from": ["05:30", ""], "to": ["05:45", ""], "rate": "64", "route": "nam-det"}
    assert (await technician.post("/clusters/bn-s04/contact", hours)).status_code == 303
    form = await technician.get("/clusters/bn-s04/contact")
    assert 'value="05:30"' in form.text
    assert fields(form)["rate"] == "64"
    wrong = await technician.post("/clusters/bn-s04/contact", hours | {"to": ["05:00", ""]})
    assert wrong.status_code == 422
    assert "from an earlier to a later time" in wrong.text
    assert "Nậm Đét" in (await technician.get("/courier")).text
    assert 'value="07:00"' in (await technician.get("/courier/routes/nam-det")).text
    for path in ("/clusters/bn-s04/contact", "/courier/routes/new"):
        assert (await lan.get(path)).status_code == 403


async def test_a_team_of_one_village_sees_its_village_and_no_other(office: Office, lan: Person):
    await ordered(office, lan)
    async with office.runtime.database.writing() as session:
        await plans.set_contact(session, "bn-s07", reach=Reach.COURIER)
    mai = await office.person(Role.COURIER, place_id="bn-v05")
    page = await mai.get("/courier")
    assert page.status_code == 200
    assert "bn-s05" in page.text
    assert "bn-s07" not in page.text
    told = (await mai.get("/courier/phone/mine")).json()
    assert (told["csrf"], told["bundles"]) == (mai.csrf or told["csrf"], [])
    await prepared(lan)
    [bundle] = (await mai.get("/courier/phone/mine")).json()["bundles"]
    assert bundle["label"] == VILLAGE
    assert (await mai.client.get(f"/api/v1/courier-bundles/{bundle['id']}/file")).status_code == 200


async def test_the_phone_page_holds_nobodys_name_and_keeps_what_it_needs(office: Office, lan: Person):
    anyone = await office.station.client(**{"Accept-Language": "en"})
    page, worker = await anyone.get("/courier/phone"), await anyone.get("/courier/sw.js")
    assert page.text == (await lan.get("/courier/phone")).text
    assert page.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        kept = path in worker.text or path in {"/courier", "/sign-in?next=/courier/phone"}
        assert kept, path
    assert worker.headers["service-worker-allowed"] == "/courier/"
    icons = (await anyone.get("/courier/app.webmanifest")).json()["icons"]
    assert {icon["sizes"] for icon in icons} == {"192x192", "512x512", "any"}
    for icon in icons:
        assert (await anyone.get(icon["src"])).headers["content-type"] == icon["type"]
    assert (await anyone.get("/courier/phone/mine")).status_code in {303, 401}
