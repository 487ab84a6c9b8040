"""The console's page of keys, and the form by which one controller is set apart from its commune."""

from datetime import timedelta

from sqlalchemy import update

from base.times import utc_now
from devices.beats import State
from devices.models import AuthorityKey, Presence
from devices.repository import uplink
from server.auth.models import Role
from tests.integration.server.web.conftest import Office

SETTINGS = "/clusters/bn-s02/settings"


async def test_keys_follow_one_another_by_three_buttons(office: Office):
    admin = await office.person(Role.ADMINISTRATOR)
    assert 'href="/keys"' in (await admin.get("/account")).text
    page = await admin.get("/keys")
    assert "bao-nhai#1" in page.text
    assert "Retire the old key" not in page.text
    for step, said in (("announce", "Announced."), ("use", "signs from now on"), ("retire", "is retired")):
        answer = await admin.post(f"/keys/bao-nhai/{step}")
        assert answer.status_code == 303
        assert said in (await admin.get(answer.headers["location"])).text
    assert (await admin.post("/keys/bao-nhai/retire")).status_code == 422
    assert (await admin.post("/keys/bao-nhai/burn")).status_code == 404
    assert "took a new key into use" in (await admin.get("/activity")).text


async def test_a_key_controllers_do_not_know_is_used_only_when_one_insists(office: Office):
    admin = await office.person(Role.ADMINISTRATOR)
    async with office.runtime.database.writing() as session:
        await uplink.save_states(session, [State("bn-s02", presence=Presence.ONLINE, heard_at=utc_now())])
    await admin.post("/keys/bao-nhai/announce")
    assert "1 controller does not know it yet" in (await admin.get("/keys")).text
    refused = await admin.post("/keys/bao-nhai/use")
    assert refused.status_code == 422
    assert "Use the new key all the same" in refused.text
    assert (await admin.post("/keys/bao-nhai/use", {"force": "yes"})).status_code == 303


async def test_keys_are_for_administrators_and_one_near_its_end_is_on_todays_page(office: Office):
    technician, admin = await office.person(Role.TECHNICIAN), await office.person(Role.ADMINISTRATOR)
    assert (await technician.get("/keys")).status_code == 403
    assert (await technician.post("/keys/bao-nhai/announce")).status_code == 403
    assert "bao-nhai#1" not in (await admin.get("/")).text
    async with office.runtime.database.writing() as session:
        await session.execute(update(AuthorityKey).values(expires_at=utc_now() + timedelta(days=30)))
    assert "bao-nhai#1" in (await admin.get("/")).text
    assert "bao-nhai#1" not in (await technician.get("/")).text


async def test_a_controller_is_set_apart_and_keeps_what_was_typed_when_that_is_wrong(office: Office):
    technician = await office.person(Role.TECHNICIAN)
    assert f'href="{SETTINGS}"' in (await technician.get("/clusters/bn-s02")).text
    wrong = await technician.post(SETTINGS, {"volume_max": "70", "low_pct": "10", "critical_pct": "50"})
    assert wrong.status_code == 422
    assert 'value="50"' in wrong.text
    right = {"volume_max": "70", "from": ["05:30", "", ""], "to": ["05:45", "", ""]}
    saved = await technician.post(SETTINGS, right)
    assert saved.headers["location"] == "/clusters/bn-s02?done=configured"
    page = await technician.get(SETTINGS)
    assert 'value="70"' in page.text
    assert 'value="05:45"' in page.text
    operator = await office.person(Role.OPERATOR)
    assert (await operator.get(SETTINGS)).status_code == 403


async def test_a_clusters_page_tells_the_hours_of_its_link_and_when_it_is_heard_again(office: Office):
    operator, now = await office.person(Role.OPERATOR), utc_now()
    asleep = (now.hour * 60 + now.minute + 720) % 1_380
    state = State(
        "bn-s02",
        presence=Presence.QUIET,
        heard_at=now - timedelta(hours=3),
        wake=[[asleep, asleep + 15]],
        carrier="http",
        faults=["battery_low"],
        battery_pct=22,
    )
    async with office.runtime.database.writing() as session:
        await uplink.save_states(session, [state])
    page = (await operator.get("/clusters/bn-s02")).text
    for said in ("Hours of its link", "Silent as planned until", "by HTTP", "only priority and emergency are played"):
        assert said in page
