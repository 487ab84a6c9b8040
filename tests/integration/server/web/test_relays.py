"""Stations with plain forms: kept by administrators, relayed by whoever writes, hostile input told and not kept."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from server.auth.models import Role
from tests.integration.server.conftest import running_station
from tests.integration.server.web.conftest import Office, Person, fields
from tests.integration.server.web.test_drafts import another_commune

pytestmark = pytest.mark.asyncio(loop_scope="module")

VOV = {
    "name": "VOV1",
    "url": "https://203.162.0.181/vov1?key=bimat",
    "quiet_s": "15",
    "again_s": "60",
    "level": "3",
    "fallback": "",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One console for this file: nothing here depends on what else is in it."""
    async with running_station(tmp_path_factory.mktemp("office")) as station, AsyncExitStack() as clients:
        yield Office(station, clients)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quan(office: Office) -> Person:
    return await office.person(Role.ADMINISTRATOR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan(office: Office) -> Person:
    return await office.person(Role.OPERATOR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vov(quan: Person) -> str:
    """The path of a station without a fallback."""
    answer = await quan.post("/relays/new", VOV)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"quiet_s": "mười"}, 422),
        ({"quiet_s": "9" * 40}, 422),
        ({"again_s": ""}, 422),
        ({"again_s": "3601"}, 422),
        ({"again_s": "9" * 5_000}, 422),
        ({"level": "4"}, 422),
        ({"name": ""}, 422),
        ({"url": "x" * 5_000}, 422),
        ({"url": "http://10.0.0.1/"}, 422),
        ({"url": "http://u:p@vov.vn/"}, 422),
        ({"fallback": "' OR 1=1"}, 422),
    ],
)
async def test_what_no_station_can_be_is_told_and_what_was_typed_stays(
    quan: Person, wrong: dict[str, str], status: int
):
    answer = await quan.post("/relays/new", VOV | {"name": "Đài <b>lạ</b>"} | wrong)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "<b>lạ</b>" not in answer.text
    assert wrong.get("name") == "" or "Đài &lt;b&gt;lạ&lt;/b&gt;" in answer.text
    assert "lạ" not in (await quan.get("/relays")).text


async def test_who_writes_sees_and_tries_stations_and_relays_them_but_changes_none(lan: Person, vov: str):
    shown = (await lan.get(vov)).text
    assert f'action="{vov}/try"' in shown
    assert f'action="{vov}"' not in shown
    assert "bimat" not in (await lan.get("/relays")).text, "a list shows no keys"
    for path in ("/relays/new", vov, f"{vov}/retire"):
        assert (await lan.post(path, VOV)).status_code == 403
    assert (await lan.get("/relays/01JZZZZZZZZZZZZZZZZZZZZZZZ")).status_code == 404


async def test_a_slot_is_a_draft_made_once_that_says_what_keeps_it_from_approval(lan: Person, vov: str):
    slot = {"kind": "relay", "about": vov.rpartition("/")[2], "minutes": "45", "key": "01JSLOT0000000000000000000"}
    answers = [await lan.post("/sessions/slot", slot) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    shown = (await lan.get(answers[0].headers["location"])).text
    assert "VOV1, 45 min" in shown
    assert "nothing sounds when it is silent" in shown


@pytest.mark.parametrize(
    "wrong", [{"minutes": "0"}, {"minutes": "241"}, {"minutes": "x"}, {"about": ""}, {"about": "%"}, {"kind": "music"}]
)
async def test_a_slot_that_cannot_be_is_told(lan: Person, vov: str, wrong: dict[str, str]):
    answer = await lan.post(
        "/sessions/slot", {"kind": "relay", "about": vov.rpartition("/")[2], "minutes": "30"} | wrong
    )
    assert answer.status_code in {404, 422}
    assert 'role="alert"' in answer.text


async def test_a_changed_address_is_told_and_a_stale_form_changes_nothing(quan: Person, vov: str):
    stale = await quan.post(vov, VOV | {"url": "https://203.162.0.181/vov2", "seen": "0"})
    assert stale.status_code == 412
    assert "203.162.0.181/vov1" in (await quan.get(vov)).text


async def test_how_the_fallback_goes_on_is_said_and_chosen_also_what_only_programs_can_say(
    office: Office, quan: Person, lan: Person
):
    station = VOV | {"name": "VOV3", "fallback": (await office.announcement(lan)).rpartition("/")[2]}
    made = await quan.post("/relays/new", station | {"again_s": "45"})
    path = made.headers["location"].partition("?")[0]
    shown = (await quan.get(path)).text
    assert "again 45 s after its end</dd>" in shown
    assert '<option value="45" selected>' in shown
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    changed = await quan.post(path, station | {"again_s": "once", "seen": seen})
    assert changed.status_code == 303, changed.text
    assert "once, then silence</dd>" in (await quan.get(path)).text
    unsure = await quan.post("/relays/new", {name: said for name, said in VOV.items() if name != "again_s"})
    assert unsure.status_code == 422
    assert '<option value="60" selected>' in unsure.text, "what was not said is not taken for “without a pause”"


async def test_plain_forms_put_music_and_a_station_at_its_time_into_a_session(office: Office, lan: Person, vov: str):
    song = (await office.announcement(lan)).rpartition("/")[2]
    station = vov.rpartition("/")[2]
    form = {"title": "Sáng", "play_class": "1", "opening": "", "identification": "", "closing": ""}
    rows = {"item": [f"music:{song}", f"relay:{station}"], "gap": ["0", "0.7"], "long": ["", "15"], "at": ["", "4:00"]}
    added = await lan.post("/sessions/new", form | {"do": "add-relay", "add_relay": station, "add": song})
    assert f'value="relay:{station}"' in added.text
    unsure = await lan.post("/sessions/new", form | rows | {"at": ["", "4h"], "do": "save"})
    assert unsure.status_code == 422
    assert 'value="4h"' in unsure.text, "what was typed is still there"
    saved = await lan.post("/sessions/new", form | rows | {"do": "listen", "key": "01JMUS1C000000000000000000"})
    heard = (await lan.get(saved.headers["location"])).text
    assert '<li class="live"><time>4:00</time>' in heard
    assert '<li class="more">' in heard


async def test_a_station_and_a_session_choose_from_their_own_commune_whichever_was_looked_at_last(
    office: Office, lan: Person, vov: str
):
    slot = {"kind": "relay", "about": vov.rpartition("/")[2], "minutes": "10", "key": "01JS10T0000000000000000000"}
    made = await lan.post("/sessions/slot", slot)
    session = made.headers["location"].partition("?")[0]
    boss = await office.person(Role.ADMINISTRATOR, place_id=await another_commune(office))
    boss.client.cookies.set("loa_commune", "xa-khac")
    for path in (vov, f"{session}/compose"):
        page = await boss.get(path)
        assert "Xã Khác" not in page.text, path
        assert "VOV1" in page.text, path
    form = fields(await boss.get(f"{session}/compose")) | {"do": "show"}
    assert "VOV1" in (await boss.post(f"{session}/compose", form)).text
