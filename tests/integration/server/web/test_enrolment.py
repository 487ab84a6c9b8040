"""The console's page that makes a code for a cluster's board."""

import re

from server.auth.models import Role
from tests.integration.server.web.conftest import Office

BOARD = "/clusters/bn-s02/board"


async def test_a_technician_is_shown_a_code_once(office: Office):
    technician = await office.person(Role.TECHNICIAN)
    assert f'href="{BOARD}"' in (await technician.get("/clusters/bn-s02")).text
    before = await technician.get(BOARD)
    assert before.status_code == 200
    assert "once" not in before.text
    answer = await technician.post(BOARD)
    code, obeys = re.findall(r'<code class="once">([^<]+)</code>', answer.text)
    assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", code)
    assert re.fullmatch(r"(?:[0-9A-F]{4}-){3}[0-9A-F]{4}", obeys)
    assert f"--code {code}" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    after = await technician.get(BOARD)
    assert code not in after.text
    assert "A code made before is open until" in after.text


async def test_others_see_no_way_to_it(office: Office):
    operator = await office.person(Role.OPERATOR)
    assert BOARD not in (await operator.get("/clusters/bn-s02")).text
    assert (await operator.get(BOARD)).status_code == 403
    assert (await operator.post(BOARD)).status_code == 403


async def test_a_wireless_clusters_code_is_for_its_gateway(office: Office):
    technician = await office.person(Role.TECHNICIAN)
    page = await technician.get("/clusters/bn-w01/board")
    gateway = re.search(r'<span class="quiet">([a-z0-9-]+)</span></div>', page.text)
    assert gateway is not None
    assert gateway[1] != "bn-w01"
    assert "enrol" in (await technician.post("/clusters/bn-w01/board")).text


async def test_the_activity_log_tells_who_made_a_code(office: Office):
    technician, admin = await office.person(Role.TECHNICIAN), await office.person(Role.ADMINISTRATOR)
    await technician.post(BOARD)
    assert "made a code for a controller" in (await admin.get("/activity")).text
