import re

from server.auth.models import EVERYWHERE, Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person


async def made(office: Office, admin: Person, login: str = "moi-vao") -> tuple[str, str]:
    """Make somebody; the path of the page and the one-time password."""
    answer = await admin.post(
        "/people/new", {"name": "Sùng A Tủa", "login": login, "role": ["operator", "approver"], "place": COMMUNE}
    )
    password = re.search(r'<code class="once">([^<]+)</code>', answer.text)
    path = re.search(r'action="(/people/[^/]+)/roles"', answer.text)
    assert password is not None, answer.text[:3_000]
    assert path is not None
    return path[1], password[1]


async def test_a_new_person_gets_a_password_shown_once_that_must_be_changed(office: Office):
    admin = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    path, password = await made(office, admin)

    assert password not in (await admin.get(path)).text
    client = await office.station.client()
    answer = await client.post("/sign-in", data={"login": "moi-vao", "password": password})
    assert answer.headers["location"] == "/account/password"
    assert "Bảo Nhai: approver, operator" in (await admin.get("/people")).text


async def test_closing_an_account_ends_its_sessions(office: Office):
    admin = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    path, password = await made(office, admin)
    client = await office.station.client()
    await client.post("/sign-in", data={"login": "moi-vao", "password": password})
    await admin.post(f"{path}/close")

    assert (await client.get("/account/password")).status_code == 303
    assert (await client.post("/sign-in", data={"login": "moi-vao", "password": password})).status_code == 422
    await admin.post(f"{path}/open")
    assert (await client.post("/sign-in", data={"login": "moi-vao", "password": password})).status_code == 303


async def test_an_administrator_of_a_commune_cannot_touch_one_of_everywhere(office: Office):
    above = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    below = await office.person(Role.ADMINISTRATOR)
    path, _ = await made(office, above)
    await above.post(f"{path}/roles", {"role": ["administrator"], "place": EVERYWHERE})

    assert (await below.get(path)).status_code == 403
    assert (await below.post(f"{path}/password")).status_code == 403
    assert "moi-vao" not in (await below.get("/people")).text


async def test_nobody_gives_roles_where_they_have_no_say(office: Office):
    below = await office.person(Role.ADMINISTRATOR)
    for place in (EVERYWHERE, "lao-cai", "nowhere"):
        form = {"name": "X", "login": "x-y-z", "role": ["operator"], "place": place}
        answer = await below.post("/people/new", form)
        assert answer.status_code in {403, 422}, place
        assert 'value="x-y-z"' in answer.text


async def test_nobody_closes_their_own_account(office: Office):
    admin = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    page = (await admin.get("/people")).text
    mine = re.search(rf'href="(/people/[^"]+)">[^<]*</a></th><td>{admin.login}<', page)
    assert mine is not None

    assert (await admin.post(f"{mine[1]}/close")).status_code == 409


async def test_the_log_tells_who_did_what_by_name(office: Office):
    admin = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)
    await made(office, admin)
    page = (await admin.get("/activity")).text

    assert "made an account" in page
    assert "person: Sùng A Tủa" in page
