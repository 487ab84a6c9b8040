import pytest

from server.auth.models import Role
from tests.integration.server.web.conftest import Office


async def test_a_wrong_password_keeps_the_name_and_says_what_to_do(office: Office):
    lan = await office.person(Role.OPERATOR, language="vi")
    answer = await lan.client.post("/sign-in", data={"login": lan.login, "password": "sai mật khẩu"})

    assert answer.status_code == 422
    assert f'value="{lan.login}"' in answer.text
    assert "Tên đăng nhập hoặc mật khẩu sai" in answer.text


async def test_signing_in_never_leads_to_another_site(office: Office):
    lan = await office.person(Role.OPERATOR)
    answer = await lan.client.post(
        "/sign-in", data={"login": lan.login, "password": lan.password, "next": "//evil.example/"}
    )

    assert answer.headers["location"] == "/"


async def test_a_stranger_is_sent_to_sign_in_and_back(office: Office):
    client = await office.station.client()
    answer = await client.get("/clusters?presence=lost")

    assert answer.headers["location"] == "/sign-in?next=%2Fclusters%3Fpresence%3Dlost"
    assert 'value="/clusters?presence=lost"' in (await client.get(answer.headers["location"])).text


async def test_a_one_time_password_opens_nothing_but_its_change(office: Office):
    new = await office.person(Role.OPERATOR, must_change=True)

    assert (await new.get("/")).headers["location"] == "/account/password"
    page = await new.get("/account/password")
    assert "Choose your password" in page.text
    form = {"current": new.password, "new": "ba con trâu đen", "again": "ba con trâu đen"}
    assert (await new.post("/account/password", form)).headers["location"] == "/?done=password"
    assert (await new.get("/")).status_code == 200


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"new": "một hai ba bốn", "again": "một hai ba năm"}, "not the same"),
        ({"new": "ngắn", "again": "ngắn"}, "needs 10 to"),
    ],
)
async def test_a_bad_new_password_changes_nothing_and_is_explained(office: Office, form: dict[str, str], reason: str):
    lan = await office.person(Role.OPERATOR)
    answer = await lan.post("/account/password", {"current": lan.password, **form})

    assert answer.status_code == 422
    assert reason in answer.text
    assert (await lan.sign_in()).status_code == 303


async def test_signing_out_everywhere_ends_the_other_browsers_only(office: Office):
    lan = await office.person(Role.OPERATOR)
    elsewhere = await office.station.client()
    await elsewhere.post("/sign-in", data={"login": lan.login, "password": lan.password})
    assert (await elsewhere.get("/")).status_code == 200

    await lan.post("/account/sign-out-everywhere")

    assert (await elsewhere.get("/")).status_code == 303
    assert (await lan.get("/")).status_code == 200


async def test_the_language_chosen_is_remembered_for_the_next_sign_in(office: Office):
    lan = await office.person(Role.OPERATOR)
    assert '<html lang="en">' in (await lan.get("/")).text
    await lan.post("/account/language", {"to": "vi"})

    assert '<html lang="vi">' in (await lan.get("/")).text
    lan.client.cookies.clear()
    await lan.sign_in()
    assert '<html lang="vi">' in (await lan.get("/")).text
